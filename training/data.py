"""The examples to learn from: the sentences of labelled cases, and labelled sentences.

Of a case come the sentences of its draft with the faults that overlap them, the new sentences of its reference rewrite
as fine ones, and the customer's sentences and messages with the signals quoted from them. What is cut and what is said
about the case is cut and said as `coach.learned` does it at run time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.classifier import Unit
from coach.learned import customer_units, draft_units
from coach.text import Text
from coach.types import Category, Context, Message, SignalKind
from training.sentences import Sentence

CATEGORIES = tuple(c.value for c in Category)
KINDS = tuple(k.value for k in SignalKind)
DEV = Path(__file__).parent.parent / "evals" / "cases" / "dev.jsonl"


@dataclass(frozen=True)
class Example:
    """A unit with its labels. `group` keeps a case together; `source` is draft, rewrite, sentence, message or written.

    `unsure` are labels that its case has, but not this unit: the quote is elsewhere, so nobody said it is not here too.
    """

    unit: Unit
    labels: frozenset[str]
    group: str
    source: str
    unsure: frozenset[str] = frozenset()


def cases(path: Path = DEV) -> list[dict[str, Any]]:
    """Labelled cases."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def context_of(request: dict[str, Any]) -> Context:
    """What of a request the classifier looks at."""
    return Context(
        channel=request["channel"],
        language=request["language"],
        customer_name=None,
        agent_name=None,
        form_of_address=None,
        authority=request.get("authority"),
        warnings_given=request.get("warnings_given") or 0,
        transferred=False,
        supervisor_available=True,
    )


def draft_examples(case: dict[str, Any]) -> list[Example]:
    """The sentences of a case's draft, then the new ones of its reference rewrite."""
    request, labels = case["request"], case["labels"]
    draft, context = Text(request["draft"]), context_of(request)
    found = [
        (f["category"], at, at + len(f["quote"]))
        for f in labels["findings"]
        if (at := draft.original.find(f["quote"])) >= 0
    ]
    examples = [
        Example(unit, frozenset(c for c, start, end in found if start < b and a < end), case["id"], "draft")
        for (a, b), unit in draft_units(draft, context)
    ]
    seen = {example.unit.sentences for example in examples}
    rewrite = [unit for _, unit in draft_units(Text(labels["rewrite"]), context) if unit.sentences not in seen]
    return examples + [Example(unit, frozenset(), case["id"], "rewrite") for unit in rewrite]


def customer_examples(case: dict[str, Any]) -> list[Example]:
    """The sentences of the customer, then the messages."""
    request, labels = case["request"], case["labels"]["signals"]
    conversation = [Message.model_validate(m) for m in request["conversation"]]
    sentences, messages = customer_units(conversation, context_of(request), request["draft"])
    shown = frozenset(s["kind"] for s in labels)
    examples = []
    for source, units in (("sentence", sentences), ("message", messages)):
        for (index, start, end), unit in units:
            here = frozenset(s["kind"] for s in labels if _overlaps(conversation[index].text, s["quote"], start, end))
            examples.append(Example(unit, here, case["id"], source, shown - here))
    return examples


def _overlaps(text: str, quote: str, start: int, end: int) -> bool:
    at = text.find(quote)
    return at >= 0 and at < end and start < at + len(quote)


def written_example(sentence: Sentence) -> Example:
    """A labelled sentence."""
    request = sentence.model_dump(mode="json")
    context = context_of(request)
    if sentence.role == "draft":
        case = draft_units(Text("."), context)[0][1].case
    else:
        case = customer_units([Message(author="customer", text=".")], context)[0][0][1].case
    said = () if sentence.role == "draft" else tuple(sentence.text[a:b] for a, b in Text(sentence.text).sentences)
    return Example(
        Unit(said or (sentence.text,), sentence.previous, case), frozenset(sentence.labels), sentence.id, "written"
    )


def data_hash(cases: Sequence[dict[str, Any]], sentences: Sequence[Sentence]) -> str:
    """A short hash of all that is learned from."""
    lines = [json.dumps(case, sort_keys=True) for case in cases] + [s.model_dump_json() for s in sentences]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]
