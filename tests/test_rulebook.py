"""``prompts/`` is loaded strictly: a mistake stops the start and names file and line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coach.errors import RuleError
from coach.prompts import PromptBook
from coach.rulebook import PROMPTS, RuleBook
from scripts.prompts_readme import README, rendered, uncovered

RULE = "rules/de/calm-down.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of ``prompts/`` with few rules, to break."""
    copied = tmp_path / "prompts"
    shutil.copytree(PROMPTS, copied)
    for path in copied.glob("rules/*/*.toml"):
        if path.stem != "calm-down":
            path.unlink()
    return copied


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("file", "change", "line", "problem"),
    [
        (RULE, replaced('kind     = "finding"', 'kind = "finding"\ncolour = "red"'), 2, "colour: unknown key"),
        (RULE, replaced('"condescension"', '"rudeness"'), None, "category must be one of"),
        (RULE, replaced('"G1.5"', '"G9.5"'), 4, "no tip G9.5"),
        (RULE, replaced("patterns = [", "patterns = [ '(', "), 7, "not a pattern"),
        (RULE, replaced("patterns = [", "patterns = [ '[äö]', "), 7, "cannot stand inside"),
        (RULE, lambda text: text.split("[[examples]]")[0], None, "at least one [[examples]]"),
        (RULE, replaced("why      =", "why"), 5, "not TOML"),
        (RULE, lambda text: 'id = "x"\n' + text, 1, "file name"),
        ("ladder.toml", replaced('"G1.9"', '"G7.7"'), 15, "no tip G7.7"),
        ("guides.toml", replaced('id   = "G0.1"', 'id   = "zero"'), None, "id"),
        ("phrases/de.toml", replaced("check_ids", "check_them"), None, "check_ids"),
        ("labels.toml", replaced("anger ", "ire "), None, "signals"),
    ],
)
def test_a_mistake_names_file_and_line(
    folder: Path, file: str, change: Callable[[str], str], line: int | None, problem: str
) -> None:
    path = folder / file
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(RuleError) as error:
        RuleBook(folder)
    assert error.value.path == path and problem in str(error.value)
    if line:
        assert error.value.line is not None and abs(error.value.line - line) <= 1, str(error.value)


def test_a_prompt_without_parts_is_a_mistake(folder: Path) -> None:
    (folder / "write.md").write_text("Write.", "utf-8")
    with pytest.raises(RuleError, match=r"write\.md:1"):
        PromptBook(RuleBook(folder))


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KeyError, match=r"prompt repair: no value for \$faults"):
        PromptBook(RuleBook()).render("repair", {})


def test_the_prompt_id_follows_the_rules(folder: Path) -> None:
    before = PromptBook(RuleBook(folder)).render("repair", {"faults": "x"}).id
    path = folder / RULE
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert PromptBook(RuleBook(folder)).render("repair", {"faults": "x"}).id != before


def test_every_tip_that_acts_is_covered() -> None:
    assert uncovered(RuleBook()) == []


def test_taking_a_rule_away_shows() -> None:
    """The generated table lists every rule, so it goes stale when one is missing."""
    assert README.read_text("utf-8") == rendered(RuleBook()), "run `make docs`"
