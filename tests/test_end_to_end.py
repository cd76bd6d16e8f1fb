"""The whole service over HTTP against a provider that answers well, slowly, wrongly, cut off, or not at all.

Whatever it does, the caller gets a complete answer in time, and the answer says who wrote it.
"""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from coach.app import create_app
from coach.settings import Settings
from tests.conftest import Serve
from tests.provider_stub import (
    Behaviour,
    ProviderStub,
    Recorded,
    answer,
    data,
    raw,
    refused_url,
    reset,
    slow,
    stall,
    status,
    text,
)

DRAFT = (
    "Sehr geehrte Kundin,\n\nbitte beruhigen Sie sich. Ihr Paket 4711-B liegt im Depot Nord."
    "\n\nFreundliche Grüße\nJonas"
)
GOOD = (
    "Guten Tag Frau Becker,\n\nSie warten auf 4711-B, das Paket liegt im Depot Nord. Ich frage dort nach und schreibe "
    "Ihnen.\n\nFreundliche Grüße\nJonas"
)
BODY = {
    "draft": DRAFT,
    "conversation": [{"author": "customer", "text": "Wo ist mein Paket 4711-B?"}],
    "customer_name": "Frau Becker",
    "language": "de",
    "authority": [],
}


def reads_then_writes(recorded: Recorded) -> str:
    """What a good model answers: JSON where the schema is asked for, else the reply."""
    reading = '{"signals": [], "findings": [], "omissions": ["acknowledgement"]}'
    return reading if recorded.body.get("response_format") else GOOD


@pytest.fixture
def stub() -> Iterator[ProviderStub]:
    with ProviderStub() as stub:
        yield stub


def coached(serve: Serve, url: str, patience: float = 20) -> tuple[dict[str, Any], float]:
    """The answer of the service with a model at `url`, and how long it took; `patience` is the time for all of it."""
    settings = Settings(model="openai/stub", model_api_base=url, model_api_key="k", model_timeout_s=patience / 3)
    with serve(create_app(settings)) as client:
        begin = time.monotonic()
        response = client.post("/v1/coach", json={**BODY, "options": {"deadline_ms": int(1000 * patience)}})
        took = time.monotonic() - begin
    assert response.status_code == httpx.codes.OK, response.text
    return response.json(), took


def test_a_good_model_writes(serve: Serve, stub: ProviderStub) -> None:
    stub.script(answer(reads_then_writes))
    result, _ = coached(serve, stub.url)
    assert (result["rewrite"], result["rewrite_by"], result["degraded"]) == (GOOD, "model", False)
    assert "acknowledgement" in result["omissions"] and result["usage"]["calls"] == 2
    assert len(stub.requests) == 2


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(slow(20, text(GOOD)), id="slow"),
        pytest.param(stall(20), id="stall"),
        pytest.param(text(GOOD[:80], finish_reason="length"), id="cut off"),
        pytest.param(text(""), id="empty"),
        pytest.param(raw(b"{not json"), id="no json"),
        pytest.param(data({"choices": "none"}), id="wrong shape"),
        pytest.param(status(429, retry_after="30"), id="429, come back later"),
        pytest.param(status(429), id="429"),
        pytest.param(status(500), id="500"),
        pytest.param(status(401), id="401"),
        pytest.param(reset(), id="reset"),
    ],
)
def test_a_bad_provider_never_costs_the_answer(serve: Serve, stub: ProviderStub, behaviour: Behaviour) -> None:
    stub.script(behaviour)
    result, took = coached(serve, stub.url, patience=2.4)
    assert result["degraded"] and result["rewrite_by"] == "editor" and result["warnings"]
    assert result["rewrite"].startswith("Guten Tag Frau Becker,") and "4711-B" in result["rewrite"]
    assert {f["category"] for f in result["findings"]} == {"script", "condescension"}
    assert took < 6


def test_nobody_there(serve: Serve) -> None:
    result, _ = coached(serve, refused_url(), patience=2.4)
    assert result["degraded"] and result["rewrite_by"] == "editor"


def test_a_wrong_answer_is_repaired_or_refused(serve: Serve, stub: ProviderStub) -> None:
    wrong = GOOD.replace("4711-B", "4712-C")
    stub.script(answer(lambda recorded: reads_then_writes(recorded).replace(GOOD, wrong)))
    result, _ = coached(serve, stub.url)
    assert result["rewrite_by"] == "editor" and not result["degraded"]
    assert len(stub.requests) == 4, "one reading, one candidate, two repairs"
    assert "fact_lost: 4711-B" in stub.requests[-1].prompt


def test_an_answer_in_the_wrong_language_is_refused(serve: Serve, stub: ProviderStub) -> None:
    english = "Hello Ms Becker,\n\nyour parcel 4711-B is at the depot Nord. I am asking them and will write.\n\nJonas"
    stub.script(answer(lambda recorded: reads_then_writes(recorded).replace(GOOD, english)))
    result, _ = coached(serve, stub.url)
    assert result["rewrite_by"] == "editor" and result["context"]["language"] == "de"
