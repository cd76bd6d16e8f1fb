"""Learned rules: linear models over the words and letters of a sentence, beside the written rules.

One model judges the sentences of a draft (is it faulty, and which category), one the customer's words (which signals).
A text becomes features in five blocks: letters (n-grams of 3 to 5 within a word), words (n-grams of 1 to 3), the words
of the text before, the case (channel, language, what is known of authority) and, for a customer's newest message, the
words of the draft that answers it. Each block has length one.
Everything is read from one ``.npz`` file without pickle; only numpy is needed. `coach.learned` turns judgements into
findings and signals, ``training`` makes the file.
"""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from coach.errors import ConfigurationError
from coach.text import fold
from coach.types import Category, SignalKind

LEARNED = Path(__file__).parent / "models" / "learned.npz"
FORMAT = 1
"""The version of the file's layout; another one cannot be read."""

BLOCK_WEIGHTS = (1.0, 1.0, 0.4, 0.5, 0.5)
"""How much letters, words, the text before, the case and the reply count."""
MARKS = "cwpxr"
"""The first character of a feature says which block it is of."""
LETTERS = (3, 5)
WORDS_IN_A_ROW, REPLY_WORDS_IN_A_ROW = 3, 2
MOST_CACHED = 50_000
"""Words whose n-grams are kept."""
CLIP = 2.0
"""Between minus and plus so much the log odds of the other sentences of a draft are believed."""

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
NO_ROWS: Rows = np.array([], np.int64)

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[?!]+|\.\.\.|[%€$£:\"(]|[^\w\s.,;'-]")


@dataclass(frozen=True)
class Unit:
    """What is judged: sentences, the text before them, facts such as ``channel=chat``, and the reply to them."""

    sentences: tuple[str, ...]
    previous: str = ""
    case: tuple[str, ...] = ()
    reply: str = ""


@dataclass(frozen=True)
class Judgement:
    """How likely a sentence of a draft is faulty, its most likely category, and how likely that is if it is faulty."""

    faulty: float
    category: Category
    of_category: float


def tokens(text: str) -> list[str]:
    """The words and telling marks of `text`, folded; any number is ``0``."""
    return ["0" if token[0].isdigit() else token for token in _TOKEN.findall(fold(text))]


def letters(word: str) -> list[str]:
    """The letter n-grams of a word, its ends marked by a space."""
    padded = f" {word} "
    return [padded[i : i + n] for n in range(LETTERS[0], LETTERS[1] + 1) for i in range(max(1, len(padded) - n + 1))]


def phrases(words: Sequence[str], most: int = WORDS_IN_A_ROW) -> list[str]:
    """The word n-grams of 1 to `most` words."""
    return [" ".join(words[i : i + n]) for n in range(1, most + 1) for i in range(len(words) - n + 1)]


def features(unit: Unit) -> tuple[list[str], ...]:
    """The features of a unit, block by block, each with its block's mark in front and as often as it occurs."""
    said = [tokens(sentence) for sentence in unit.sentences]
    return (
        [f"c{gram}" for words in said for word in words for gram in letters(word)],
        [f"w{phrase}" for words in said for phrase in phrases(words)],
        [f"p{word}" for word in tokens(unit.previous)],
        [f"x{fact}" for fact in unit.case],
        [f"r{phrase}" for phrase in phrases(tokens(unit.reply), REPLY_WORDS_IN_A_ROW)],
    )


class Scorer:
    """A linear model: ``scores(units)`` has a row a unit and a column an output. Safe to share between threads."""

    def __init__(
        self, vocabulary: Sequence[str], idf: Floats, weights: npt.NDArray[np.int8], scale: Floats, bias: Floats
    ) -> None:
        """`weights` is (features, outputs) in steps of `scale` (outputs); `idf` is (features); `bias` is (outputs)."""
        fitting = len(vocabulary) == len(idf) == len(weights) and weights.shape[1:] == scale.shape == bias.shape
        if not fitting:
            raise ValueError("vocabulary, idf, weights, scale and bias do not fit each other")
        self._index: dict[str, dict[str, int]] = {mark: {} for mark in MARKS}
        for row, feature in enumerate(vocabulary):
            self._index[feature[0]][feature[1:]] = row
        self._idf, self._weights, self._scale, self._bias = idf.astype(np.float32), weights, scale, bias
        self._cache: dict[str, Rows] = {}

    def scores(self, units: Sequence[Unit]) -> Floats:
        """The log odds, shape (units, outputs)."""
        rows, groups = self._rows(units)
        size, blocks = len(self._idf), len(BLOCK_WEIGHTS)
        scores = np.tile(self._bias, (len(units), 1))
        if not len(rows):
            return scores
        keys, counts = np.unique(groups * size + rows, return_counts=True)
        group, row = np.divmod(keys, size)
        values = (1 + np.log(counts)) * self._idf[row]
        lengths = np.sqrt(np.bincount(group, values * values, minlength=blocks * len(units)))
        values *= np.asarray(BLOCK_WEIGHTS)[group % blocks] / lengths[group]
        unit = group // blocks
        starts = np.flatnonzero(np.diff(unit, prepend=-1))
        parts = values[:, None].astype(np.float32) * self._weights[row]
        scores[unit[starts]] += np.add.reduceat(parts, starts, axis=0) * self._scale
        return scores

    def _rows(self, units: Sequence[Unit]) -> tuple[Rows, Rows]:
        """The row of each known feature, and its group: unit by unit, block by block."""
        blocks: list[Rows] = []
        seen: dict[str, tuple[Rows, Rows]] = {}
        for unit in units:
            for sentence in unit.sentences:
                if sentence not in seen:
                    words = tokens(sentence)
                    spelled = [self._letters(word) for word in words]
                    seen[sentence] = (_joined(spelled), self._known("w", phrases(words)))
            blocks += (
                _joined([seen[sentence][0] for sentence in unit.sentences]),
                _joined([seen[sentence][1] for sentence in unit.sentences]),
                self._known("p", tokens(unit.previous)),
                self._known("x", unit.case),
                self._known("r", phrases(tokens(unit.reply), REPLY_WORDS_IN_A_ROW)),
            )
        return _joined(blocks), np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])

    def _known(self, block: str, names: Sequence[str]) -> Rows:
        """The rows of those features of a block that the model knows."""
        if not names:
            return NO_ROWS
        index = self._index[block]
        return np.array([row for name in names if (row := index.get(name)) is not None], np.int64)

    def _letters(self, word: str) -> Rows:
        known = self._cache.get(word)
        if known is None:
            known = self._known("c", letters(word))
            if len(self._cache) < MOST_CACHED:
                self._cache[word] = known
        return known


class Classifier:
    """The learned rules as they were stored, with their thresholds in `meta`."""

    def __init__(self, draft: Scorer, customer: Scorer, meta: Mapping[str, Any]) -> None:
        self._draft, self._customer, self.meta = draft, customer, meta
        self._categories = [Category(c) for c in meta["draft"]["categories"]]
        self._kinds = [SignalKind(k) for k in meta["customer"]["kinds"]]

    @classmethod
    def load(cls, path: Path = LEARNED) -> Self:
        """The classifier in a file. Raises ConfigurationError where it is missing, damaged or of another format."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                meta = json.loads(stored["meta"].tobytes())
                if meta["format"] != FORMAT:
                    raise ValueError(f"format {meta['format']} instead of {FORMAT}")
                return cls(_scorer(stored, "draft"), _scorer(stored, "customer"), meta)
        except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigurationError(f"{path}: the learned rules cannot be read: {error}") from error

    @property
    def version(self) -> str:
        """A hash of the data that the rules were learned from."""
        return str(self.meta["data"])

    def judge(self, sentences: Sequence[Unit], faulty: Sequence[bool] = ()) -> list[Judgement]:
        """One judgement a sentence of one draft; `faulty` says in which of them the written rules are certain.

        A sentence is believed faulty sooner where another one is, by either kind of rule.
        """
        if not sentences:
            return []
        scores = self._draft.scores(sentences)
        any_fault = scores[:, 0]
        weights = self.meta["draft"]["calibration"]
        seen = np.where(np.asarray(faulty) if len(faulty) else np.zeros(len(sentences), bool), CLIP, any_fault)
        chances = probability(weights[0] * any_fault + weights[1] * others(seen) + weights[2])
        of_kind = softmax(scores[:, 1:])
        best = of_kind.argmax(axis=1)
        return [
            Judgement(float(chance), self._categories[k], float(row[k]))
            for chance, k, row in zip(chances, best, of_kind, strict=True)
        ]

    def signals(self, sentences: Sequence[Unit], messages: Sequence[Unit]) -> dict[SignalKind, tuple[float, int]]:
        """How likely a customer shows each signal, and the sentence that shows it best (an index of `sentences`).

        `sentences` are those of all his messages, and `messages` the same words message by message.
        """
        if not sentences:
            return {}
        scores = self._customer.scores([*sentences, *messages])
        by_sentence, by_message = scores[: len(sentences)], scores[len(sentences) :]
        joint = (by_sentence.max(axis=0) + by_message.max(axis=0)) / 2
        slope, bias = (np.asarray(self.meta["customer"][key]) for key in ("slope", "bias"))
        chances = probability(slope * joint + bias)
        best = by_sentence.argmax(axis=0)
        return {kind: (float(chances[k]), int(best[k])) for k, kind in enumerate(self._kinds)}


def others(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """For each of one draft's sentences the highest score of the others, clipped."""
    if len(scores) < 2:
        return np.array([-CLIP] * len(scores))
    first, second = np.partition(scores, -2)[-1], np.partition(scores, -2)[-2]
    top = int(np.argmax(scores))
    return np.asarray(np.clip(np.where(np.arange(len(scores)) == top, second, first), -CLIP, CLIP))


def probability(log_odds: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each row as probabilities that add up to one."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _joined(parts: Sequence[Rows]) -> Rows:
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else NO_ROWS


def _scorer(stored: Mapping[str, npt.NDArray[Any]], role: str) -> Scorer:
    vocabulary = stored[f"{role}_vocabulary"].tobytes().decode().split("\n")
    return Scorer(vocabulary, *(stored[f"{role}_{name}"] for name in ("idf", "weights", "scale", "bias")))
