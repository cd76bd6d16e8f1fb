"""What the models say about cases they were not fitted on: five folds, the sentences of a case always together.

Sentences written by hand stand in every training fold. From these scores come the calibration and the thresholds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.model_selection import GroupKFold

from coach.classifier import Classifier, others, probability
from training.data import CATEGORIES, KINDS, Example
from training.fit import fit, scorer

FOLDS = 5
CERTAIN, SHOWN = 0.9, 0.6
"""The precision from which on a judgement counts for certain, and from which on it is shown."""
CERTAIN_TO_HAND_OVER = 0.75
"""The same for signals whose only verdict is to hand over: one too many costs less than one missed."""
HANDED_OVER = frozenset(
    {"supervisor_request", "legal_threat", "beyond_authority", "fraud_suspicion", "defamation", "wrong_department"}
)
LEAST_CERTAIN, LEAST_SHOWN = 0.7, 0.35
"""No threshold lies lower: what written rules leave over is harder than the average that precision is taken from."""
ALONE = 0.8
"""From so likely on the only doubtful sentence of a draft is certainly faulty."""
FEWEST = 6
"""So many judgements above a threshold have to bear out its precision."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Arrays = dict[str, npt.NDArray[Any]]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class OutOfFold:
    """The examples of the cases, their scores by a model that did not see them, the fold of each, and the models."""

    examples: Sequence[Example]
    scores: Floats
    folds: npt.NDArray[np.int64]
    models: Sequence[Arrays]

    def rows(self, *sources: str) -> list[list[int]]:
        """The indices of the examples of some sources, case by case."""
        by_case: dict[str, list[int]] = {}
        for index, example in enumerate(self.examples):
            if example.source in sources:
                by_case.setdefault(example.group, []).append(index)
        return list(by_case.values())


def out_of_fold(examples: Sequence[Example], written: Sequence[Example], role: str, say: Progress) -> OutOfFold:
    """Fit FOLDS models, each without a part of the cases, and score that part."""
    width = len(CATEGORIES) + 1 if role == "draft" else len(KINDS)
    scores, folds = np.zeros((len(examples), width)), np.zeros(len(examples), np.int64)
    models = []
    splits = GroupKFold(FOLDS).split(examples, groups=[e.group for e in examples])
    for fold, (train, held_out) in enumerate(splits):
        models.append(fit([*(examples[i] for i in train), *written], role))
        scores[held_out] = scorer(models[-1]).scores([examples[i].unit for i in held_out])
        folds[held_out] = fold
        say(f"{role}: fold {fold + 1} of {FOLDS}")
    return OutOfFold(examples, scores, folds, models)


def calibrated_draft(oof: OutOfFold) -> tuple[list[float], dict[str, Any], dict[str, Any]]:
    """The weights of own score, other sentences' best score and bias; the thresholds a category; what was measured."""
    rows = oof.rows("draft")
    flat = [i for case in rows for i in case]
    x = np.array(
        [[oof.scores[i, 0], o] for case in rows for i, o in zip(case, others(oof.scores[case, 0]), strict=True)]
    )
    y = np.array([bool(oof.examples[i].labels) for i in flat])
    model = LogisticRegression(C=1.0).fit(x, y)
    weights = [float(w) for w in (*model.coef_[0], model.intercept_[0])]
    chances = probability(x @ np.array(weights[:2]) + weights[2])
    best = np.array([CATEGORIES[k] for k in oof.scores[flat, 1:].argmax(axis=1)])
    right = np.array([b in oof.examples[i].labels for b, i in zip(best, flat, strict=True)])
    thresholds: dict[str, Any] = {}
    measured: dict[str, Any] = {"any": summary(y, chances)}
    measured["category right among faulty"] = round(float(right[y].mean()), 3)
    for category in CATEGORIES:
        mine = best == category
        certain = threshold(y[mine], chances[mine], CERTAIN, LEAST_CERTAIN)
        thresholds[category] = [certain, threshold(y[mine], chances[mine], SHOWN, LEAST_SHOWN)]
        kept = mine & (chances >= (2.0 if certain is None else certain))
        of_category = np.array([category in oof.examples[i].labels for i in flat])
        measured[category] = {
            "labelled": int(of_category.sum()),
            "certain": int(kept.sum()),
            "faulty": int(y[kept].sum()),
            "of this category": int(right[kept].sum()),
        }
    return weights, thresholds, measured


def calibrated_customer(oof: OutOfFold) -> tuple[dict[str, list[float]], dict[str, Any], dict[str, Any]]:
    """Slope and bias a kind; the thresholds; what was measured, case by case."""
    joint, labelled = by_case(oof)
    slopes, biases = [], []
    thresholds: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    for k, kind in enumerate(KINDS):
        y, x = labelled[:, k], joint[:, [k]]
        slope, bias = (1.0, -9.0) if y.sum() < 2 else _platt(x, y)
        slopes.append(slope)
        biases.append(bias)
        chances = probability(slope * x[:, 0] + bias)
        wanted = CERTAIN_TO_HAND_OVER if kind in HANDED_OVER else CERTAIN
        certain = threshold(y, chances, wanted, LEAST_SHOWN if kind in HANDED_OVER else LEAST_CERTAIN)
        thresholds[kind] = [certain, threshold(y, chances, SHOWN, LEAST_SHOWN)]
        above = chances >= (2.0 if certain is None else certain)
        measured[kind] = {**summary(y, chances), "certain": int(above.sum()), "right": int(y[above].sum())}
    return {"slope": slopes, "bias": biases}, thresholds, measured


def by_case(oof: OutOfFold) -> tuple[Floats, Bools]:
    """The joint score of sentences and messages, and whether the case has the label: (cases, kinds) both."""
    sentences, messages = oof.rows("sentence"), oof.rows("message")
    joint = [
        (oof.scores[s].max(axis=0) + oof.scores[m].max(axis=0)) / 2 for s, m in zip(sentences, messages, strict=True)
    ]
    first = [oof.examples[case[0]] for case in sentences]
    return np.array(joint), np.array([[kind in e.labels | e.unsure for kind in KINDS] for e in first])


def threshold(y: Bools, chances: Floats, wanted: float, least: float) -> float | None:
    """The lowest chance, at the least `least`, from which on the precision is `wanted`; None for none."""
    order = np.argsort(-chances)
    hits = np.cumsum(y[order])
    counts = np.arange(1, len(order) + 1)
    fit = np.flatnonzero((hits / counts >= wanted) & (counts >= FEWEST))
    return max(least, round(float(chances[order][fit[-1]]) - 5e-5, 4)) if len(fit) else None


def summary(y: Bools, chances: Floats) -> dict[str, Any]:
    """How many are labelled, the average precision, and the recall at the wanted precision."""
    if not y.any():
        return {"labelled": 0}
    precision, recall, _ = precision_recall_curve(y, chances)
    at = recall[:-1][precision[:-1] >= CERTAIN]
    return {
        "labelled": int(y.sum()),
        "average precision": round(float(average_precision_score(y, chances)), 3),
        f"recall at precision {CERTAIN}": round(float(at.max()) if len(at) else 0.0, 3),
    }


def _platt(x: Floats, y: Bools) -> tuple[float, float]:
    model = LogisticRegression(C=1.0).fit(x, y)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def classifier(draft: Arrays, customer: Arrays, meta: dict[str, Any]) -> Classifier:
    """A classifier of fitted arrays."""
    return Classifier(scorer(draft), scorer(customer), meta)
