"""From labelled cases and sentences to the learned rules that ship: ``python -m training.train [--out FILE]``.

Fits five models that each leave out a part of the cases, takes calibration and thresholds from what they say about that
part, fits the shipped model on everything and writes it with its card (``training/card.md``, ``training/card.json``).
The seed is fixed: the same data give the same file. ``--folds FOLDER`` keeps the five models too, for
``python -m training.measure``; ``--cases FILE`` and ``--sentences FOLDER`` learn from a desk's own.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from coach.classifier import BLOCK_WEIGHTS, FORMAT, LEARNED
from coach.rulebook import RuleBook
from training import fit as settings
from training.card import write_card
from training.data import (
    CATEGORIES,
    DEV,
    KINDS,
    Example,
    cases,
    customer_examples,
    data_hash,
    draft_examples,
    written_example,
)
from training.outoffold import (
    ALONE,
    Arrays,
    OutOfFold,
    by_case,
    calibrated_customer,
    calibrated_draft,
    out_of_fold,
)
from training.sentences import FOLDER, Sentence, read_all, rule_sentences

CURVE = (0.25, 0.5, 1.0)
"""The shares of the data that the learning curve is drawn at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and write what ships."""
    parser = argparse.ArgumentParser(description="Train the learned rules.")
    parser.add_argument("--cases", type=Path, default=DEV)
    parser.add_argument("--sentences", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, default=LEARNED)
    parser.add_argument("--folds", type=Path, help="a folder for the models of the five folds")
    parser.add_argument("--no-curve", action="store_true", help="leave the learning curve out")
    options = parser.parse_args(arguments)
    labelled = cases(options.cases)
    written = [*read_all(options.sentences), *rule_sentences(RuleBook())]
    say = _Clock()
    say(f"{len(labelled)} cases, {len(written)} sentences")
    examples = {
        "draft": ([e for c in labelled for e in draft_examples(c)], _of_role(written, "draft")),
        "customer": ([e for c in labelled for e in customer_examples(c)], _of_role(written, "customer")),
    }
    oof = {role: out_of_fold(of_cases, by_hand, role, say) for role, (of_cases, by_hand) in examples.items()}
    meta, measured = calibration(oof, data_hash(labelled, written))
    if options.folds:
        for fold in range(len(oof["draft"].models)):
            held_out = sorted(
                {e.group for e, f in zip(oof["draft"].examples, oof["draft"].folds, strict=True) if f == fold}
            )
            models = {role: oof[role].models[fold] for role in oof}
            store(options.folds / f"{fold}.npz", models, {**meta, "held_out": held_out})
    curve = [] if options.no_curve else [_curve_point(examples, share, say) for share in CURVE]
    shipped = {role: settings.fit([*of_cases, *by_hand], role) for role, (of_cases, by_hand) in examples.items()}
    store(options.out, shipped, meta)
    say(f"wrote {options.out.name}: {options.out.stat().st_size / 1024:.0f} KiB, data {meta['data']}")
    if options.out == LEARNED:
        write_card(_facts(labelled, written, shipped, options.out), meta, measured, curve)
    return 0


def calibration(oof: dict[str, OutOfFold], data: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands in the file beside the weights, and what was measured on the way."""
    weights, draft_thresholds, draft_measured = calibrated_draft(oof["draft"])
    platt, customer_thresholds, customer_measured = calibrated_customer(oof["customer"])
    meta = {
        "format": FORMAT,
        "data": data,
        "draft": {
            "categories": CATEGORIES,
            "calibration": weights,
            "thresholds": draft_thresholds,
            "alone": ALONE,
        },
        "customer": {"kinds": KINDS, **platt, "thresholds": customer_thresholds},
    }
    return meta, {"draft": draft_measured, "customer": customer_measured}


def store(path: Path, models: dict[str, Arrays], meta: dict[str, Any]) -> None:
    """Write a classifier as `coach.classifier` reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"{role}_{name}": array for role, model in models.items() for name, array in model.items()}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _of_role(written: Sequence[Sentence], role: str) -> list[Example]:
    return [written_example(sentence) for sentence in written if sentence.role == role]


def _curve_point(
    examples: dict[str, tuple[list[Example], list[Example]]], share: float, say: "_Clock"
) -> dict[str, Any]:
    """Average precisions on a fifth of the cases, learned from a share of the rest and of the sentences."""
    point: dict[str, Any] = {"share": share}
    for role, (of_cases, by_hand) in examples.items():
        groups = sorted({e.group for e in of_cases})
        order = np.random.default_rng(0).permutation(len(groups))
        aside = {groups[i] for i in order[: len(groups) // 5]}
        rest = order[len(groups) // 5 :]
        kept = {groups[i] for i in rest[: int(share * len(rest))]}
        some = [e for e in by_hand if np.random.default_rng(len(e.unit.sentences[0])).random() < share]
        train = [e for e in of_cases if e.group in kept] + some
        held_out = [e for e in of_cases if e.group in aside]
        model = settings.scorer(settings.fit(train, role))
        scores = model.scores([e.unit for e in held_out]).astype(float)
        found = OutOfFold(held_out, scores, np.zeros(len(held_out), np.int64), [])
        point[role] = {"examples": len(train), "average precision": round(_average_precision(found, role), 3)}
        say(f"learning curve: {role} at {share:.0%}")
    return point


def _average_precision(oof: OutOfFold, role: str) -> float:
    """Of "is this sentence faulty" for drafts; the mean over the kinds that occur for customers."""
    if role == "draft":
        rows = [i for case in oof.rows("draft") for i in case]
        return float(average_precision_score([bool(oof.examples[i].labels) for i in rows], oof.scores[rows, 0]))
    joint, labelled = by_case(oof)
    return float(
        np.mean(
            [average_precision_score(labelled[:, k], joint[:, k]) for k in range(len(KINDS)) if labelled[:, k].any()]
        )
    )


def _facts(
    labelled: Sequence[Any], written: Sequence[Sentence], shipped: dict[str, Arrays], path: Path
) -> dict[str, Any]:
    return {
        "cases": len(labelled),
        "sentences": dict(Counter(f"{s.role} {s.language}" for s in written)),
        "labels": dict(sorted(Counter(label for s in written for label in (s.labels or (f"fine {s.role}",))).items())),
        "features": {role: len(model["idf"]) for role, model in shipped.items()},
        "bytes": path.stat().st_size,
        "settings": {
            "strength": settings.STRENGTH,
            "weight of a written sentence for the category": settings.WRITTEN_WEIGHT,
            "least examples of a feature": settings.MIN_EXAMPLES,
            "most features": settings.MOST_FEATURES,
            "block weights": BLOCK_WEIGHTS,
        },
    }


class _Clock:
    """Says what was done and after how many seconds."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def __call__(self, what: str) -> None:
        print(f"{time.monotonic() - self._begin:6.0f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
