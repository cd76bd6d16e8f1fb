"""The read step: a model lists what the rules cannot see, and every quote is looked up where it should stand.

The model reports; it decides nothing. What it quotes that does not stand in the customer's words, or in the draft, is
dropped and counted. What the rules found stays, whatever the model says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from coach.llm import ChatModel, Completion
from coach.prompts import Prompt, PromptBook, conversation_text, described, listed
from coach.rulebook import RuleBook
from coach.rules import Labels
from coach.text import same_words
from coach.types import Category, Context, Finding, Message, Omission, Severity, Signal, SignalKind


class _Answer(BaseModel):
    """What the model is asked for. Lenient where that loses nothing: keys too many are left out."""

    model_config = ConfigDict(extra="ignore")


class SeenSignal(_Answer):
    """A signal as the model reports it."""

    kind: SignalKind
    quote: str
    message: int | None = None


class SeenFinding(_Answer):
    """A finding as the model reports it."""

    category: Category
    quote: str
    why: str = ""


class Reading(_Answer):
    """The answer to ``read.md``."""

    signals: list[SeenSignal]
    findings: list[SeenFinding]
    omissions: list[Omission]


class Confirmation(_Answer):
    """The answer to ``confirm.md``."""

    yes: bool


@dataclass(frozen=True)
class Read:
    """What a reading adds to what the rules found. `dropped` counts the quotes that stand nowhere."""

    signals: tuple[Signal, ...]
    findings: tuple[Finding, ...]
    omissions: tuple[Omission, ...]
    dropped: int
    prompt_id: str
    completion: Completion[Reading]


class Reader:
    """Asks a model to read a case."""

    def __init__(self, book: RuleBook, prompts: PromptBook) -> None:
        self._prompts = prompts
        self._labels: Labels = book.labels

    def prompt(
        self,
        draft: str,
        conversation: Sequence[Message],
        context: Context,
        findings: Sequence[Finding],
        signals: Sequence[Signal],
    ) -> Prompt:
        """The prompt of the read step; it names what the rules have found already."""
        thread, left_out = conversation_text(conversation)
        found = [f"signal {s.kind}: {s.quote!r}" for s in signals] + [
            f"finding {f.category}: {f.quote!r}" for f in findings
        ]
        values = {
            "signals": listed([f"{kind}: {label}" for kind, label in self._labels.signals.items()]),
            "findings": listed([f"{category}: {label}" for category, label in self._labels.findings.items()]),
            "omissions": listed([f"{omission}: {label}" for omission, label in self._labels.omissions.items()]),
            "left_out": left_out,
            **described(context),
        }
        authority = values.pop("authority")
        material = {"authority": authority, "conversation": thread, "draft": draft, "found": listed(found)}
        return self._prompts.render("read", values, material)

    async def read(
        self,
        model: ChatModel,
        draft: str,
        conversation: Sequence[Message],
        context: Context,
        findings: Sequence[Finding],
        signals: Sequence[Signal],
        deadline: float,
    ) -> Read:
        """What `model` sees besides `findings` and `signals`. Raises ModelError."""
        prompt = self.prompt(draft, conversation, context, findings, signals)
        completion = await model.complete(prompt.messages, Reading, deadline)
        seen = completion.output
        new_signals = [found for s in seen.signals if (found := _grounded_signal(s, conversation))]
        new_findings = [finding for f in seen.findings if (finding := _grounded_finding(f, draft))]
        return Read(
            signals=tuple(s for s in new_signals if not any(_same_place(s, other) for other in signals)),
            findings=tuple(f for f in new_findings if not any(f.start < o.end and o.start < f.end for o in findings)),
            omissions=tuple(dict.fromkeys(seen.omissions)),
            dropped=len(seen.signals) + len(seen.findings) - len(new_signals) - len(new_findings),
            prompt_id=prompt.id,
            completion=completion,
        )

    async def confirm(
        self, model: ChatModel, signal: Signal, conversation: Sequence[Message], deadline: float
    ) -> Completion[Confirmation]:
        """Ask again, narrowly, whether the customer's words show `signal`. Raises ModelError."""
        values = {"definition": str(self._labels.signals[signal.kind])}
        material = {"message": conversation[signal.message].text, "quote": signal.quote}
        prompt = self._prompts.render("confirm", values, material)
        return await model.complete(prompt.messages, Confirmation, deadline)


def _grounded_signal(seen: SeenSignal, conversation: Sequence[Message]) -> Signal | None:
    """The signal at its place: the message it names, else the newest of the customer's in which the words stand."""
    indexes = [i for i, message in enumerate(conversation) if message.author == "customer"]
    for index in sorted(indexes, key=lambda i: (i != seen.message, -i)):
        if span := same_words(seen.quote, conversation[index].text):
            return Signal(
                kind=seen.kind, quote=conversation[index].text[slice(*span)], message=index, start=span[0], end=span[1],
                rule="model", found_by="model",
            )  # fmt: skip
    return None


def _grounded_finding(seen: SeenFinding, draft: str) -> Finding | None:
    span = same_words(seen.quote, draft)
    if not span:
        return None
    return Finding(
        rule="model", category=seen.category, severity=Severity.ERROR,
        quote=draft[slice(*span)], start=span[0], end=span[1],
        why=seen.why, instead="", tips=(), found_by="model",
    )  # fmt: skip


def _same_place(one: Signal, other: Signal) -> bool:
    return one.kind == other.kind and one.message == other.message and one.start < other.end and other.start < one.end
