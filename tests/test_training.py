"""What is learned is what runs: the trainer's features and scores are the coach's, and bad data are seen."""

import json
from typing import Any

import numpy as np
import pytest

from coach.classifier import Unit
from training.check import problems, runs
from training.data import CATEGORIES, customer_examples, draft_examples
from training.fit import STRENGTH, counted, fit, scorer, vocabulary
from training.outoffold import threshold

CASE: dict[str, Any] = {
    "id": "made-up-1",
    "request": {
        "draft": "Guten Tag Frau Becker,\n\nberuhigen Sie sich. Ihr Paket liegt im Depot.\n\nGrüße\nJonas",
        "conversation": [{"author": "customer", "text": "Das ist eine Frechheit! Wo ist mein Paket?"}],
        "channel": "email",
        "language": "de",
        "authority": [],
    },
    "labels": {
        "signals": [{"kind": "anger", "quote": "eine Frechheit"}],
        "findings": [{"category": "condescension", "quote": "beruhigen Sie sich."}],
        "omissions": [],
        "rewrite": "Guten Tag Frau Becker,\n\nIhr Paket liegt im Depot. Ich frage nach.\n\nGrüße\nJonas",
    },
}


def line(**more: Any) -> str:
    sentence = {"id": "a-1", "role": "draft", "language": "de", "text": "Ihr Paket liegt im Depot.", "labels": []}
    return json.dumps({**sentence, **more})


def test_a_case_becomes_sentences_with_their_labels() -> None:
    found = [(e.unit.sentences[0], sorted(e.labels), e.source) for e in draft_examples(CASE)]
    assert found == [
        ("beruhigen Sie sich.", ["condescension"], "draft"),
        ("Ihr Paket liegt im Depot.", [], "draft"),
        ("Ich frage nach.", [], "rewrite"),
    ]
    angry, question, message = customer_examples(CASE)
    assert [sorted(e.labels) for e in (angry, question, message)] == [["anger"], [], ["anger"]]
    assert question.unsure == {"anger"} and message.unit.reply == CASE["request"]["draft"]


def test_the_trainer_and_the_coach_give_the_same_scores() -> None:
    examples = [e for e in draft_examples(CASE) for _ in range(2)]
    other = {**CASE, "labels": {**CASE["labels"], "findings": [{"category": "script", "quote": "Ihr Paket liegt"}]}}
    examples += [e for e in draft_examples(other) for _ in range(2)]
    arrays = fit(examples, "draft")
    units = [*(e.unit for e in examples), Unit(("Ein ganz anderer Satz!", "Ihr Paket?"), "Davor", ("channel=chat",))]
    known = vocabulary(counted([e.unit for e in examples]))
    x = known.matrix(counted(units)).toarray()
    expected = x @ (arrays["weights"] * arrays["scale"]) + arrays["bias"]
    assert expected.shape == (len(units), len(CATEGORIES) + 1) and STRENGTH > 0
    assert np.allclose(scorer(arrays).scores(units), expected, atol=0.01)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([line(labels=["anger"])], "cannot be: anger"),
        ([line(mood="good")], "mood"),
        ([line(), line(text="Ein anderer Satz.")], "the same id"),
        ([line(), line(id="a-2", text="ihr paket liegt im DEPOT")], "the same text"),
        (["{"], "not JSON"),
        ([line(text="eins zwei drei vier fünf sechs sieben acht neun")], "8 words in a row"),
    ],
)
def test_bad_sentences_are_seen(lines: list[str], problem: str) -> None:
    aside = frozenset(runs("Eins, zwei, drei, vier; fuenf sechs sieben acht!"))
    _, found = problems([(f"made-up:{n}", text) for n, text in enumerate(lines, 1)], aside)
    assert len(found) == 1 and problem in found[0]


def test_good_sentences_pass() -> None:
    sentences, found = problems([("made-up:1", line()), ("made-up:2", line(id="a-2", role="customer"))], frozenset())
    assert len(sentences) == 2 and not found


def test_a_threshold_is_borne_out_by_its_precision() -> None:
    chances = np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.72, 0.5, 0.4])
    right = np.array([True, True, True, True, True, True, False, False])
    assert threshold(right, chances, 0.9, 0.6) == pytest.approx(0.72, abs=1e-3)
    assert threshold(right, chances, 0.9, 0.8) == 0.8
    assert threshold(~right, chances, 0.9, 0.6) is None
