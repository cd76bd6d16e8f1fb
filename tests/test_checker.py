"""What may not leave: facts lost or added, negations turned, promises added, another form of address, other words."""

from typing import Any

import pytest

from coach.checker import contradicted, turned
from coach.rulebook import RuleBook
from coach.service import ReplyCoach
from coach.types import Request
from tests.scripted import model_that

COACH = ReplyCoach(RuleBook())
CASES: dict[str, dict[str, str]] = {
    "de": {
        "draft": "Sehr geehrte Kundin,\n\nbitte beruhigen Sie sich. {}\n\nFreundliche Grüße\nJonas Weber",
        "rewrite": "Guten Tag Frau Becker,\n\n{}\n\nFreundliche Grüße\nJonas Weber",
        "customer_name": "Frau Becker",
        "says": "Wo ist mein Paket?",
    },
    "en": {
        "draft": "Dear customer,\n\nplease calm down. {}\n\nKind regards\nJonas Weber",
        "rewrite": "Hello Ms Roth,\n\n{}\n\nKind regards\nJonas Weber",
        "customer_name": "Ms Roth",
        "says": "Where is my parcel?",
    },
}


async def refused(language: str, draft: str, rewrite: str, **more: Any) -> str | None:
    """Why the coach refuses a model's text; None where it takes it."""
    case = CASES[language]
    request = {
        "draft": case["draft"].format(draft),
        "conversation": [{"author": "customer", "text": case["says"]}],
        "language": language,
        "customer_name": case["customer_name"],
        "agent_name": "Jonas Weber",
        "authority": [],
        **more,
    }
    model = model_that(writes=[case["rewrite"].format(rewrite)])
    result = await COACH.with_model(model).coach(Request.model_validate(request))
    return None if result.rewrite_by == "model" else " ".join(result.warnings)


@pytest.mark.parametrize(
    ("language", "draft", "rewrite", "kind"),
    [
        ("de", "Das Paket liegt im Depot, Nummer 4711-B.", "Das Paket liegt im Depot.", "fact_lost"),
        ("de", "Das dauert 3 Wochen.", "Das dauert 3 Tage.", "fact_"),
        ("de", "Das dauert drei Wochen.", "Das dauert zwei Wochen.", "fact_"),
        ("de", "Das Gerät kostet 1.240 €.", "Das Gerät kostet 1.420 €.", "fact_"),
        ("de", "Das Paket liegt im Depot.", "Das Paket liegt im Depot. Herr Meier hilft gern.", "fact_added"),
        ("de", "Der Vertrag ist nicht vor dem 31.12. kündbar.", "Der Vertrag ist zum 31.12. kündbar.", "negation"),
        ("de", "Eine Erstattung ist nicht möglich.", "Eine Erstattung ist möglich.", "negation"),
        ("de", "Das Gerät ist nicht wasserdicht.", "Das Gerät ist wasserdicht.", "negation"),
        ("de", "Wir können das Paket leider nicht umleiten.", "Wir können das Paket gern umleiten.", "negation"),
        ("de", "Die Garantie gilt für den Akku.", "Die Garantie gilt nicht für den Akku.", "negation"),
        ("de", "Sie müssen die Rechnung nicht bezahlen.", "Sie müssen die Rechnung bezahlen.", "negation"),
        ("en", "You don't have to pay the fee.", "You have to pay the fee.", "negation"),
        ("en", "We can't change the address any more.", "We can change the address.", "negation"),
        ("en", "The device isn't waterproof.", "The device is waterproof.", "negation"),
        (
            "de",
            "Das Paket liegt im Depot.",
            "Das Paket liegt im Depot. Wir erlassen Ihnen die Gebühr.",
            "promise_added",
        ),
        ("en", "It is at the depot.", "It is at the depot. We'll refund you in full.", "promise_added"),
        ("de", "Rufen Sie uns an.", "Rufen Sie uns an, wenn du magst.", "form_of_address"),
        (
            "de",
            "Das Paket liegt im Depot.",
            "Das Paket liegt im Depot. [Name der Filiale einfügen]",
            "instruction_leaked",
        ),
        (
            "de",
            "Das Paket liegt im Depot.",
            "Das Paket liegt im Depot.\n\nHinweis: Ich habe die Floskeln entfernt.",
            "leaked",
        ),
        (
            "en",
            "It is at the depot.",
            "Sure! Here's the improved version:\n\nIt is at the depot.",
            "instruction_leaked",
        ),
        ("en", "It is at the depot.", "It is at the depot. Note: I removed the stock phrases.", "instruction_leaked"),
    ],
)
async def test_does_not_leave(language: str, draft: str, rewrite: str, kind: str) -> None:
    why = await refused(language, draft, rewrite)
    assert why and kind in why


@pytest.mark.parametrize(
    ("language", "draft", "rewrite", "more"),
    [
        ("de", "Das Gerät ist nicht wasserdicht.", "Wasserdicht ist das Gerät nicht.", {}),
        (
            "de",
            "Der Vertrag ist nicht vor dem 31.12. kündbar.",
            "Vor dem 31.12. lässt sich der Vertrag nicht kündigen.",
            {},
        ),
        ("de", "Der Vertrag ist nicht vor dem 31.12. kündbar.", "Der Vertrag ist frühestens zum 31.12. kündbar.", {}),
        ("de", "Das Paket ist da.", "Das Paket ist da. Es tut mir leid, dass Sie nichts gehört haben.", {}),
        (
            "de",
            "Wir erstatten 20 € für das Paket.",
            "20 € erstatten wir für das Paket.",
            {"authority": ["Erstattung bis 30 €"]},
        ),
        # a promise that is only doubtful stays as it stands, and a dismissed one too
        ("de", "Wir senden es Ihnen zu.", "Wir senden es Ihnen zu.", {"authority": None}),
        ("de", "Sie schrieben: „Du hilfst mir nicht.“", "Sie schrieben: „Du hilfst mir nicht.“ Ich helfe Ihnen.", {}),
    ],
)
async def test_may_leave(language: str, draft: str, rewrite: str, more: dict[str, Any]) -> None:
    assert await refused(language, draft, rewrite, **more) is None


async def test_a_dismissed_promise_is_no_fault() -> None:
    said = "Wir erstatten Ihnen das Geld."
    why = await refused("de", said, said)
    assert why and "promise_added" in why
    assert await refused("de", said, said, options={"ignore": ["promises-a-refund"]}) is None


async def test_items_are_counted_anew() -> None:
    draft = "Das ist zu tun:\n1. Beruhigen Sie sich.\n2. Der Beleg geht an uns.\n3. Das Paket bleibt da."
    assert await refused("de", draft, "Das ist zu tun:\n1. Der Beleg geht an uns.\n2. Das Paket bleibt da.") is None


def test_a_clause_that_stays_answers_for_one_like_it() -> None:
    draft = "Das Paket ist nicht da."
    assert not contradicted(draft, "Das Paket ist nicht da. Dass das Paket da ist, dachten wir auch.", [])
    assert contradicted(draft, "Das Paket ist da.", []) == ["Das Paket ist da."]
    assert not contradicted(draft, "Das Paket ist da.", [(0, 10)])


def test_what_had_to_go_cannot_be_turned() -> None:
    draft, rewrite = "Die 40 € sind ja nicht weg.", "Die 40 € sind da."
    assert [fact.text for fact in turned(draft, rewrite, [])] == ["40 €"]
    assert turned(draft, rewrite, [(0, len(draft))]) == []
