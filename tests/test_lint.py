"""What the linter counts and what it leaves: whose words, what was taken back, places where two rules meet."""

from coach.lint import Linter, without_overlaps
from coach.matching import RuleMatcher
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.text import Text
from coach.thread import ThreadReader
from coach.types import Category, Context, Finding, Message, Request, Severity, SignalKind

BOOK = RuleBook()
LINTER = Linter(BOOK, "de")
CASE: Context = ThreadReader(BOOK).context(Request(draft="Das Paket ist da.", language="de"))


def kinds(*thread: tuple[str, str]) -> list[SignalKind]:
    conversation = [Message.model_validate({"author": author, "text": text}) for author, text in thread]
    return [signal.kind for signal in LINTER.signals(conversation, CASE)]


def test_only_customers_show_signals() -> None:
    for author, found in (("customer", [SignalKind.INSULT]), ("agent", []), ("system", [])):
        assert kinds((author, "Du dummes Arschloch!")) == found


def test_what_is_taken_back_does_not_count() -> None:
    insult, sorry = "Du dummes Arschloch!", "Entschuldigung, das war nicht so gemeint."
    assert kinds(("customer", insult), ("customer", sorry)) == []
    assert kinds(("customer", insult + " " + sorry)) == []
    assert kinds(("customer", sorry), ("customer", insult)) == [SignalKind.INSULT]


def finding(category: Category, start: int, end: int, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        rule="r", category=category, severity=severity, quote="q", start=start, end=end, why="", instead="", tips=()
    )


def test_where_two_meet_the_certain_and_the_graver_stays() -> None:
    script, promise = finding(Category.SCRIPT, 0, 9), finding(Category.PROMISE, 5, 8)
    doubt, longer = finding(Category.DISHONESTY, 0, 20, Severity.WARNING), finding(Category.PROMISE, 5, 12)
    assert without_overlaps([script, promise]) == [promise]
    assert without_overlaps([doubt, script]) == [script]
    assert without_overlaps([promise, longer]) == [longer]
    assert without_overlaps([promise, finding(Category.SCRIPT, 0, 5)]) == [finding(Category.SCRIPT, 0, 5), promise]


def test_an_exception_excuses_its_own_sentence_only() -> None:
    rule = Rule.model_validate(
        {
            "id": "r", "language": "de", "kind": "finding", "category": "script", "tips": ["G1.1"], "why": "w",
            "instead": "i", "patterns": [r"\bpaket\b"], "unless": ["depot"],
            "examples": [{"flagged": "Paket", "match": "Paket"}],
        }
    )  # fmt: skip
    text = Text("Das Paket ist im Depot. Das Paket ist weg.")
    assert [text.original[slice(*span)] for _, span in RuleMatcher([rule]).matches(text, text.folded)] == ["Paket"]
    assert [span[0] for _, span in RuleMatcher([rule]).matches(text, text.folded)] == [28]
