"""Facts: equal ones compare equal over spellings and languages, look-alikes are none, and nothing breaks it."""

import time

import pytest

from coach.facts import Known, added, facts, lost


def read(text: str, *names: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.value) for fact in facts(text, names)]


@pytest.mark.parametrize(
    ("kind", "value", "spellings"),
    [
        ("amount", "EUR 1240", ["1.240 €", "1240,00 EUR", "€1,240", "1.240,00 Euro", "EUR 1'240.00", "1 240 €"]),
        ("amount", "GBP 11.8", ["£11.80", "11,80 £", "11.80 pounds"]),
        ("amount", "EUR 0.38", ["0,38 Euro", "€0.38"]),
        ("amount", "USD 12", ["$12", "12 dollars", "12,- $"]),
        ("date", "-11-18", ["18.11.", "18. November", "November 18", "18th of November", "18 Nov", "Nov 18th"]),
        ("date", "2024-11-18", ["18.11.2024", "2024-11-18", "18. November 2024", "November 18, 2024", "18.11.24"]),
        ("date", "2024-11-18", ["18/11/2024", "11/18/2024"]),
        ("date", "weekday 5", ["Freitag", "freitags", "Friday", "Freitagabend", "FREITAG"]),
        ("date", "day+1", ["morgen", "tomorrow", "morgen früh"]),
        ("date", "day+2", ["übermorgen", "the day after tomorrow", "uebermorgen"]),
        ("date", "day+0", ["heute", "today", "tonight", "heute Abend"]),
        ("date", "week+1", ["nächste Woche", "next week", "naechste woche", "kommende Woche"]),
        ("date", "-03-", ["im März", "in March"]),
        ("time", "15:00", ["15 Uhr", "15:00 Uhr", "3 pm", "3pm", "3:00 p.m.", "15.00 Uhr"]),
        ("time", "06:20", ["6:20 Uhr", "6 Uhr 20", "6:20 am", "06:20"]),
        ("number", "14 day", ["14 Tage", "zwei Wochen", "two weeks", "2 Wochen", "14 days"]),
        ("number", "30 day", ["30 Tagen", "30 days", "thirty days"]),
        ("number", "19 %", ["19 %", "19 Prozent", "19%", "19 percent"]),
        ("number", "800", ["800", "800,0"]),
        ("id", "4711b", ["4711-B", "#4711-B"]),
        ("id", "w6117", ["W-6117"]),
        ("id", "klido88", ["KLI-DO 88"]),
        ("id", "m4k2zp", ["M4K2ZP"]),
        ("id", "de12500105170648489890", ["DE12 5001 0517 0648 4898 90", "DE12500105170648489890"]),
        ("phone", "0541552010", ["0541 55 20 10", "+49 541 552010", "0541/552010"]),
        ("email", "a.b@c.example", ["a.b@c.example"]),
        ("link", "https://rt.example/99-1023?x=1", ["https://rt.example/99-1023?x=1"]),
        ("placeholder", "{{ticket.id}}", ["{{ticket.id}}"]),
        ("placeholder", "{name}", ["{name}"]),
        ("placeholder", "%NAME%", ["%NAME%"]),
        ("placeholder", "[[order]]", ["[[order]]"]),
        ("placeholder", "<%= name %>", ["<%= name %>"]),
        ("markup", "</b>", ["</b>"]),
    ],
)  # fmt: skip
def test_spellings_of_one_fact(kind: str, value: str, spellings: list[str]) -> None:
    for spelling in spellings:
        assert read(f"Das war {spelling}, ja.") == [(kind, value)], spelling


@pytest.mark.parametrize(
    "text",
    [
        "Einen Moment, ein Kollege sieht gleich nach.",
        "One moment, I am on it and will get back to you.",
        "Guten Morgen! Wir sehen uns jeden Morgen.",
        "Das mache ich zweimal, und beide sind gut.",
        "You may march on; both of us can wait a second.",
        "A two-way street, no. Ich bin am Apparat.",
    ],
)
def test_no_facts(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Bestellung 4711 und 30 Tage", [("id", "4711"), ("number", "30 day")]),
        ("Kundennummer: 20317", [("id", "20317")]),
        ("Ibuprofen 800, 38 x 27 cm", [("number", "800"), ("number", "38"), ("number", "27")]),
        ("Linie 22 am Klinikum", [("number", "22")]),
        ("ein 16-Zoll-Laptop mit 5G-Empfang", [("number", "16"), ("number", "5")]),
        ("von 22 bis 6 Uhr 21,8 Cent", [("number", "22"), ("time", "06:00"), ("number", "21.8")]),
        ("seit dem 3. März, 80.000 Abos", [("date", "-03-03"), ("number", "80000")]),
        ("am 14. nach 12 Uhr", [("date", "--14"), ("time", "12:00")]),
    ],
)
def test_what_a_number_is(text: str, wanted: list[tuple[str, str]]) -> None:
    assert read(text) == wanted


def test_names() -> None:
    text = "Guten Tag Frau Dr. Adeyemi,\n\nIvana Horvat ruft an.\n\nFreundliche Grüße\nNoah Keller"
    assert [v for k, v in read(text, "Ivana Horvat") if k == "name"] == ["adeyemi", "ivana", "horvat", "noah", "keller"]
    assert ("name", "sommer") in read("Ich leite es an Frau Sommer um.")
    assert read("Seine Frau und ein Herr im Anzug.") == []


def test_markdown() -> None:
    text = "Bitte **heute** [hier](https://a.example/x) klicken."
    assert [k for k, _ in read(text)] == ["markup", "date", "markup", "link"]
    assert [f.kind for f in lost(text, "Bitte heute hier klicken: https://a.example/x")] == ["markup", "markup"]
    assert lost(text, "Klicken Sie bitte **heute** [dort](https://a.example/x).") == ()


def test_offsets_are_those_of_the_text() -> None:
    text = "😀 Für „4711-B“ gab’s 1.240 € – am 18.11."
    assert (
        [text[f.start : f.end] for f in facts(text)] == [f.text for f in facts(text)] == ["4711-B", "1.240 €", "18.11."]
    )


def test_added() -> None:
    sources = [
        "Seit drei Wochen warte ich auf 4711-B, 1.240 € sind weg.",
        "Am 18.11.2024 kam nichts. Erst 3., dann 5. Mai.",
    ]
    same = (
        "Drei Wochen auf 4711-B zu warten, das sind 21 Tage; €1,240 fehlen seit dem 18. November. Ich sehe heute nach."
    )
    assert added(same, sources) == ()
    assert [f.text for f in added("Sie bekommen 20 € bis Freitag, Frau Becker, Nr. 4712-B.", sources)] == [
        "20 €", "Freitag", "Becker", "4712-B",
    ]  # fmt: skip
    assert added("Guten Tag Frau Becker", sources, ["Sabine Becker"]) == ()
    assert [f.text for f in added("Am 18.11.2025", sources)] == ["18.11.2025"], "another year is another day"
    assert added("Am 3. und 5. Mai", sources) == ()


def test_a_number_inside_a_longer_one_is_not_known() -> None:
    known = Known(["Vorgang 14711, 120 €"])
    assert [f.text for f in added("4711 und 20 €", known)] == ["4711", "20 €"]


def test_lost() -> None:
    draft = "Hallo Herr Weber, 4711-B kommt garantiert morgen. Offen sind 30 €, siehe https://a.example/x."
    gone = (draft.index("4711"), draft.index(" Offen"))
    assert lost(draft, "Zu 4711-B frage ich nach. Offen sind 30 €, siehe https://a.example/x.", [gone]) == ()
    assert [f.text for f in lost(draft, "Offen sind 30 €.", [gone])] == ["4711-B", "https://a.example/x"]
    assert [f.text for f in lost(draft, draft.replace("30 €", "etwas"))] == ["30 €"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "‮שלום 12 ₪", "😀٣٤", "é" * 99, "1" * 1_000_000, "{{" * 200_000, "1.2" * 200_000, "[a" * 200_000,
     "**a" * 200_000, "<a " * 200_000, "Frau Dr. " * 50_000, "a@" * 200_000, "\ud800 5 €", "31.02. 99.99. 25:61 Uhr",
     "5" * 5000 + " Wochen"],
    ids=lambda text: repr(text[:9]),
)  # fmt: skip
def test_never_breaks_and_stays_quick(text: str) -> None:
    begin = time.process_time()
    for fact in facts(text):
        assert text[fact.start : fact.end] == fact.text
    assert time.process_time() - begin < 20, "far more than linear time needs"


def test_a_link_with_a_placeholder_is_one_fact() -> None:
    text = "Siehe https://netz.example/tickets/{{ticket.id}}."
    assert [(f.kind, f.text) for f in facts(text)] == [("link", "https://netz.example/tickets/{{ticket.id}}")]
