"""Folding, sentences and parts of a text, and the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.patterns import PatternError, PatternSet, compile_pattern, fold_pattern
from coach.spelling import Speller
from coach.text import Text, fold, same_words, utf16_offset


@pytest.mark.parametrize(
    "spelling",
    [
        "Wir bitten um Verständnis",
        "wir bitten um Verstaendnis",
        "WIR BITTEN UM VERSTÄNDNIS",
        "wir  bitten\num Versta\u0308ndnis",
        "wir bit\u200bten um verständnis",
    ],
)
def test_one_pattern_finds_every_spelling(spelling: str) -> None:
    folded = Text(spelling).folded
    [(_, span)] = PatternSet([r"\bbitten um Verständnis\b"]).finditer(folded.text)
    start, end = folded.original(*span)
    assert fold(spelling[start:end]) == "bitten um verstaendnis"


def test_umlauts_may_lack_their_dots() -> None:
    assert PatternSet(["für"]).search("fur") and PatternSet(["für"]).search("fuer")


def test_a_gap_stays_inside_the_sentence() -> None:
    gap = PatternSet([r"\btut … leid\b"])
    assert gap.search("das tut uns allen leid")
    assert not gap.search("das tut gut. leid gibt es genug")
    far = "das tut uns nach allem, was Sie in dieser langen Zeit erlebt haben, wirklich sehr leid"
    assert not gap.search(far) and PatternSet([r"\btut … … leid\b"]).search(far)


@pytest.mark.parametrize("bad", ["(", r"(?<=a)b", "[äö]", "a*", r"\p{L}"])
def test_a_bad_pattern_is_refused(bad: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(bad)


def test_escapes_survive_folding() -> None:
    assert fold_pattern(r"\bÄ\S\B") == r"\b(?:ae?)\S\B"


@given(st.text())
def test_every_folded_character_comes_from_somewhere(text: str) -> None:
    folded = Text(text).folded
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    for i in range(len(folded.text)):
        start, end = folded.original(i, i + 1)
        assert 0 <= start < end <= len(text)


@given(st.text())
def test_sentences_are_in_order_and_inside(text: str) -> None:
    position = 0
    for start, end in Text(text).sentences:
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        position = end


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Am 18. November z. B. kommt es. Nr. 5 ist da! ok?",
            ["Am 18. November z. B. kommt es.", "Nr. 5 ist da!", "ok?"],
        ),
        ("Hallo Frau Roth,\n\nwir prüfen\ndas. Danke", ["Hallo Frau Roth,", "wir prüfen\ndas.", "Danke"]),
        ("Das macht 12,50 €. Wir liefern am 3.5. aus.", ["Das macht 12,50 €.", "Wir liefern am 3.5. aus."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[a:b] for a, b in Text(text).sentences] == sentences


def test_quotes_code_and_signature_are_left_out() -> None:
    text = "Guten Tag,\n\n> Ich gehe zum Anwalt!\nwir helfen.\n```\nAnwalt\n```\n\nFreundliche Grüße\nKanzlei Anwalt"
    assert "anwalt" not in Text(text).folded.text
    assert "wir helfen" in Text(text).folded.text


def test_a_postscript_is_no_signature() -> None:
    text = "Hallo Frau Roth,\n\nes ist da.\n\nViele Grüße\nJana\n\nPS: Beruhigen Sie sich."
    assert "beruhigen sie sich" in Text(text).folded.text


@pytest.mark.parametrize(
    ("typo", "read"),
    [
        ("erstatung", "erstattung"),
        ("erstattungg", "erstattung"),
        ("erstattnug", "erstattung"),
        ("bestattung", "bestattung"),
        ("versehen", "versehen"),
        ("er", "er"),
    ],
)
def test_typos_of_one_letter(typo: str, read: str) -> None:
    speller = Speller("de", ["erstattung", "verstehen"])
    assert speller.correct(Text(f"die {typo} kommt").folded).text == f"die {read} kommt"


def test_a_corrected_word_keeps_its_place() -> None:
    text = "Die Ertattung!"
    folded = Speller("de", ["erstattung"]).correct(Text(text).folded)
    start = folded.text.index("erstattung")
    assert text[slice(*folded.original(start, start + len("erstattung")))] == "Ertattung"


def test_utf16_counts_as_browsers_do() -> None:
    assert utf16_offset("a😀b", 2) == 3


@pytest.mark.parametrize(
    ("quote", "found"),
    [("er sagte 'ja'", "er sagte „ja"), ("„ja“ und  ging", "ja“ und ging"), ("er sagte nein", None), ("", None)],
)
def test_same_words(quote: str, found: str | None) -> None:
    text = "Und er sagte „ja“ und ging."
    span = same_words(quote, text)
    assert (text[slice(*span)] if span else None) == found
