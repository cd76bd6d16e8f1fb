"""Check the labelled sentences: ``python -m training.check [FILE...]``.

Reports lines that cannot be read, words that are no labels, ids and texts that stand twice, and any text that shares
eight words in a row with a case that is kept aside for measuring: such a sentence would make the measure worthless.
The exit code is 1 where anything is wrong. What the cases kept aside say is never printed.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from coach.text import fold
from training.sentences import FOLDER, BadSentence, Sentence, parsed

KEPT_ASIDE = Path(__file__).parent.parent / "evals" / "cases" / "test.jsonl"
IN_A_ROW = 8

Words = tuple[str, ...]


def words(text: str) -> list[str]:
    """The words of `text`, folded."""
    return re.findall(r"\w+", fold(text))


def runs(text: str) -> Iterator[Words]:
    """Yield each run of IN_A_ROW words."""
    said = words(text)
    for at in range(len(said) - IN_A_ROW + 1):
        yield tuple(said[at : at + IN_A_ROW])


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def runs_kept_aside(path: Path = KEPT_ASIDE) -> frozenset[Words]:
    """Every run of words in the cases kept aside."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return frozenset(run for line in lines for text in strings(json.loads(line)) for run in runs(text))


def problems(lines: Iterable[tuple[str, str]], aside: frozenset[Words]) -> tuple[list[Sentence], list[str]]:
    """The sentences that can be read, and what is wrong; `lines` are (place, line)."""
    sentences: list[Sentence] = []
    found: list[str] = []
    seen: dict[Words, str] = {}
    for place, line in lines:
        try:
            sentence = parsed(line, place)
        except BadSentence as error:
            found.append(str(error))
            continue
        sentences.append(sentence)
        text = (" ".join(words(sentence.previous)), " ".join(words(sentence.text)))
        for key in (("id", sentence.id), ("text", sentence.role, *text)):
            if key in seen:
                found.append(f"{place}: {sentence.id}: the same {key[0]} stands at {seen[key]}")
            seen.setdefault(key, place)
        if any(run in aside for part in (sentence.previous, sentence.text) for run in runs(part)):
            found.append(
                f"{place}: {sentence.id}: shares {IN_A_ROW} words in a row with a case kept aside for measuring"
            )
    return sentences, found


def main(paths: list[str]) -> int:
    """Check the files given, else all."""
    files = [Path(path) for path in paths] or sorted(FOLDER.glob("*.jsonl"))
    lines = [
        (f"{file.name}:{number}", line)
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if line.strip()
    ]
    sentences, found = problems(lines, runs_kept_aside())
    for problem in found:
        print(problem)
    counted = Counter(f"{s.role} {label}" for s in sentences for label in (s.labels or ("fine",)))
    for name, number in sorted(counted.items()):
        print(f"{number:6} {name}")
    print(f"{len(sentences)} sentences in {len(files)} files, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
