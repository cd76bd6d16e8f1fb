"""What the learned rules add to the written ones: findings in a draft, signals in the customer's words.

Where a written rule is certain, its finding or signal stays and the learned one is dropped. From how likely on a
learned one counts for certain (severity error) and from how likely on it is shown (warning) stands in the classifier's
file. A learned signal alone never brings the gravest verdicts: there it is a warning unless a written rule warns too.
"""

from collections.abc import Sequence

from coach.classifier import Classifier, Judgement, Unit
from coach.ladder import GRAVEST, decide
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.text import Span, Text
from coach.types import (
    Category,
    Context,
    Cover,
    Finding,
    Message,
    Promise,
    PromiseKind,
    Severity,
    Signal,
    SignalKind,
)

Place = tuple[int, int, int]
"""Index of a message, and start and end in its text."""

SHORTEST = 12
"""Characters below which a sentence says too little."""


def draft_units(draft: Text, context: Context) -> list[tuple[Span, Unit]]:
    """The sentences of a draft but for its greeting, each with its place."""
    authority = "unknown" if context.authority is None else "some" if context.authority else "none"
    case = (f"channel={context.channel}", f"language={context.language}", f"authority={authority}")
    units: list[tuple[Span, Unit]] = []
    previous = ""
    for start, end in draft.sentences:
        text = draft.original[start:end]
        if (start, end) != draft.greeting:
            units.append(((start, end), Unit(text, previous, case)))
        previous = text
    return units


def customer_units(
    conversation: Sequence[Message], context: Context
) -> tuple[list[tuple[Place, Unit]], list[tuple[Place, Unit]]]:
    """The customer's sentences, and his messages, each with its place."""
    indices = [index for index, message in enumerate(conversation) if message.author == "customer" and message.text.strip()]
    case = (f"channel={context.channel}", f"language={context.language}", f"messages={min(len(indices), 4)}")
    sentences: list[tuple[Place, Unit]] = []
    messages: list[tuple[Place, Unit]] = []
    for index in indices:
        text = conversation[index].text
        answered = index > 0 and conversation[index - 1].author != "customer"
        previous = conversation[index - 1].text if answered else ""
        place = "last" if index == indices[-1] else "earlier"
        facts = (*case, f"place={place}")
        messages.append(((index, 0, len(text)), Unit(text, previous, facts)))
        for start, end in Text(text).sentences or ((0, len(text)),):
            sentences.append(((index, start, end), Unit(text[start:end], previous, facts)))
            previous = ""
    return sentences, messages
