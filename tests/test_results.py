"""The note of a handover, advice, and repeated failures from broken promises."""

from coach.handover import handover_note
from coach.promises import BrokenPromise
from coach.results import MOST_TIPS, advice, with_broken
from coach.rulebook import RuleBook
from coach.thread import ThreadReader
from coach.types import (
    Category,
    Channel,
    Cover,
    Finding,
    Message,
    Promise,
    PromiseKind,
    Request,
    Severity,
    Signal,
    SignalKind,
)

BOOK = RuleBook()
THREAD = [
    Message(author="customer", text="Du dummes Arschloch! Das Rad fehlt. Ich will mein Geld."),
    Message(author="agent", text="Ich prüfe das. Das Geld kommt am Freitag."),
    Message(author="customer", text="Am Freitag kam nichts."),
]


def signal(kind: SignalKind, quote: str, message: int) -> Signal:
    start = THREAD[message].text.index(quote)
    return Signal(kind=kind, quote=quote, message=message, start=start, end=start + len(quote), rule="r")


def promise(kind: PromiseKind, quote: str) -> Promise:
    return Promise(kind=kind, quote=quote, start=0, end=len(quote), cover=Cover.NOT_COVERED)


def test_the_note_of_a_handover_holds_matter_wish_and_promises_and_no_abuse() -> None:
    note = handover_note(
        THREAD,
        [signal(SignalKind.INSULT, "dummes Arschloch", 0), signal(SignalKind.REPEATED_FAILURE, "kam nichts", 2)],
        [promise(PromiseKind.CHECK, "Ich prüfe das."), promise(PromiseKind.REFUND, "Das Geld kommt am Freitag.")],
        ["Das Geld kommt am Freitag."],
    )
    assert note.matter == "Das Rad fehlt. Ich will mein Geld."
    assert note.wants == "Ich will mein Geld."
    assert note.promised == ("Das Geld kommt am Freitag.",)
    assert [m.lower() for m in note.own_mistakes] == ["das geld kommt am freitag.", "kam nichts"]
    assert [m.author for m in note.history] == ["customer", "agent", "customer"]
    assert "Arschloch" not in str(note)


def test_a_broken_promise_is_one_repeated_failure() -> None:
    broken = [BrokenPromise(text, 1, "Am Freitag kam nichts.", 2) for text in ("Ich prüfe das.", "Das Geld kommt.")]
    found = with_broken([], broken, THREAD)
    assert [(s.kind, s.message, s.quote) for s in found] == [(SignalKind.REPEATED_FAILURE, 2, "Am Freitag kam nichts.")]
    assert with_broken(found, broken, THREAD) == found


def test_advice_begins_with_what_the_findings_rest_on() -> None:
    context = ThreadReader(BOOK).context(Request(draft="x", language="de", channel=Channel.REVIEW))
    signals = [signal(SignalKind.INSULT, "dummes Arschloch", 0)]
    all_tips = [tip for tip in BOOK.tips.values() if "tip" in tip.acts and tip.de]
    for cited in all_tips:
        finding = Finding(
            rule="r", category=Category.SCRIPT, severity=Severity.ERROR, quote="q", start=0, end=1, why="",
            instead="", tips=(cited.id,),
        )  # fmt: skip
        given = advice(BOOK, signals, [finding], context)
        assert given[0].id == cited.id and len(given) <= MOST_TIPS
