"""When an omission is due, when it is not, and how a name is recognised."""

import pytest
from pydantic import ValidationError

from coach.omissions import OmissionLinter, names
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.text import Text
from coach.thread import ThreadReader
from coach.types import Action, Message, Omission, Request, Severity, Signal, SignalKind

BOOK = RuleBook()
LINTER = OmissionLinter(BOOK, "de")
CONTEXT = ThreadReader(BOOK).context(Request(draft="x", language="de"))


def missing(draft: str, says: str, *signals: Signal, action: Action = Action.CONTINUE) -> set[Omission]:
    thread = [Message(author="customer", text=says)]
    return {m.category for m in LINTER.find(Text(draft), thread, CONTEXT, signals, action)}


def test_only_certain_signals_bring_a_rule_up() -> None:
    draft, says = "Ihre Nachricht ist da.", "Du dummes Arschloch!"
    for severity, due in ((Severity.ERROR, True), (Severity.WARNING, False)):
        insult = Signal(
            kind=SignalKind.INSULT, quote=says, message=0, start=0, end=len(says), rule="r", severity=severity
        )
        assert (Omission.BOUNDARY in missing(draft, says, insult)) is due


@pytest.mark.parametrize(
    ("text", "name", "called"),
    [
        ("Guten Tag Frau Müller-Lüdenscheidt", "Frau Dr. Müller-Lüdenscheidt", True),
        ("Guten Tag Frau Mueller", "Frau Müller", True),
        ("Beckers Paket ist da", "Frau Becker", True),
        ("Die Beckerei ist zu", "Frau Becker", False),
        ("Guten Tag Frau Roth", "Frau Becker", False),
        ("Guten Tag", "Frau", True),
    ],
)
def test_names(text: str, name: str, called: bool) -> None:
    assert names(text, name) is called


def test_an_omission_has_no_patterns() -> None:
    rule = next(rule for rule in BOOK.of_kind("de", "omission") if rule.satisfied_by)
    with pytest.raises(ValidationError, match="not `patterns`"):
        Rule.model_validate({**rule.model_dump(), "patterns": ["paket"]})
