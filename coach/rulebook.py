"""``prompts/`` as objects: the guides, the rules of each language, the phrases of the editor and the ladder.

Loaded once at the start. Any mistake in a file (unknown key, bad pattern, unknown tip, missing example) raises
RuleError, which names the file and the line.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from coach.errors import RuleError
from coach.patterns import PatternError, compile_pattern
from coach.text import fold
from coach.types import Action, Category, Channel, Noun, Omission, PromiseKind, Severity, SideStep, SignalKind

_INSTALLED = Path(__file__).parent / "prompts"
PROMPTS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent / "prompts"
"""Inside the package where it was installed from a wheel, beside it in a checkout."""

M = TypeVar("M", bound=BaseModel)


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
    promise: PromiseKind | None = Field(None, description="What is committed to, or asked for; for what authority covers.")
    withdraws: tuple[SignalKind, ...] = Field((), description="For a withdrawal: the earlier signals no longer in force.")
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
    replacement: str | None = Field(None, description="What the editor writes in place of the match; none: the sentence goes.")
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
            raise ValueError(f"the examples of a rule of kind {self.kind} have the keys {', '.join(wanted.model_fields)}")
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
    "greeting", "check_matter", "check_ids", *(f"check_{kind}" for kind in PromiseKind if kind != PromiseKind.CHECK),
    "boundary_insult", "boundary_hate_or_harassment", "boundary_no_genuine_concern", "boundary_intoxication",
    "hand_over", "hand_over_unavailable", "hand_over_wrong_team", "reminder", "end_conversation", "alert_security", "emergency",
    "broken_promise",
)  # fmt: skip
"""What the editor has to be able to say in every language and form of address."""


class Phrases(Noun):
    """``phrases/<language>.toml``: what the editor may say, by form of address, and what the thread is read by."""

    thread: dict[Literal["warned", "transferred", "to_a_machine"], tuple[str, ...]] = Field(min_length=3)
    sentences: dict[Literal["Sie", "du", "you"], dict[str, str]]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for form, said in self.sentences.items():
            if wrong := set(SENTENCES) ^ set(said):
                raise ValueError(f"[{form}] must have exactly the sentences of the editor; look at: {', '.join(sorted(wrong))}")
        return self

    def say(self, sentence: str, form: str | None, **values: str) -> str:
        """One sentence in a form of address (`Sie`, `du`, `you`); the language's first form where it has none such."""
        said = self.sentences.get(form) if form in ("Sie", "du", "you") else None
        return Template((said or next(iter(self.sentences.values())))[sentence]).substitute(values)


class RuleBook:
    """Everything under ``prompts/``. ``rules[language]`` are the rules of a language, in the order of their ids."""

    def __init__(self, folder: Path = PROMPTS) -> None:
        self.folder = folder
        self.guides = tuple(_validated(Guide, folder / "guides.toml", g) for g in _toml(folder / "guides.toml").get("guides", []))
        self.tips = {tip.id: tip for guide in self.guides for tip in guide.tips}
        self.ladder = _validated(LadderTable, folder / "ladder.toml", _toml(folder / "ladder.toml"))
        self.labels = _validated(Labels, folder / "labels.toml", _toml(folder / "labels.toml"))
        self._known_tips(folder / "ladder.toml", *(r.tips for r in (*self.ladder.rungs, *self.ladder.side_steps)))
        languages = sorted(path.name for path in (folder / "rules").iterdir() if path.is_dir())
        self.rules = {language: tuple(self._load(language)) for language in languages}
        self.phrases = {language: self._phrases(folder / "phrases" / f"{language}.toml") for language in languages}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have rules."""
        return tuple(self.rules)

    def of_kind(self, language: str, kind: str) -> tuple[Rule, ...]:
        """The rules of one kind in one language; none for a language without rules."""
        return tuple(rule for rule in self.rules.get(language, ()) if rule.kind == kind)

    def find(self, rule_id: str) -> tuple[Rule, ...]:
        """The rule of this id in each language that has it."""
        return tuple(rule for rules in self.rules.values() for rule in rules if rule.id == rule_id)

    def vocabulary(self, language: str) -> frozenset[str]:
        """The whole words of the rules' phrases, folded: what a typo is corrected to."""
        words: set[str] = set()
        for rule in self.rules.get(language, ()):
            words.update(*(re.findall(r"[a-z]+", fold(e.match)) for e in rule.examples if isinstance(e, Example)))
            for pattern in rule.all_patterns:
                words.update(re.findall(r"(?<![a-z\\\]})?*+|])[a-z]+(?![a-z(\[?*+{|\\])", fold(pattern)))
        return frozenset(words)

    @cached_property
    def placed(self) -> dict[tuple[str, str], Path]:
        """The file of each (language, rule id)."""
        return {(r.language, r.id): self.folder / "rules" / r.language / f"{r.id}.toml" for rules in self.rules.values() for r in rules}

    def _load(self, language: str) -> Iterator[Rule]:
        for path in sorted((self.folder / "rules" / language).glob("*.toml")):
            data = _toml(path)
            for given in ("id", "language"):
                if given in data:
                    raise RuleError(path, f"`{given}` is the {'file' if given == 'id' else 'folder'} name", line=_line(path, given))
            rule = _validated(Rule, path, {**data, "id": path.stem, "language": language})
            self._known_tips(path, rule.tips)
            for pattern in (*rule.patterns, *rule.all_patterns):
                self._compiles(path, pattern, exact=rule.exact and pattern in rule.patterns)
            yield rule

    def _phrases(self, path: Path) -> Phrases:
        data = _toml(path)
        phrases = _validated(Phrases, path, {"thread": data.pop("thread", {}), "sentences": data})
        for pattern in (pattern for patterns in phrases.thread.values() for pattern in patterns):
            self._compiles(path, pattern)
        return phrases

    def _compiles(self, path: Path, pattern: str, *, exact: bool = False) -> None:
        try:
            compile_pattern(pattern, exact=exact)
        except PatternError as error:
            raise RuleError(path, f"pattern {pattern!r}: {error}", line=_line(path, pattern)) from error

    def _known_tips(self, path: Path, *tips: Iterable[str]) -> None:
        for tip in (tip for some in tips for tip in some):
            if tip not in self.tips:
                raise RuleError(path, f"there is no tip {tip} in guides.toml", line=_line(path, f'"{tip}"'))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise RuleError(path, f"not TOML: {error}", line=int(line.group(1)) if line else None) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(path, f"cannot be read: {error}") from error


def _validated(model: type[M], path: Path, data: dict[str, Any]) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = [str(part) for part in first["loc"] if isinstance(part, str) and not part[0].isupper()]
        what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise RuleError(path, f"{'.'.join(keys) or 'rule'}: {what}", line=_line(path, keys[-1]) if keys else None) from error


def _line(path: Path, text: str) -> int | None:
    """The first line of `path` in which `text` stands."""
    return next((n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line), None)
