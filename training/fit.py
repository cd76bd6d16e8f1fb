"""Fit the linear models: features with their idf, logistic regressions, weights in 8 bits, calibration."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from coach.classifier import BLOCK_WEIGHTS, Scorer, Unit, features
from coach.errors import ConfigurationError
from training.data import CATEGORIES, KINDS, Example

STRENGTH = 10.0
"""The inverse of the regularisation."""
WRITTEN_WEIGHT = 0.5
"""What a sentence written by hand weighs against one of a case, where the category is learned."""
MIN_EXAMPLES = (2, 2, 2, 2, 2)
"""In so many examples a feature of each block has to stand."""
MOST_FEATURES = 40_000
"""Features that are kept: those that weigh most in a first fit."""

Matrix: TypeAlias = Any
"""A sparse matrix with a row an example: scipy has no types."""
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Vocabulary:
    """The features and their idf."""

    names: list[str]
    idf: Floats

    def matrix(self, counted: Sequence[Sequence[Counter[str]]]) -> Matrix:
        """The examples as rows; `counted` are the features of each, block by block."""
        index = {name: column for column, name in enumerate(self.names)}
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for blocks in counted:
            for weight, block in zip(BLOCK_WEIGHTS, blocks, strict=True):
                known = [(column, n) for name, n in block.items() if (column := index.get(name)) is not None]
                raw = np.array([(1 + np.log(n)) * self.idf[column] for column, n in known])
                columns += [column for column, _ in known]
                values += list(weight * raw / np.sqrt((raw * raw).sum())) if known else []
            ends.append(len(columns))
        return csr_matrix((values, columns, ends), shape=(len(counted), len(self.names)), dtype=np.float64)


def counted(units: Sequence[Unit]) -> list[list[Counter[str]]]:
    """How often each feature stands in each unit, block by block."""
    return [[Counter(block) for block in features(unit)] for unit in units]


def vocabulary(examples: Sequence[Sequence[Counter[str]]]) -> Vocabulary:
    """The features that stand in enough examples; idf as usual, smoothed."""
    names: list[str] = []
    idf: list[float] = []
    for block, least in enumerate(MIN_EXAMPLES):
        frequency = Counter(name for blocks in examples for name in blocks[block])
        kept = sorted((name, n) for name, n in frequency.items() if n >= least)
        names += [name for name, _ in kept]
        idf += [np.log((1 + len(examples)) / (1 + n)) + 1 for _, n in kept]
    return Vocabulary(names, np.array(idf))


def fit_binary(x: Matrix, y: Bools) -> tuple[Floats, float]:
    """Weights and bias that tell `y`; all zero, and never, where there is nothing to learn from."""
    if y.sum() < 2 or y.all():
        return np.zeros(x.shape[1]), -9.0
    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0).fit(x, y)
    return model.coef_[0], float(model.intercept_[0])


def fit_categories(x: Matrix, labels: Sequence[str], weight: Floats) -> tuple[Floats, Floats]:
    """Weights and biases of the categories, a column each, for faulty sentences; `weight` is (rows).

    Raises ConfigurationError where only one category occurs.
    """
    if len(set(labels)) < 2:
        raise ConfigurationError("the labels of the drafts have to name at least two categories")
    model = LogisticRegression(C=STRENGTH, max_iter=400, random_state=0).fit(x, list(labels), sample_weight=weight)
    rows, biases = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # one row tells the second from the first
        rows, biases = np.vstack([-rows / 2, rows / 2]), np.concatenate([-biases / 2, biases / 2])
    weights, bias = np.zeros((x.shape[1], len(CATEGORIES))), np.full(len(CATEGORIES), -9.0)
    for category, row, its_bias in zip(model.classes_, rows, biases, strict=True):
        weights[:, CATEGORIES.index(category)], bias[CATEGORIES.index(category)] = row, its_bias
    return weights, bias


def gravest(labels: frozenset[str]) -> str:
    """The category that counts where several hit."""
    return next(category for category in CATEGORIES if category in labels)


def _fit_draft(x: Matrix, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    faulty = np.array([bool(e.labels) for e in examples])
    weights, bias = fit_binary(x, faulty)
    weight = np.array([WRITTEN_WEIGHT if e.source == "written" else 1.0 for e in examples if e.labels])
    of_kind, biases = fit_categories(x[faulty], [gravest(e.labels) for e in examples if e.labels], weight)
    return np.column_stack([weights, of_kind]), np.array([bias, *biases])


def _fit_customer(x: Matrix, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    fitted = []
    for kind in KINDS:
        sure = np.array([kind not in e.unsure for e in examples])
        y = np.array([kind in e.labels for e in examples])
        fitted.append(fit_binary(x[sure], y[sure]))
    return np.column_stack([w for w, _ in fitted]), np.array([b for _, b in fitted])


def fit(examples: Sequence[Example], role: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a scorer: fitted on all features, then once more on those that weigh most."""
    fitter = _fit_draft if role == "draft" else _fit_customer
    counts = counted([e.unit for e in examples])
    known = vocabulary(counts)
    x = known.matrix(counts)
    weights, bias = fitter(x, examples)
    if len(known.names) > MOST_FEATURES:
        best = np.sort(np.argsort(-np.abs(weights).max(axis=1))[:MOST_FEATURES])
        known = Vocabulary([known.names[i] for i in best], known.idf[best])
        weights, bias = fitter(known.matrix(counts), examples)
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return {
        "vocabulary": np.frombuffer("\n".join(known.names).encode(), np.uint8),
        "idf": known.idf.astype(np.float16),
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": bias.astype(np.float32),
    }


def scorer(arrays: dict[str, npt.NDArray[Any]]) -> Scorer:
    """The scorer of fitted arrays, as the coach makes it."""
    vocabulary = arrays["vocabulary"].tobytes().decode().split("\n")
    return Scorer(vocabulary, *(arrays[name] for name in ("idf", "weights", "scale", "bias")))
