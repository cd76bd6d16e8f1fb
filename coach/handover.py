"""The note for whoever takes over: the matter, what happened, what was promised, what the customer wants, own mistakes.

It consists of the words of the thread, left out of which are those that only abuse; it judges nothing (G1.24).
"""

import re
from collections.abc import Sequence

from coach.text import Text
from coach.types import HandoverNote, Message, Promise, PromiseKind, Signal, SignalKind

LONGEST = 240
MESSAGES = 12
"""How many of the newest messages the history holds."""

_WISH = re.compile(
    r"\?|\b(?:ich (?:will|möchte|moechte|verlange|erwarte|brauche|fordere|hätte gern)|bitte|wann)\b"
    r"|\b(?:geben sie|geb(?:t)? mir|schick\w*|erstatt\w*)\b"
    r"|\b(?:i (?:want|need|expect|demand|would like)|i'd like|please|refund|send me|give me|when)\b",
    re.IGNORECASE,
)
_ABUSE = (SignalKind.INSULT, SignalKind.HATE_OR_HARASSMENT)


def handover_note(
    conversation: Sequence[Message],
    signals: Sequence[Signal],
    promised: Sequence[Promise],
    broken: Sequence[str],
) -> HandoverNote:
    """The note, in the words of the thread.

    `promised` are the commitments in the agents' messages, `broken` those that were not kept.
    """
    customer = [(index, m.text) for index, m in enumerate(conversation) if m.author == "customer"]
    said = [sentence for index, text in customer for sentence in _sentences(index, text, signals)]
    first = [sentence for index, text in customer[:1] for sentence in _sentences(index, text, signals)]
    wishes = [sentence for sentence in said if _WISH.search(sentence) and sentence not in first] or first
    failures = [s.quote for s in signals if s.kind is SignalKind.REPEATED_FAILURE]
    newest = [*enumerate(conversation)][-MESSAGES:]
    return HandoverNote(
        matter=_short(" ".join(first)),
        history=tuple(
            Message(author=m.author, text=_short(" ".join(_sentences(i, m.text, signals)))) for i, m in newest
        ),
        promised=tuple(_short(p.quote) for p in promised if p.kind is not PromiseKind.CHECK),
        wants=_short(wishes[-1] if wishes else (said[-1] if said else "")),
        own_mistakes=tuple(dict.fromkeys([*map(_short, broken), *map(_short, failures)])),
    )


def _sentences(index: int, text: str, signals: Sequence[Signal]) -> list[str]:
    """The sentences of a message without those that are nothing but abuse."""
    abuse = [s for s in signals if s.message == index and s.kind in _ABUSE]
    parts = Text(text).sentences
    clean = [text[a:b] for a, b in parts if not any(s.start < b and a < s.end for s in abuse)]
    return clean or [text[a:b] for a, b in parts]


def _short(text: str) -> str:
    line = " ".join(text.split())
    line = line[:1].upper() + line[1:]
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
