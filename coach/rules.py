"""The nouns of ``prompts/``: guides, rules, ladder, labels and phrases, as their files write them.

Unknown keys are refused; what a rule of some kind must have is checked here, where its words are defined.
"""

from string import Template
from typing import Literal, Self

from pydantic import Field, model_validator

from coach.types import Action, Category, Channel, Noun, Omission, PromiseKind, Severity, SideStep, SignalKind


class TipEntry(Noun):
    """One row of the guides: what it teaches and where it acts; `excluded` and `config` rows say why."""

    id: str = Field(pattern=r"^G\d\.\d+$")
    text: str
    acts: tuple[Literal["finding", "omission", "signal", "ladder", "rewrite", "tip", "config", "excluded"], ...]
    de: str | None = Field(None, description="The advice as the agent reads it, for rows that act as `tip`.")
    en: str | None = None
    note: str | None = Field(None, description="For `config`: which setting. For `excluded`: why.")
    signals: tuple[SignalKind, ...] = Field((), description="For `tip`: the signals it is shown with.")
    channels: tuple[Channel, ...] = Field((), description="For `tip`: the channels it is shown in.")


class Guide(Noun):
    """One of the guides that the rules are taken from."""

    id: str = Field(pattern=r"^G\d$")
    file: str
    title: str
    tips: tuple[TipEntry, ...]


class Example(Noun):
    """`match` is exactly what fires in `flagged`; `better` is clean under every rule of its language."""

    flagged: str
    match: str
    better: str | None = None


class OmissionExample(Noun):
    """A case in which the omission is found (`draft`), and a draft in which it is not (`better`)."""

    customer: str
    draft: str
    better: str


class When(Noun):
    """Restrictions: all that are given must hold, or the rule does not apply."""

    channels: tuple[Channel, ...] = ()
    name_known: bool | None = None
    max_warnings: int | None = None
    min_customer_messages: int | None = None


class TriggeredBy(Noun):
    """What brings an omission or an instruction up: any one of these; none given: always."""

    verdicts: tuple[Action, ...] = ()
    signals: tuple[SignalKind, ...] = ()
    findings: tuple[Category, ...] = ()
    omissions: tuple[Omission, ...] = ()
    channels: tuple[Channel, ...] = ()
    customer: tuple[str, ...] = Field((), description="Patterns; one stands in the customer's words.")
    question: bool = Field(False, description="The customer asks something in the last message.")

    @property
    def always(self) -> bool:
        """Whether nothing at all is asked for."""
        return self == TriggeredBy()


class Rule(Noun):
    """One file under ``prompts/rules/<language>/``. See ``CONTRIBUTING.md`` for the keys in words."""

    id: str
    language: str
    kind: Literal["finding", "signal", "withdrawal", "omission", "instruction"]
    category: str | None = None
    said_by: Literal["customer", "us"] = Field(
        "customer",
        description="For a signal: whose words show it. `us`: the draft answers what only such words call for.",
    )
    learned: bool = Field(False, description="Found by the classifier of `coach.learned`, not by patterns.")
    promise: PromiseKind | None = Field(
        None, description="What is committed to, or asked for; for what authority covers."
    )
    withdraws: tuple[SignalKind, ...] = Field(
        (), description="For a withdrawal: the earlier signals no longer in force."
    )
    severity: Severity = Severity.ERROR
    tips: tuple[str, ...] = Field(min_length=1)
    why: str | None = None
    instead: str | None = None
    patterns: tuple[str, ...] = ()
    exact: bool = Field(False, description="The patterns are matched on the text as written: capitals count.")
    unless: tuple[str, ...] = Field((), description="Patterns; where one stands in the same sentence, nothing fires.")
    when: When = When()
    triggered_by: TriggeredBy = TriggeredBy()
    satisfied_by: tuple[str, ...] = ()
    satisfied_by_check: Literal["names_customer", "takes_up_matter"] | None = None
    suggestion: str | None = Field(None, description="For an omission: a line the agent may fill in.")
    say: str | None = Field(None, description="For an instruction: the line in the prompts.")
    examples: tuple[Example | OmissionExample, ...] = ()
    clean: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        categories: dict[str, type[Category] | type[SignalKind] | type[Omission]] = {
            "finding": Category,
            "signal": SignalKind,
            "omission": Omission,
        }
        if self.kind == "instruction":
            if not self.say or self.category or self.patterns:
                raise ValueError("an instruction has `say`, and neither category nor patterns")
            return self
        if self.kind == "withdrawal":
            if not (self.withdraws and self.patterns and self.examples) or self.category:
                raise ValueError("a withdrawal has `withdraws`, `patterns` and examples, and no category")
            return self
        if self.learned and (self.patterns or self.kind == "omission"):
            raise ValueError("a learned rule is a finding or a signal without `patterns`")
        words = [word.value for word in categories[self.kind]]
        if self.category not in words:
            raise ValueError(f"category must be one of: {', '.join(words)}")
        if self.kind != "signal" and not (self.why and self.instead):
            raise ValueError("`why` and `instead` are what the agent reads: both are needed")
        if self.category == Category.PROMISE and not self.promise:
            raise ValueError("a rule about promises says which kind: `promise`")
        if not self.examples:
            raise ValueError("a rule needs at least one [[examples]]")
        wanted = OmissionExample if self.kind == "omission" else Example
        if not all(isinstance(example, wanted) for example in self.examples):
            raise ValueError(
                f"the examples of a rule of kind {self.kind} have the keys {', '.join(wanted.model_fields)}"
            )
        if self.kind == "omission" and self.patterns:
            raise ValueError("an omission has `satisfied_by`, not `patterns`")
        return self

    @property
    def all_patterns(self) -> tuple[str, ...]:
        """Every pattern of the rule that is matched on folded text."""
        folded = (*self.unless, *self.satisfied_by, *self.triggered_by.customer)
        return folded if self.exact else (*self.patterns, *folded)


class Rung(Noun):
    """One rung of the ladder: the first that fits is the verdict."""

    id: str
    action: Action
    any_signal: tuple[SignalKind, ...] = ()
    all_signals: tuple[SignalKind, ...] = ()
    channels: tuple[Channel, ...] = ()
    warned: bool | None = Field(None, description="Whether as many warnings were given as the desk wants.")
    someone_left: bool | None = Field(None, description="A supervisor is there and the case was not transferred yet.")
    tips: tuple[str, ...]
    reason: dict[str, str]
    if_it_continues: dict[str, str]


class SideRule(Noun):
    """When a side step is due: any of the signals or verdicts, and all of the rest."""

    step: SideStep
    any_signal: tuple[SignalKind, ...] = ()
    actions: tuple[Action, ...] = ()
    min_warnings: int = 0
    authority_grants: bool = Field(False, description="The authority has something to give.")
    tips: tuple[str, ...]


class LadderTable(Noun):
    """``ladder.toml``."""

    warnings_before_end: int = Field(1, ge=1)
    who_takes_over: dict[str, str]
    emergency_number: str = "112"
    rungs: tuple[Rung, ...]
    side_steps: tuple[SideRule, ...]


class Label(Noun):
    """What one word of the labels means, and what it is easily taken for."""

    is_: str = Field(alias="is")
    not_: str | None = Field(None, alias="not")

    def __str__(self) -> str:
        return f"{self.is_}; not: {self.not_}" if self.not_ else self.is_


class Labels(Noun):
    """``labels.toml``: every kind, category and omission has its meaning there."""

    signals: dict[SignalKind, Label] = Field(min_length=len(SignalKind))
    findings: dict[Category, Label] = Field(min_length=len(Category))
    omissions: dict[Omission, Label] = Field(min_length=len(Omission))


SENTENCES = (
    "greeting", "check_matter", "check_ids", "link",
    *(f"check_{kind}" for kind in PromiseKind if kind != PromiseKind.CHECK),
    "boundary_insult", "boundary_hate_or_harassment", "boundary_no_genuine_concern", "boundary_intoxication",
    "hand_over", "hand_over_unavailable", "hand_over_wrong_team", "reminder", "end_conversation", "alert_security",
    "emergency",
    "broken_promise",
)  # fmt: skip
"""What the editor has to be able to say in every language and form of address."""


Warned = Literal["no_rules", "unchecked", "read_failed", "write_failed", "rewrite_refused"]


class Phrases(Noun):
    """``phrases/<language>.toml``: what the editor may say, what the thread is read by, and warnings."""

    thread: dict[Literal["warned", "transferred", "to_a_machine"], tuple[str, ...]] = Field(min_length=3)
    warnings: dict[Warned, str] = Field(min_length=5)
    sentences: dict[Literal["Sie", "du", "you"], dict[str, str]]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for form, said in self.sentences.items():
            if wrong := set(SENTENCES) ^ set(said):
                raise ValueError(
                    f"[{form}] must have exactly the sentences of the editor; look at: {', '.join(sorted(wrong))}"
                )
        return self

    def say(self, sentence: str, form: str | None, **values: str) -> str:
        """One sentence in a form of address (`Sie`, `du`, `you`); the language's first form where it has none such."""
        first = next(iter(self.sentences.values()))
        said = next((said for name, said in self.sentences.items() if name == form), first)
        return Template(said[sentence]).substitute(values)
