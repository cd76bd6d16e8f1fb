"""The card of the learned rules: from what they were learned, how, how good they are, and what they are bad at."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

HEAD = """# The learned rules: card

Written by `python -m training.train`; the same as `card.json`. Do not edit it by hand.

Every number here is out of fold: from a model that did not see the case (five folds of the cases in
`evals/cases/dev.jsonl`, a case's sentences always together; the sentences in `training/sentences` stand in every
training fold). The numbers are of the classifier alone, without the written rules.
"""

TAIL = """## What they are bad at

- The category: of the sentences that are faulty, only the share above gets the right one. Condescension, hostility and
  defensiveness are taken for one another; dishonesty is hardest, for it shows in what is true, not in words.
- Signals that are a matter of fact and not of words: wrong department, beyond authority, repeated failure.
- Words that stand in no training sentence, irony, and channels with few cases (in person, review).
- Other languages than German and English, and desks whose matter is unlike those of the cases.
- Rare kinds have few cases; their numbers can be off by far.
"""


def write_card(
    facts: dict[str, Any], meta: dict[str, Any], measured: dict[str, Any], curve: Sequence[dict[str, Any]]
) -> None:
    """Write ``card.json`` and ``card.md``."""
    card = {
        **facts,
        "data": meta["data"],
        "measured": measured,
        "thresholds": _thresholds(meta),
        "learning curve": curve,
    }
    (HERE / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (HERE / "card.md").write_text("\n".join([HEAD, *_lines(card), "", TAIL]), "utf-8")


def _thresholds(meta: dict[str, Any]) -> dict[str, Any]:
    return {role: meta[role]["thresholds"] for role in ("draft", "customer")}


def _lines(card: dict[str, Any]) -> Iterator[str]:
    yield "## Data and settings\n"
    yield f"- Hash of the data: `{card['data']}`; {card['cases']} cases."
    yield f"- Sentences: {_listed(card['sentences'])}."
    yield f"- Labels of the sentences: {_listed(card['labels'])}."
    yield f"- Features: {_listed(card['features'])}; the file has {card['bytes'] / 1024:.0f} KiB."
    yield f"- Settings: {_listed(card['settings'])}; seed 0."
    yield "\n## Draft sentences\n"
    draft = dict(card["measured"]["draft"])
    yield f"Is the sentence faulty: {_listed(draft.pop('any'))}."
    yield f"Right category among faulty sentences: {draft.pop('category right among faulty')}.\n"
    yield "| category | labelled | certain | of these faulty | of this category | certain from, shown from |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, row in draft.items():
        yield f"| {name} | {' | '.join(str(value) for value in row.values())} | {card['thresholds']['draft'][name]} |"
    yield "\n## Customers' signals, case by case\n"
    yield "| signal | labelled | average precision | certain | right | certain from, shown from |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, row in card["measured"]["customer"].items():
        values = [row.get(key, "") for key in ("labelled", "average precision", "certain", "right")]
        yield f"| {name} | {' | '.join(map(str, values))} | {card['thresholds']['customer'][name]} |"
    if card["learning curve"]:
        yield "\n## Learning curve: average precision on a fifth of the cases\n"
        yield "| share of the data | draft examples | faulty | customer examples | signals (mean) |"
        yield "| --- | --- | --- | --- | --- |"
        for point in card["learning curve"]:
            values = [point[role][key] for role in ("draft", "customer") for key in ("examples", "average precision")]
            yield f"| {point['share']:.0%} | {' | '.join(map(str, values))} |"
    yield ""


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
