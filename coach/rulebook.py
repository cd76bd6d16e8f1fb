"""``prompts/`` as objects: the guides, the rules of each language, the phrases of the editor and the ladder.

Loaded once at the start. Any mistake in a file (unknown key, bad pattern, unknown tip, missing example) raises
RuleError, which names the file and the line.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from coach.errors import RuleError
from coach.patterns import PatternError, compile_pattern
from coach.rules import Example, Guide, Labels, LadderTable, Phrases, Rule
from coach.text import fold

_INSTALLED = Path(__file__).parent / "prompts"
PROMPTS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent / "prompts"
"""Inside the package where it was installed from a wheel, beside it in a checkout."""

M = TypeVar("M", bound=BaseModel)


class RuleBook:
    """Everything under ``prompts/``. ``rules[language]`` are the rules of a language, in the order of their ids."""

    def __init__(self, folder: Path = PROMPTS) -> None:
        self.folder = folder
        guides = folder / "guides.toml"
        self.guides = tuple(_validated(Guide, guides, guide) for guide in _toml(guides).get("guides", []))
        self.tips = {tip.id: tip for guide in self.guides for tip in guide.tips}
        self.ladder = _validated(LadderTable, folder / "ladder.toml", _toml(folder / "ladder.toml"))
        self.labels = _validated(Labels, folder / "labels.toml", _toml(folder / "labels.toml"))
        self._known_tips(folder / "ladder.toml", *(rung.tips for rung in self.ladder.rungs))
        self._known_tips(folder / "ladder.toml", *(side.tips for side in self.ladder.side_steps))
        languages = sorted(path.name for path in (folder / "rules").iterdir() if path.is_dir())
        self.rules = {language: tuple(self._load(language)) for language in languages}
        self.phrases = {language: self._phrases(folder / "phrases" / f"{language}.toml") for language in languages}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have rules."""
        return tuple(self.rules)

    def of_kind(self, language: str, kind: str) -> tuple[Rule, ...]:
        """The rules of one kind in one language; none for a language without rules."""
        return tuple(rule for rule in self.rules.get(language, ()) if rule.kind == kind)

    def find(self, rule_id: str) -> tuple[Rule, ...]:
        """The rule of this id in each language that has it."""
        return tuple(rule for rules in self.rules.values() for rule in rules if rule.id == rule_id)

    def vocabulary(self, language: str) -> frozenset[str]:
        """The whole words of the rules' phrases, folded: what a typo is corrected to."""
        words: set[str] = set()
        for rule in (rule for rule in self.rules.get(language, ()) if not rule.learned):
            words.update(*(re.findall(r"[a-z]+", fold(e.match)) for e in rule.examples if isinstance(e, Example)))
            for pattern in rule.all_patterns:
                words.update(re.findall(r"(?<![a-z\\\]})?*+|])[a-z]+(?![a-z(\[?*+{|\\])", fold(pattern)))
        return frozenset(words)

    def _load(self, language: str) -> Iterator[Rule]:
        for path in sorted((self.folder / "rules" / language).glob("*.toml")):
            data = _toml(path)
            for given in ("id", "language"):
                if given in data:
                    raise RuleError(
                        path, f"`{given}` is the {'file' if given == 'id' else 'folder'} name", line=_line(path, given)
                    )
            rule = _validated(Rule, path, {**data, "id": path.stem, "language": language})
            self._known_tips(path, rule.tips)
            for pattern in (*rule.patterns, *rule.all_patterns):
                self._compiles(path, pattern, exact=rule.exact and pattern in rule.patterns)
            yield rule

    def _phrases(self, path: Path) -> Phrases:
        data = _toml(path)
        phrases = _validated(
            Phrases, path, {"thread": data.pop("thread", {}), "warnings": data.pop("warnings", {}), "sentences": data}
        )
        for pattern in (pattern for patterns in phrases.thread.values() for pattern in patterns):
            self._compiles(path, pattern)
        return phrases

    def _compiles(self, path: Path, pattern: str, *, exact: bool = False) -> None:
        try:
            compile_pattern(pattern, exact=exact)
        except PatternError as error:
            raise RuleError(path, f"pattern {pattern!r}: {error}", line=_line(path, pattern)) from error

    def _known_tips(self, path: Path, *tips: Iterable[str]) -> None:
        for tip in (tip for some in tips for tip in some):
            if tip not in self.tips:
                raise RuleError(path, f"there is no tip {tip} in guides.toml", line=_line(path, f'"{tip}"'))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise RuleError(path, f"not TOML: {error}", line=int(line.group(1)) if line else None) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(path, f"cannot be read: {error}") from error


def _validated(model: type[M], path: Path, data: dict[str, Any]) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = [str(part) for part in first["loc"] if isinstance(part, str) and not part[0].isupper()]
        what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise RuleError(
            path, f"{'.'.join(keys) or 'rule'}: {what}", line=_line(path, keys[-1]) if keys else None
        ) from error


def _line(path: Path, text: str) -> int | None:
    """The first line of `path` in which `text` stands."""
    return next((n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line), None)
