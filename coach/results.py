"""What a result says besides its findings: advice to the agent, warnings, offsets as a browser counts."""

from collections.abc import Sequence
from string import Template
from typing import TypeVar

from coach.promises import BrokenPromise
from coach.rulebook import RuleBook
from coach.rules import Warned
from coach.text import utf16_offset
from coach.types import Channel, Context, Finding, Message, Promise, Request, Result, Signal, SignalKind, Tip

N = TypeVar("N", Finding, Promise, Signal)

MOST_TIPS = 3


def warning(book: RuleBook, what: Warned, language: str, detail: str = "") -> str:
    """What went otherwise than asked for, in the agent's language, else in English.

    `detail` is the name of an error or of a fault, never a text.
    """
    phrases = book.phrases.get(language) or book.phrases["en"]
    return Template(phrases.warnings[what]).substitute(detail=detail)


def advice(book: RuleBook, signals: Sequence[Signal], findings: Sequence[Finding], context: Context) -> tuple[Tip, ...]:
    """The tips for the agent that fit this case best, a few at the most; those that its findings rest on come first."""
    kinds = {signal.kind for signal in signals}
    cited = {tip for finding in findings for tip in finding.tips}
    public = context.channel in (Channel.SOCIAL, Channel.REVIEW)
    fitting = [
        tip
        for tip in book.tips.values()
        if "tip" in tip.acts
        and (tip.id in cited or kinds & {*tip.signals} or (public and context.channel in tip.channels))
    ]
    fitting.sort(key=lambda tip: tip.id not in cited)
    said = [(tip, tip.de if context.language == "de" else tip.en) for tip in fitting]
    return tuple(Tip(id=tip.id, text=text) for tip, text in said if text)[:MOST_TIPS]


def in_utf16(result: Result, request: Request) -> Result:
    """`result` with its offsets in UTF-16 units."""

    def moved(noun: N, text: str) -> N:
        return noun.model_copy(update={"start": utf16_offset(text, noun.start), "end": utf16_offset(text, noun.end)})

    return result.model_copy(
        update={
            "findings": tuple(moved(f, request.draft) for f in result.findings),
            "promises": tuple(moved(p, request.draft) for p in result.promises),
            "signals": tuple(moved(s, request.conversation[s.message].text) for s in result.signals),
        }
    )


def with_broken(
    signals: Sequence[Signal], broken: Sequence[BrokenPromise], conversation: Sequence[Message]
) -> list[Signal]:
    """The signals, and a repeated failure for each message in which the customer says that a promise was not kept."""
    found = {(s.kind, s.message) for s in signals}
    new = []
    for promise in broken:
        index = promise.evidence_message
        if (SignalKind.REPEATED_FAILURE, index) not in found:
            found.add((SignalKind.REPEATED_FAILURE, index))
            start = conversation[index].text.index(promise.evidence)
            new.append(
                Signal(
                    kind=SignalKind.REPEATED_FAILURE,
                    quote=promise.evidence,
                    message=index,
                    start=start,
                    end=start + len(promise.evidence),
                    rule="broken-promise",
                )
            )
    return sorted([*signals, *new], key=lambda s: (s.message, s.start))
