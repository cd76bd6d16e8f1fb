"""Promises: what commits, what does not, and what the agent's authority covers."""

import pytest

from coach.authority import grants_something
from coach.lint import Linter
from coach.promises import Promises, as_finding
from coach.rulebook import RuleBook
from coach.rules import Example, Rule
from coach.text import Text
from coach.types import Category, Channel, Context, Cover, Finding, Message, Promise, PromiseKind, Severity

BOOK = RuleBook()
READERS = {language: Promises(BOOK, language) for language in BOOK.languages}
LINTERS = {language: Linter(BOOK, language) for language in BOOK.languages}
RULES = [
    rule
    for rules in BOOK.rules.values()
    for rule in rules
    if rule.kind == "finding" and rule.category == Category.PROMISE and not rule.learned
]


def find(
    text: str, authority: tuple[str, ...] | None = (), language: str = "de", *thread: Message
) -> tuple[Promise, ...]:
    draft = Text(text)
    return READERS[language].find(draft, draft.folded, authority, thread)


def faults(
    text: str, authority: tuple[str, ...] | None = (), language: str = "de", *thread: Message
) -> tuple[Finding, ...]:
    draft = Text(text)
    return READERS[language].findings(draft, draft.folded, authority, thread)


def context(language: str) -> Context:
    return Context(
        channel=Channel.EMAIL, language=language, customer_name="Becker", agent_name=None, form_of_address=None,
        authority=(), warnings_given=0, transferred=False, supervisor_available=True,
    )  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.language}/{rule.id}")
def test_rule(rule: Rule) -> None:
    """Its phrases commit to what it says, its better texts are no fault under any rule, its look-alikes stay quiet."""
    for example in rule.examples:
        assert isinstance(example, Example)
        text = Text(example.flagged)
        matched = [
            text.original[a:b]
            for r, (a, b) in READERS[rule.language].matcher.matches(text, text.folded)
            if r.id == rule.id
        ]
        assert example.match in matched, f"{rule.id} matches {matched} in {example.flagged!r}"
        promises = find(example.flagged, (), rule.language)
        assert promises, example.flagged
        assert bool(faults(example.flagged, (), rule.language)) is (rule.promise != PromiseKind.CHECK)
        if example.better:
            assert not faults(example.better, (), rule.language), example.better
            assert not LINTERS[rule.language].findings(Text(example.better), context(rule.language)), example.better
    for text_ in rule.clean:
        kinds = {p.kind for p in find(text_, (), rule.language)}
        assert kinds <= ({PromiseKind.CHECK} if rule.promise != PromiseKind.CHECK else set()), (text_, kinds)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.language}/{rule.id}")
def test_every_rule_is_needed(rule: Rule) -> None:
    """Each phrase of its examples is seen by the rule itself: without the rule something is lost."""
    others = [r for r in RULES if r.language == rule.language and r.id != rule.id]
    assert any(e.match not in p for r in others for e in rule.examples if isinstance(e, Example) for p in r.patterns)


@pytest.mark.parametrize(
    ("text", "kind", "amount", "date"),
    [
        ("Das Geld ist Freitag auf Ihrem Konto.", "refund", None, "Freitag"),
        ("Wir überweisen Ihnen 1.240 € bis Freitag.", "refund", "1.240 €", "Freitag"),
        ("Sie bekommen einen Gutschein über 50 €.", "credit", "50 €", None),
        ("Ihr Anschluss läuft spätestens morgen wieder.", "outcome", None, "morgen"),
        ("Die Kollegen melden sich innerhalb von zwei Tagen bei Ihnen.", "call_back", None, "zwei Tagen"),
        ("Das kommt nie wieder vor.", "outcome", None, None),
        ("Dann wird er voll, und Sie sitzen drin.", "outcome", None, None),
        ("Das verspreche ich Ihnen.", "guarantee", None, None),
        ("Ich prüfe das und melde mich bei Ihnen.", "check", None, None),
    ],
)  # fmt: skip
def test_kind_amount_and_date(text: str, kind: str, amount: str | None, date: str | None) -> None:
    promise = find(text)[0]
    assert (promise.kind, promise.amount, promise.date) == (kind, amount, date)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Ich kann Ihnen das nicht garantieren."),
        ("de", "Ob der Betrag bis Freitag erstattet wird, kann ich nicht sicher sagen."),
        ("de", "Das Paket kommt voraussichtlich morgen."),
        ("de", "Sobald das Geld da ist, schreibe ich Ihnen."),
        ("de", "Haben Sie die Lampe am Donnerstag bekommen?"),
        ("de", "Bitte bringen Sie den Wagen am Dienstag um 7:30 Uhr."),
        ("de", "Die Lizenzgebühr erstatten wir nicht."),
        ("de", "Sie haben bis Freitag Zeit, die Unterlagen zu schicken."),
        ("de", "Ich frage heute beim Versand nach und melde mich bei Ihnen."),
        ("de", "> Das kommt nie wieder vor, garantiert."),
        ("en", "I cannot promise that it will arrive tomorrow."),
        ("en", "It may arrive on Friday."),
        ("en", "If accounts agree, the money will be back on your card by Friday."),
        ("en", "Will it be delivered on Monday?"),
        ("en", "I'm asking the courier today and will write to you."),
        ("en", "My supervisor will get back to you about it."),
    ],
)  # fmt: skip
def test_no_promise_at_fault(language: str, text: str) -> None:
    assert faults(text, (), language) == ()


@pytest.mark.parametrize(
    ("text", "authority", "cover"),
    [
        ("Sie bekommen einen Gutschein über 10 €.", ("Gutschein bis 10 €",), Cover.COVERED),
        ("Sie bekommen einen Gutschein über 100 €.", ("Gutschein bis 10 €",), Cover.NOT_COVERED),
        ("Sie bekommen einen Gutschein über 10 £.", ("Gutschein bis 10 €",), Cover.NOT_COVERED),
        ("Sie bekommen einen Gutschein über 10 €.", (), Cover.NOT_COVERED),
        ("Sie bekommen einen Gutschein über 10 €.", None, Cover.UNDECIDED),
        ("Das kommt garantiert nie wieder vor.", None, Cover.NOT_COVERED),
        ("Die fehlende Limo erstatte ich dir jetzt mit 3,20 €.", ("Fehlende Artikel erstatten",), Cover.COVERED),
        ("Den vollen Kaufpreis erstatten wir Ihnen.", ("Stand der Erstattung nennen",), Cover.NOT_COVERED),
        ("Das Porto erstatten wir Ihnen bis Freitag.", ("Porto erstatten",), Cover.NOT_COVERED),
        ("Das Porto erstatten wir Ihnen bis Freitag.", ("Porto bis Freitag erstatten",), Cover.COVERED),
        ("Ein Leihgerät bekommen Sie heute bei uns.", ("Leihgerät kostenlos",), Cover.COVERED),
        ("Den Schwimmkurs schreibe ich Ihnen gut.", ("Kurs gutschreiben",), Cover.COVERED),
        ("Die Sendung geht heute raus.", ("Ersatz für Bruch, Versand am selben Tag",), Cover.COVERED),
        ("Ich frage beim Versand nach.", (), Cover.COVERED),
    ],
)  # fmt: skip
def test_cover(text: str, authority: tuple[str, ...] | None, cover: Cover) -> None:
    assert [p.cover for p in find(text, authority)] == [cover]


def test_the_entry_that_covers_is_named() -> None:
    (promise,) = find("Sie bekommen einen Gutschein über 10 €.", ("Lieferstatus nennen", "Gutschein bis 10 €"))
    assert promise.authority == "Gutschein bis 10 €"


def test_what_the_system_states_is_no_fault() -> None:
    text = "Ihr Paket wird am 18. November geliefert."
    assert [f.quote for f in faults(text)] == [text]
    assert faults(text, (), "de", Message(author="system", text="Zustellung 18.11. bestätigt")) == ()
    assert faults(text, (), "de", Message(author="customer", text="Ich will es am 18.11.!"))


def test_a_day_that_the_thread_names_is_only_a_doubt() -> None:
    text = "Das Paket kommt am 18. November."
    thread = (Message(author="customer", text="Mein Termin ist der 18.11."),)
    assert [f.severity for f in faults(text)] == [Severity.ERROR]
    assert [f.severity for f in faults(text, (), "de", *thread)] == [Severity.WARNING]
    assert [f.severity for f in faults(text.replace("kommt", "kommt garantiert"), (), "de", *thread)] == [
        Severity.ERROR
    ]
    assert faults("Sie haben am Montag auf unseren Rückruf gewartet, wir haben uns nicht gemeldet.") == ()


def test_severity_and_place() -> None:
    text = "Guten Tag Frau Becker,\n\nich prüfe das. Das Geld ist Freitag auf Ihrem Konto. Bis bald!"
    (fault,) = faults(text)
    assert fault.severity == Severity.ERROR
    assert text[fault.start : fault.end] == fault.quote == "Das Geld ist Freitag auf Ihrem Konto."
    (doubt,) = faults(text, None)
    assert doubt.severity == Severity.WARNING


def test_only_the_clause_that_promises_is_quoted() -> None:
    (fault,) = faults("Ihre Erhöhung ist beantragt worden und kommt spätestens übermorgen durch.")
    assert fault.quote == "und kommt spätestens übermorgen durch."


def test_an_ignored_rule_is_silent() -> None:
    draft = Text("Das verspreche ich Ihnen.")
    (committed,) = READERS["de"].commitments(draft, draft.folded, ())
    assert as_finding(committed)
    assert READERS["de"].findings(draft, draft.folded, (), (), [committed.rule.id]) == ()


def test_todo() -> None:
    text = Text(
        "Guten Tag,\n\nich frage beim Versand nach, wo Ihr Paket ist, und gebe Ihnen Bescheid. Es tut mir leid."
    )
    assert READERS["de"].todo(text, text.folded) == (
        "ich frage beim Versand nach, wo Ihr Paket ist, und gebe Ihnen Bescheid.",
    )


def test_broken_promises() -> None:
    thread = [
        Message(author="customer", text="Wo bleibt die Scheibe?"),
        Message(author="agent", text="Sie geht am Montag raus."),
        Message(author="customer", text="Danke! Montag ist vorbei, keine Scheibe."),
        Message(author="agent", text="Wir fragen im Lager nach."),
    ]
    (broken,) = READERS["de"].broken(thread)
    assert (broken.text, broken.message) == ("Sie geht am Montag raus.", 1)
    assert (broken.evidence, broken.evidence_message) == ("Montag ist vorbei, keine Scheibe.", 2)
    assert READERS["de"].broken(thread[:2]) == ()
    assert READERS["de"].broken([*thread[:2], Message(author="customer", text="Prima, danke!")]) == ()


@pytest.mark.parametrize(
    ("authority", "something"),
    [
        (("Gutschein bis 10 €",), True), (("Porto erstatten",), True), (("Ersatzlieferung",), True),
        (("waive one fee a year",), True),
        (("Auskunft geben", "Rückruf anbieten"), False), (("trace parcels",), False), ((), False), (None, False),
    ],
)  # fmt: skip
def test_grants_something(authority: tuple[str, ...] | None, something: bool) -> None:
    assert grants_something(authority) is something


@pytest.mark.parametrize(
    "text", ["", "😀", "‮שלום", "bis " * 20_000, "wir erstatten Ihnen " * 5_000, "a, und ich " * 5_000]
)
def test_never_breaks(text: str) -> None:
    for promise in find(text, ("Gutschein bis", "€", "", "10 %")):
        assert text[promise.start : promise.end] == promise.quote
