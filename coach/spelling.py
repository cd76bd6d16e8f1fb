"""Typos of one letter in the words that rules look for.

A word of a text that no dictionary knows and that is one edit (a letter too much, too few, another, two swapped) away
from exactly one word of the rules is read as that word. The words of the text itself never change.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from spellchecker import SpellChecker

from coach.text import Folded, fold

SHORTEST = 7
"""Shorter words have too many neighbours that mean something else."""

_WORD = re.compile(r"[a-z]{7,}")


@lru_cache
def _dictionary(language: str) -> frozenset[str]:
    """The folded words of a language; a language without a dictionary has none. Loading takes about half a second."""
    if language not in SpellChecker.languages():
        return frozenset()
    return frozenset(
        fold(word) for word in SpellChecker(language=language).word_frequency.dictionary if len(word) >= SHORTEST - 1
    )


def _deletes(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


class Speller:
    """Corrects folded text towards `vocabulary`; the dictionary is loaded when the first doubtful word is met."""

    def __init__(self, language: str, vocabulary: Iterable[str]) -> None:
        self._language = language
        self._vocabulary = frozenset(word for word in vocabulary if len(word) >= SHORTEST)
        self._near: dict[str, set[str]] = defaultdict(set)
        for word in self._vocabulary:
            for key in (word, *_deletes(word)):
                self._near[key].add(word)
        self._correction = lru_cache(maxsize=20_000)(self._find)

    def _find(self, word: str) -> str | None:
        candidates: set[str] = set()
        for key in (word, *_deletes(word)):
            candidates |= self._near.get(key, set())
        near = [c for c in candidates if c[0] == word[0] and _one_edit(word, c)]
        if len(near) != 1 or word in _dictionary(self._language):
            return None
        return near[0]

    def correct(self, folded: Folded) -> Folded:
        """`folded` with its typos corrected; a corrected word stands for the whole of the word it replaces."""
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for found in _WORD.finditer(folded.text):
            if found.group() in self._vocabulary:
                continue
            better = self._correction(found.group())
            if better is None:
                continue
            start, end = found.span()
            pieces += (folded.text[done:start], better)
            starts += folded.starts[done:start] + [folded.starts[start]] * len(better)
            ends += folded.ends[done:start] + [folded.ends[end - 1]] * len(better)
            done = end
        if not done:
            return folded
        return Folded("".join(pieces) + folded.text[done:], starts + folded.starts[done:], ends + folded.ends[done:])


def _one_edit(one: str, other: str) -> bool:
    """Whether two different words are one insertion, deletion, substitution or swap of neighbours apart."""
    if abs(len(one) - len(other)) > 1:
        return False
    i = 0
    while i < min(len(one), len(other)) and one[i] == other[i]:
        i += 1
    a, b = one[i:], other[i:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and len(b) > 1 and a[2:] == b[2:])
