"""The editor: what goes, what is put there, what stays word for word. No model, real rules."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.rulebook import RuleBook
from coach.service import ReplyCoach
from coach.types import Request, Result

COACH = ReplyCoach(RuleBook())


async def edited(draft: str, says: str = "Wo ist mein Paket?", name: str | None = "Frau Becker", **more: Any) -> Result:
    request = {
        "draft": draft,
        "conversation": [{"author": "customer", "text": says}],
        "customer_name": name,
        "authority": [],
        **more,
    }
    return await COACH.coach(Request.model_validate(request))


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        (  # a clause goes, the rest of the sentence stands
            "Guten Tag Frau Becker,\n\nden Beleg finden Sie im Kundenkonto, wie ich Ihnen schon "
            "mehrfach erklärt habe.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nden Beleg finden Sie im Kundenkonto.\n\nGruß\nTim",
        ),
        (  # a sentence goes, white space stays in order
            "Guten Tag Frau Becker,\n\nBitte beruhigen Sie sich.\n\nDer Beleg liegt bei.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim",
        ),
        (  # a promise becomes a check that is announced
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Wir erstatten Ihnen den vollen Betrag.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Ob eine Erstattung möglich ist, prüfe "
            "ich und melde mich bei Ihnen.\n\nGruß\nTim",
        ),
        (  # an id that goes with its sentence comes back
            "Guten Tag Frau Becker,\n\ndas Paket 4711-B ist garantiert morgen da.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nzu 4711-B prüfe ich den Stand und melde mich bei Ihnen.\n\nGruß\nTim",
        ),
        (  # the greeting gets the name
            "Hallo,\n\nder Beleg liegt bei, bitte prüfen Sie ihn.\n\nGruß\nTim",
            "Hallo Frau Becker,\n\nder Beleg liegt bei, bitte prüfen Sie ihn.\n\nGruß\nTim",
        ),
    ],
)
async def test_edits(draft: str, rewrite: str) -> None:
    result = await edited(draft)
    assert (result.rewrite, result.rewrite_by) == (rewrite, "editor")


async def test_words_are_never_cut() -> None:
    draft = "Hello Ms Roth,\n\nPlease calm down, we can refund 5 euros of it today.\n\nKind regards\nJo"
    result = await edited(draft, "Where is it?", "Ms Roth", language="en", authority=["Refund up to 5 euros"])
    assert result.rewrite and "We can refund 5 euros of it today." in result.rewrite


async def test_the_form_of_address_is_kept() -> None:
    result = await edited("Hi Max, wir erstatten dir den vollen Betrag.", name="Max", channel="chat")
    assert result.rewrite == "Hi Max, ob eine Erstattung möglich ist, prüfe ich und melde mich bei dir."


async def test_markup_placeholders_and_links_survive() -> None:
    draft = (
        "Hello Ms Roth,\n\nPlease calm down. See <b>{{ticket.id}}</b> at https://x.example/a?b=1.\n\nKind regards\nJo"
    )
    result = await edited(draft, "Where is it?", "Ms Roth", language="en")
    assert (
        result.rewrite == "Hello Ms Roth,\n\nSee <b>{{ticket.id}}</b> at https://x.example/a?b=1.\n\nKind regards\nJo"
    )


@pytest.mark.parametrize(
    ("says", "more", "said"),
    [
        ("Du dummes Arschloch!", {}, "Beleidigungen"),
        ("Du dummes Arschloch!", {"warnings_given": 1}, "Teamleitung"),
        ("Du dummes Arschloch!", {"warnings_given": 1, "supervisor_available": False}, "beende"),
        ("Ich gehe jetzt zum Anwalt.", {}, "Teamleitung"),
        ("Ich gehe jetzt zum Anwalt.", {"supervisor_available": False}, "im Moment nicht da"),
        ("Ich bringe mich heute Nacht um.", {}, "112"),
    ],
)
async def test_what_the_verdict_asks_for_is_said(says: str, more: dict[str, Any], said: str) -> None:
    result = await edited("Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim", says, **more)
    assert result.rewrite and said in result.rewrite and "er Beleg liegt bei." in result.rewrite
    assert result.rewrite.endswith("Gruß\nTim")


async def test_nothing_left_becomes_a_check() -> None:
    result = await edited("Sehr geehrte Kundin,\n\nbitte beruhigen Sie sich.\n\nGruß\nTim")
    assert (
        result.rewrite
        == "Guten Tag Frau Becker,\n\nich sehe mir Ihr Anliegen an und melde mich bei Ihnen.\n\nGruß\nTim"
    )


async def test_no_herr_or_frau_is_made_up() -> None:
    result = await edited("Sehr geehrter Kunde,\n\nder Beleg liegt bei, bitte prüfen Sie ihn.", name="Kim Becker")
    assert result.rewrite and result.rewrite.startswith("Guten Tag Kim Becker,")


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        (  # no scrap of white space where the first sentence went
            "Guten Tag Frau Becker,\r\n\r\nBeruhigen Sie sich. Der Beleg liegt bei.\r\n\r\nGruß\r\nTim",
            "Guten Tag Frau Becker,\r\n\r\nder Beleg liegt bei.\r\n\r\nGruß\r\nTim",
        ),
        (  # HTML: paragraphs stay paragraphs, none is left empty
            "<p>Sehr geehrte Kundin,</p><p>Beruhigen Sie sich.</p><p>Der Beleg liegt <b>bei</b>.</p><p>Gruß<br>Tim</p>",
            "<p>Guten Tag Frau Becker,</p><p>der Beleg liegt <b>bei</b>.</p><p>Gruß<br>Tim</p>",
        ),
        (
            "Sehr geehrte Kundin,<br><br>Beruhigen Sie sich.<br>Der Beleg liegt bei.<br><br>Gruß<br>Tim",
            "Guten Tag Frau Becker,<br><br>der Beleg liegt bei.<br><br>Gruß<br>Tim",
        ),
        (  # a tag whose partner stands elsewhere
            "Guten Tag Frau Becker, <b>beruhigen Sie sich. Der Beleg liegt bei.</b>",
            "Guten Tag Frau Becker, <b>der Beleg liegt bei.</b>",
        ),
        (  # a list stays a list, and counts from 1
            "Guten Tag Frau Becker,\n\n- der Beleg liegt bei\n- beruhigen Sie sich\n- das Paket ist da\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\n- der Beleg liegt bei\n- das Paket ist da\n\nGruß\nTim",
        ),
        (
            "Guten Tag Frau Becker,\n\n1. Beruhigen Sie sich.\n2. Der Beleg liegt bei.\n3. Das "
            "Paket ist da.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\n1. Der Beleg liegt bei.\n2. Das Paket ist da.\n\nGruß\nTim",
        ),
        (  # what headed a list goes with it
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nNoch etwas:\n- Beruhigen Sie sich.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim",
        ),
        (  # a postscript is read too
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim\n\nP.S.: Wir erstatten Ihnen den Betrag.",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim\n\nP.S.: Ob eine "
            "Erstattung möglich ist, prüfe ich und melde mich bei Ihnen.",
        ),
        (
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim\n\nP.S.: Beruhigen Sie sich.",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim",
        ),
        (  # quoted lines stay, before and after
            "> Wo?\n\nSehr geehrte Kundin, der Beleg liegt bei.\n\n> Alt",
            "> Wo?\n\nGuten Tag Frau Becker, der Beleg liegt bei.\n\n> Alt",
        ),
        ("Sehr geehrte Kundin,", "Guten Tag Frau Becker,\n\nich sehe mir Ihr Anliegen an und melde mich bei Ihnen."),
    ],
)
async def test_the_layout_stays(draft: str, rewrite: str) -> None:
    result = await edited(draft)
    assert (result.rewrite, result.rewrite_by) == (rewrite, "editor")


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        (  # what one fault hid comes to light when it is gone
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Die Verspätung liegt allein am Paketdienst, wir haben "
            "pünktlich versendet.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim",
        ),
        (  # of two promises the more telling one is checked
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Das Paket kommt garantiert morgen. Wir erstatten Ihnen den "
            "Betrag.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Ob eine Erstattung möglich ist, prüfe ich und melde mich "
            "bei Ihnen.\n\nGruß\nTim",
        ),
        (  # half a sentence does not stay
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei. Wenn Sie ihn jetzt schicken, beruhigen Sie sich bitte."
            "\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nder Beleg liegt bei.\n\nGruß\nTim",
        ),
        (  # a link is no case number
            "Guten Tag Frau Becker,\n\nberuhigen Sie sich und lesen Sie https://x.example/a.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nich sehe mir Ihr Anliegen an und melde mich bei Ihnen. Der Link dazu: "
            "https://x.example/a\n\nGruß\nTim",
        ),
        (  # a scrap before a colon says nothing alone
            "Guten Tag Frau Becker,\n\nzu Ihrer Bestellung 88-1: Sie erhalten den Kaufpreis zurück.\n\nGruß\nTim",
            "Guten Tag Frau Becker,\n\nzu 88-1 prüfe ich den Stand und melde mich bei Ihnen.\n\nGruß\nTim",
        ),
    ],
)
async def test_reads_as_if_a_person_wrote_it(draft: str, rewrite: str) -> None:
    result = await edited(draft)
    assert (result.rewrite, result.rewrite_by) == (rewrite, "editor")


async def test_the_boundary_comes_before_the_handover() -> None:
    draft = "Lieber Gast, wir bedauern, dass Sie sich so fühlen. Das Zimmer 212 war sauber."
    result = await edited(draft, "Ihr Arschlöcher, ich gehe zum Anwalt!", "Kim", channel="review")
    assert result.rewrite and result.rewrite.index("Beleidigungen") < result.rewrite.index("Teamleitung")


async def test_what_is_added_is_no_item_and_no_quote() -> None:
    draft = "Guten Tag Frau Becker,\n\n- der Beleg liegt bei\n- das Paket ist da\n\n> Alt"
    result = await edited(draft, "Ich gehe jetzt zum Anwalt.")
    assert result.rewrite and result.rewrite.startswith(draft.removesuffix("> Alt") + "Ihren Fall gebe ich")
    assert result.rewrite.endswith("\n\n> Alt")


PIECES = st.sampled_from(
    [
        "Bitte beruhigen Sie sich.",
        "Das Paket 4711-B kommt garantiert morgen.",
        "Der Beleg liegt bei.",
        "Siehe https://x.example/1.",
        "Wie bereits mehrfach erklärt, ist {{ticket.id}} offen.",
        "Guten Tag Frau Becker,",
        "\n\n",
        "> Anwalt!",
        "Gruß\nTim",
        "😀",
        "Ja, aber das geht nicht.",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, min_size=1, max_size=9).map(" ".join))
async def test_whatever_the_draft_no_id_is_lost(draft: str) -> None:
    if not draft.strip():
        return
    result = await edited(draft)
    if result.rewrite is not None:
        for fact in ("4711-B", "https://x.example/1", "{{ticket.id}}"):
            assert fact not in draft or fact in result.rewrite
    else:
        assert result.remaining
