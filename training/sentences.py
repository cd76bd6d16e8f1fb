"""Labelled sentences: one JSON object a line in ``training/sentences/*.jsonl``.

```json
{"id": "de-hostility-001", "role": "draft", "language": "de", "channel": "email", "previous": "Guten Tag Frau Kern,",
 "text": "Lesen Sie halt das Kleingedruckte.", "labels": ["hostility"], "authority": [], "warnings_given": 0, "by": ""}
```

`role` is ``draft`` (labels are finding categories) or ``customer`` (labels are signal kinds). `previous` is the
sentence or message before, empty for none. No labels: the text is fine, most often a look-alike of one that is not.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from coach.errors import ConfigurationError
from coach.rulebook import RuleBook
from coach.rules import Example
from coach.types import Category, Channel, Noun, SignalKind

FOLDER = Path(__file__).parent / "sentences"


class Sentence(Noun):
    """One labelled sentence of a draft, or one short message of a customer."""

    id: str = Field(min_length=1)
    role: Literal["draft", "customer"]
    language: Literal["de", "en"]
    channel: Channel = Channel.EMAIL
    previous: str = ""
    text: str = Field(min_length=1)
    labels: tuple[str, ...]
    authority: tuple[str, ...] | None = None
    warnings_given: int = Field(0, ge=0)
    by: str = ""

    @model_validator(mode="after")
    def _words(self) -> "Sentence":
        known = {word.value for word in (Category if self.role == "draft" else SignalKind)}
        if unknown := sorted(set(self.labels) - known):
            raise ValueError(f"labels of role {self.role} cannot be: {', '.join(unknown)}")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("a label stands twice")
        return self


class BadSentence(ConfigurationError):
    """A line that is no labelled sentence: says which file, which line and why."""


def read(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of one file. Raises BadSentence."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            yield parsed(line, f"{path.name}:{number}")


def parsed(line: str, place: str) -> Sentence:
    """One line as a sentence. Raises BadSentence, which names `place`."""
    try:
        return Sentence.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise BadSentence(f"{place}: not JSON: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "sentence"
        raise BadSentence(f"{place}: {where}: {first['msg']}") from error


def read_all(folder: Path = FOLDER) -> list[Sentence]:
    """All sentences of a folder, file by file in the order of their names. Raises BadSentence."""
    return [sentence for path in sorted(folder.glob("*.jsonl")) for sentence in read(path)]


def rule_sentences(book: RuleBook) -> list[Sentence]:
    """The examples of the learned rules: what they have to find, and what is fine."""
    found = []
    for rule in (rule for rules in book.rules.values() for rule in rules if rule.learned):
        role: Literal["draft", "customer"] = "draft" if rule.kind == "finding" else "customer"
        label = (rule.category or "",)
        flagged = [(e.flagged, label) for e in rule.examples if isinstance(e, Example)]
        fine = [
            (text, ())
            for text in (*rule.clean, *(e.better for e in rule.examples if isinstance(e, Example) and e.better))
        ]
        for number, (text, labels) in enumerate(dict.fromkeys([*flagged, *fine])):
            identity = f"rule-{rule.language}-{rule.id}-{number}"
            language: Literal["de", "en"] = "de" if rule.language == "de" else "en"
            found.append(Sentence(id=identity, role=role, language=language, text=text, labels=labels, by="rule file"))
    return found
