r"""The patterns of rules: written as a person would write the phrase, matched in linear time on folded text.

A pattern is a regular expression (RE2 syntax: no look-around, no back-references). It is folded like the text it is
matched on, so ``\bkein Verständnis\\b`` also finds "KEIN  Verstaendnis". Besides the syntax of RE2 there is ``…``: up
to 40 characters in a sentence, at word borders (``tut … leid``).
"""

from collections.abc import Iterator, Sequence
from functools import cache

import re2

from coach.text import FOLDED, Span

GAP = r"(?:[^.!?\n]{0,40} )?"
UMLAUTS = {"ä": "(?:ae?)", "ö": "(?:oe?)", "ü": "(?:ue?)", "ß": "(?:ss?)"}
"""Also without the dots: a pattern with ``ü`` matches ü, ue and u."""


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why and what to write instead."""


def fold_pattern(source: str) -> str:
    """`source` in the spelling of folded text; a backslash and the character after it stay as they are."""
    out: list[str] = []
    in_class = False
    characters = iter(source.replace("… ", "…").replace(" …", "[,;:]? …"))
    for char in characters:
        if char == "\\":
            escaped = next(characters, "")
            if escaped == "p" or escaped == "P":
                raise PatternError("character properties do not work on folded text; write the characters")
            out.append(char + escaped)
        elif char == "…":
            out.append(GAP)
        elif in_class and char.lower() in FOLDED and len(FOLDED[char.lower()]) > 1:
            raise PatternError(f"{char} folds to two characters and cannot stand inside [...]; write (?:a|{char})")
        else:
            in_class = (in_class or char == "[") and char != "]"
            lower = char.lower()
            out.append(UMLAUTS.get(lower) or FOLDED.get(lower, lower))
    return "".join(out)


@cache
def compile_pattern(source: str, *, exact: bool = False) -> "re2._Regexp":
    """`source` compiled for folded text, or for the text as written where `exact`.

    Raises PatternError for what RE2 cannot compile and for a pattern that matches the empty string.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(source if exact else fold_pattern(source), options)
    except re2.error as error:
        raise PatternError(f"not a pattern that runs in linear time (RE2): {error}") from error
    if compiled.search(""):
        raise PatternError("matches the empty text")
    return compiled


class PatternSet:
    """Many patterns, looked for in one pass; each match says which pattern it belongs to."""

    def __init__(self, sources: Sequence[str], *, exact: bool = False) -> None:
        self._patterns = [compile_pattern(source, exact=exact) for source in sources]
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 256 << 20
        self._set = re2.Set.SearchSet(options)
        for pattern in self._patterns:
            self._set.Add(pattern.pattern)
        if self._patterns:
            self._set.Compile()

    def finditer(self, text: str) -> Iterator[tuple[int, Span]]:
        """Yield (index of the pattern, span) of every match in `text`, pattern by pattern."""
        for index in sorted(self._set.Match(text) or ()) if self._patterns else ():
            for found in self._patterns[index].finditer(text):
                yield index, found.span()

    def search(self, text: str) -> bool:
        """Whether any of the patterns is in `text`."""
        return bool(self._patterns and self._set.Match(text))
