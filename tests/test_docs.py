"""The documentation: what it shows is what the product does, what it names exists, and nothing is left out."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from coach import types
from coach.api import router
from coach.cli import _parser
from coach.rulebook import RuleBook
from coach.settings import Settings
from scripts import docs
from scripts.pages import ROOT, PageError, Workshop, comparable

README = ROOT / "README.md"
API = ROOT / "docs" / "api.md"
PAGES = [*docs.pages(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """One that asks no service."""
    return Workshop("http://127.0.0.1:9", tmp_path / "folder", RuleBook())


def block(what: str, content: str = "") -> str:
    return f"Before.\n<!-- generated: {what} -->\n{content}<!-- /generated -->\nAfter.\n"


def test_the_example_in_the_readme_is_what_the_product_says() -> None:
    stored = README.read_text("utf-8")
    assert "<!-- generated: coach rewrite examples/de.json -->" in stored
    assert comparable(docs.renewed([README])[README]) == comparable(stored), "run `make docs`"


def test_a_stale_part_is_made_again_and_the_rest_stays(workshop: Workshop) -> None:
    made = workshop.renewed(block("omissions", "An old table.\n"))
    assert made.startswith("Before.\n<!-- generated: omissions -->\n")
    assert made.endswith("<!-- /generated -->\nAfter.\n")
    assert "An old table." not in made
    assert all(f"| `{omission}` |" in made for omission in types.Omission)
    assert workshop.renewed(made) == made


def test_a_command_is_shown_with_its_output_and_exit_code(workshop: Workshop) -> None:
    made = workshop.renewed(block("coach rules no-such-rule"))
    assert "$ coach rules no-such-rule\ncoach: there is no rule no-such-rule" in made
    assert "$ echo $?\n2\n" in made


def test_code_is_run_in_a_folder_of_its_own(workshop: Workshop) -> None:
    page = "```python file=one.py\nTWO = 2\n```\n```python run\nfrom one import TWO\nprint(TWO)\n```\n" + block(
        "output"
    )
    assert "```text\n2\n```" in workshop.renewed(page)


@pytest.mark.parametrize("page", ["```python run\nraise SystemExit(1)\n```\n", block("nonsense")])
def test_what_cannot_be_made_is_an_error(workshop: Workshop, page: str) -> None:
    with pytest.raises(PageError):
        workshop.renewed(page)


def test_a_stale_file_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("old")
    kept = {path: path.read_text("utf-8") for path in docs.ANSWERS.iterdir()}
    assert docs.stale({page: "new", **kept}) == [page]
    assert docs.stale({page: "old", **kept}) == []


def fields(noun: type[BaseModel]) -> Iterator[str]:
    return iter(noun.model_fields)


@pytest.mark.parametrize("noun", [n for n in vars(types).values() if isinstance(n, type) and issubclass(n, types.Noun)])
def test_every_field_is_described(noun: type[BaseModel]) -> None:
    page = API.read_text("utf-8")
    missing = [name for name in fields(noun) if not re.search(rf"`(?:[\w.\[\]]+\.)?{name}(?:\[\])?`", page)]
    assert not missing, f"{noun.__name__} has fields that docs/api.md does not name"


@pytest.mark.parametrize("words", [types.Channel, types.Action, types.SideStep, types.Omission, types.PromiseKind])
def test_every_word_of_the_answer_is_named(words: Any) -> None:
    page = API.read_text("utf-8")
    assert [word.value for word in words if f"`{word.value}`" not in page] == []


def test_every_fault_is_named() -> None:
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert [kind for kind in types.FaultKind.__args__ if f"`{kind}`" not in page] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "setting", ["max_body_bytes", "max_draft_chars", "max_messages", "max_message_chars", "deadline_ms"]
)
def test_limits_are_those_of_the_settings(setting: str) -> None:
    default = Settings.model_fields[setting].default
    assert re.search(rf"`COACH_{setting.upper()}` \| {default:,}\b", API.read_text("utf-8"))


def test_the_readme_names_every_call_and_command() -> None:
    page = README.read_text("utf-8")
    calls = [f"{method} {route.path}" for route in router.routes for method in route.methods]  # type: ignore[attr-defined]
    assert [call for call in calls if f"| `{call}` |" not in page] == []
    (commands,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert [name for name in commands.choices if f"| `coach {name}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
