"""The service over HTTP: a real server, real requests. What the coach decides is tested elsewhere."""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from coach.app import create_app
from coach.errors import ConfigurationError, ModelUnavailable, RuleError
from coach.gate import Gate
from coach.llm import ChatMessage, Completion
from coach.openapi import EXAMPLES, LANGUAGES, example
from coach.settings import Settings
from coach.types import Request, Result
from scripts import docs
from tests.conftest import Serve

SECRET = "Xylophonkonzert-2931"
"""Stands for what a customer wrote; it must not come back in an error nor reach the log."""

POSTS = ("/v1/coach", "/v1/review")


class ScriptedModel:
    """A model that always fails, and knows whether it is there."""

    name, is_local, reads, attempts = "scripted", False, True, 1

    def __init__(self, *, is_there: bool, failure: Exception) -> None:
        self.is_there, self.failure, self.is_closed = is_there, failure, False

    async def complete(
        self, messages: Sequence[ChatMessage], output_type: type[Any], deadline: float
    ) -> Completion[Any]:
        raise self.failure

    async def ready(self) -> bool:
        return self.is_there

    async def aclose(self) -> None:
        self.is_closed = True


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that `response` is, checked for its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert set(content) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert content["status"] == status
    assert content["request_id"] == response.headers["x-request-id"]
    assert SECRET not in response.text
    return content


def fields(response: httpx.Response) -> list[str]:
    return [e["field"] for e in problem(response, 422)["errors"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", POSTS)
def test_an_answer_is_a_result_with_quotes_at_their_places(client: httpx.Client, path: str, language: str) -> None:
    request = example(f"{language}.json")
    response = client.post(path, json=request)
    assert response.status_code == 200
    result = Result.model_validate(response.json())
    assert result.context.language == language
    assert result.findings
    for finding in result.findings:
        assert request["draft"][finding.start : finding.end] == finding.quote
    for signal in result.signals:
        assert request["conversation"][signal.message]["text"][signal.start : signal.end] == signal.quote


def test_a_draft_alone_is_enough(client: httpx.Client) -> None:
    response = client.post("/v1/coach", json={"draft": "Jetzt beruhigen Sie sich bitte erst einmal."})
    assert response.status_code == 200
    assert [f["rule"] for f in response.json()["findings"]] == ["calm-down"]


def test_review_rewrites_nothing(client: httpx.Client) -> None:
    result = client.post("/v1/review", json=example("de.json")).json()
    assert (result["rewrite"], result["rewrite_by"], result["model"]) == (None, "none", None)


def test_the_largest_request_works(client: httpx.Client) -> None:
    sentence = "Ihr Paket ist heute beim Versand. "
    said = "Ich warte auf mein Paket und höre nichts von Ihnen. "
    request = {
        "draft": (sentence * 1_000)[:20_000],
        "conversation": [{"author": ("customer", "agent")[n % 2], "text": said * 4} for n in range(200)],
    }
    for path in POSTS:
        assert client.post(path, json=request).status_code == 200


@pytest.mark.parametrize("draft", ["", " \n\t"])
@pytest.mark.parametrize("path", POSTS)
def test_an_empty_draft_is_an_error(client: httpx.Client, path: str, draft: str) -> None:
    assert fields(client.post(path, json={"draft": draft})) == ["draft"]


@pytest.mark.parametrize(
    ("request_body", "field"),
    [
        ({}, "draft"),
        ({"draft": 5}, "draft"),
        ({"draft": "Hallo", SECRET[:3]: SECRET}, SECRET[:3]),
        ({"draft": "Hallo", "channel": SECRET}, "channel"),
        ({"draft": "Hallo", "language": SECRET}, "language"),
        ({"draft": "Hallo", "warnings_given": -1}, "warnings_given"),
        ({"draft": "Hallo", "conversation": [{"author": SECRET, "text": "x"}]}, "conversation.0.author"),
        ({"draft": "Hallo", "conversation": SECRET}, "conversation"),
        ({"draft": "Hallo", "options": {"offsets": SECRET}}, "options.offsets"),
        ({"draft": "Hallo", "options": {"deadline_ms": 1}}, "options.deadline_ms"),
        ({"draft": f"{SECRET} \ud800"}, "draft"),
        ({"draft": "Hallo", "conversation": [{"author": "agent", "text": "\udfff"}]}, "conversation.0.text"),
        ([SECRET], "body"),
        (None, "body"),
    ],
)
def test_a_bad_field_is_named_and_no_value_comes_back(client: httpx.Client, request_body: Any, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/coach", content=json.dumps(request_body), headers=headers)
    assert fields(response) == [field]


def test_a_long_name_of_an_unknown_key_is_cut(client: httpx.Client) -> None:
    (name,) = fields(client.post("/v1/coach", json={"draft": "Hallo", "k" * 5_000: 1}))
    assert len(name) < 100


@pytest.mark.parametrize(
    "body",
    [b"{", b"draft", b'{"draft": "\xff"}', b"", b"[" * 100_000, b'{"draft": "a", "warnings_given": ' + b"9" * 9_000],
)
def test_a_body_that_is_no_json_is_400(client: httpx.Client, body: bytes) -> None:
    response = client.post("/v1/coach", content=body, headers={"Content-Type": "application/json"})
    problem(response, 400 if body else 422)


def test_what_is_not_there_or_not_allowed(client: httpx.Client) -> None:
    problem(client.get("/v1/nothing"), 404)
    problem(client.get(f"/v1/rules/{SECRET}"), 404)
    response = client.get("/v1/coach")
    problem(response, 405)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_only_json_is_taken(client: httpx.Client, media_type: str) -> None:
    problem(client.post("/v1/coach", content=b'{"draft": "Hallo"}', headers={"Content-Type": media_type}), 415)


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/case+json"])
def test_json_by_its_other_names(client: httpx.Client, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    assert client.post("/v1/review", content=b'{"draft": "Hallo"}', headers=headers).status_code == 200


@pytest.fixture(scope="module")
def strict(serve: Serve) -> Iterator[httpx.Client]:
    """A client of a service with low limits."""
    settings = Settings(max_body_bytes=2_000, max_draft_chars=100, max_messages=2, max_message_chars=50)
    with serve(create_app(settings)) as client:
        yield client


class TestLimits:
    message: ClassVar = {"author": "customer", "text": "Guten Tag"}

    @pytest.mark.parametrize(
        ("request_body", "field"),
        [
            ({"draft": "a" * 101}, "draft"),
            ({"draft": "Hallo", "conversation": [message] * 3}, "conversation"),
            ({"draft": "Hallo", "conversation": [message, {**message, "text": "b" * 51}]}, "conversation.1.text"),
        ],
    )
    @pytest.mark.parametrize("path", POSTS)
    def test_a_limit_names_its_field(self, strict: httpx.Client, path: str, request_body: Any, field: str) -> None:
        assert fields(strict.post(path, json=request_body)) == [field]

    def test_at_the_limit_it_works(self, strict: httpx.Client) -> None:
        conversation = [{**self.message, "text": "b" * 50}] * 2
        assert strict.post("/v1/review", json={"draft": "a" * 100, "conversation": conversation}).status_code == 200

    def test_a_large_body_is_refused_by_its_announced_length(self, strict: httpx.Client) -> None:
        problem(strict.post("/v1/review", json={"draft": "a" * 3_000}), 413)

    def test_a_large_body_is_refused_though_it_announces_no_length(self, strict: httpx.Client) -> None:
        def parts() -> Iterator[bytes]:
            yield b'{"draft": "'
            for _ in range(30):
                yield b"a" * 100

        headers = {"Content-Type": "application/json"}
        problem(strict.post("/v1/review", content=parts(), headers=headers), 413)


class TestRules:
    def test_all_rules_and_each_filter(self, client: httpx.Client) -> None:
        everything = client.get("/v1/rules").json()
        assert {rule["language"] for rule in everything} == set(LANGUAGES)
        for key, value in (("language", "en"), ("kind", "signal"), ("category", "anger")):
            filtered = client.get("/v1/rules", params={key: value}).json()
            assert filtered == [rule for rule in everything if rule[key] == value]
            assert 0 < len(filtered) < len(everything)

    def test_filters_narrow_each_other(self, client: httpx.Client) -> None:
        found = client.get("/v1/rules?kind=finding&category=condescension&language=de").json()
        assert "calm-down" in {rule["id"] for rule in found}
        assert {(r["kind"], r["category"], r["language"]) for r in found} == {("finding", "condescension", "de")}

    def test_one_rule_in_each_language_that_has_it(self, client: httpx.Client) -> None:
        found = client.get("/v1/rules/calm-down").json()
        assert [rule["language"] for rule in found] == ["de", "en"]
        for rule in found:
            assert rule["why"] and rule["instead"] and rule["tips"] and rule["examples"]

    def test_a_filter_of_the_wrong_form_is_named(self, client: httpx.Client) -> None:
        assert fields(client.get("/v1/rules", params={"language": SECRET})) == ["language"]


class TestOperation:
    def test_alive(self, client: httpx.Client) -> None:
        assert client.get("/healthz").json() == {"status": "ok"}

    def test_ready_without_a_model(self, client: httpx.Client) -> None:
        answer = client.get("/readyz").json()
        assert answer["model"] == {"name": "none", "reachable": None}
        assert all(count > 0 for count in answer["rules"].values())

    @pytest.mark.parametrize("is_there", [True, False])
    def test_ready_whether_or_not_the_model_is_there(self, serve: Serve, is_there: bool) -> None:
        model = ScriptedModel(is_there=is_there, failure=ModelUnavailable("away"))
        with serve(create_app(Settings(model_api_key=SECRET), model=model)) as client:
            response = client.get("/readyz")
            answer = client.post("/v1/coach", json=example("de.json"))
        assert response.json()["model"] == {"name": "scripted", "reachable": is_there}
        assert SECRET not in response.text
        assert answer.status_code == 200
        assert answer.json()["degraded"] is True
        assert model.is_closed

    def test_a_request_id_is_kept_or_made(self, client: httpx.Client) -> None:
        assert client.get("/healthz", headers={"X-Request-ID": "case-17"}).headers["x-request-id"] == "case-17"
        made = {client.get("/healthz", headers={"X-Request-ID": "no good;" * 50}).headers["x-request-id"] for _ in "ab"}
        assert len(made) == 2
        assert all(len(one) == 32 for one in made)

    def test_the_log_has_a_line_a_request_and_no_word_of_it(
        self, client: httpx.Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            client.post("/v1/review", json={"draft": SECRET, "customer_name": SECRET})
            client.post("/v1/review", json={"draft": "Hallo", "channel": SECRET})
            client.get(f"/v1/rules/{SECRET}", headers={"X-Request-ID": "case-18"})
            client.get(f"/{SECRET}?{SECRET}")
        ours = [record.getMessage() for record in caplog.records if record.name.startswith("coach")]
        assert len([line for line in ours if line.startswith("POST /v1/review")]) == 2
        assert any(line.startswith("GET /v1/rules/{id} 404") and line.endswith("case-18") for line in ours)
        # The client's log is not ours, and the server's own access log is off: pytest listens to it all the same.
        others = ("httpx", "httpcore", "uvicorn.access")
        served = [record.getMessage() for record in caplog.records if not record.name.startswith(others)]
        assert not [line for line in served if SECRET in line]

    @pytest.mark.parametrize("where", ["application", "model"])
    def test_an_error_nobody_expected_says_nothing(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, where: str
    ) -> None:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                raise ValueError(SECRET)

        failing = ScriptedModel(is_there=True, failure=ValueError(SECRET))
        app = Gate(broken, max_body_bytes=1_000) if where == "application" else create_app(Settings(), model=failing)
        with serve(app) as client, caplog.at_level(logging.DEBUG):
            content = problem(client.post("/v1/coach", json=example("de.json") | {"conversation": []}), 500)
        assert content["errors"] == []
        assert "ValueError" in caplog.text
        assert SECRET not in caplog.text


class TestOtherOrigins:
    OURS, OTHERS = "https://desk.example", "https://other.example"

    def test_no_page_may_call_by_default(self, client: httpx.Client) -> None:
        response = client.get("/healthz", headers={"Origin": self.OURS})
        assert "access-control-allow-origin" not in response.headers

    def test_only_listed_origins_may(self, serve: Serve) -> None:
        with serve(create_app(Settings(cors_origins=(self.OURS,)))) as client:
            ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
            allowed = client.options("/v1/coach", headers={"Origin": self.OURS, **ask})
            refused = client.options("/v1/coach", headers={"Origin": self.OTHERS, **ask})
            error = client.post("/v1/coach", json={"draft": ""}, headers={"Origin": self.OURS})
        assert allowed.headers["access-control-allow-origin"] == self.OURS
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers
        assert error.headers["access-control-allow-origin"] == self.OURS
        assert fields(error) == ["draft"]


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


class TestDescription:
    def test_each_call_has_real_examples(self, document: dict[str, Any]) -> None:
        for path, operations in document["paths"].items():
            for operation in operations.values():
                answers = operation["responses"]["200"]["content"]["application/json"]["examples"]
                assert answers, path
                if path in POSTS:
                    requests = operation["requestBody"]["content"]["application/json"]["examples"]
                    assert set(requests) == set(answers) == set(LANGUAGES)
                    for code in LANGUAGES:
                        Request.model_validate(requests[code]["value"])
                        Result.model_validate(answers[code]["value"])

    def test_errors_are_described_as_problems(self, document: dict[str, Any]) -> None:
        responses = document["paths"]["/v1/coach"]["post"]["responses"]
        assert {"400", "413", "415", "422"} <= set(responses)
        for status in ("400", "413", "415", "422"):
            assert list(responses[status]["content"]) == ["application/problem+json"]
        assert "Problem" in document["components"]["schemas"]

    def test_the_answers_are_those_of_the_service(self) -> None:
        fresh = asyncio.run(docs.answers())
        stored = {path.name: path.read_text("utf-8") for path in (EXAMPLES / "answers").iterdir()}
        assert set(stored) == set(fresh), "run `make docs`"
        for name, content in fresh.items():
            assert stored[name] == content, f"{name} is stale: run `make docs`"


class TestSettings:
    def test_read_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COACH_CORS_ORIGINS", "https://a.example, https://b.example")
        monkeypatch.setenv("COACH_PORT", "")
        monkeypatch.setenv("COACH_LOG_LEVEL", "WARNING")
        settings = Settings.load()
        assert settings.cors_origins == ("https://a.example", "https://b.example")
        assert (settings.port, settings.log_level, settings.model) == (8000, "warning", "none")

    def test_read_from_a_file_only_where_one_is_named(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("settings")
        (folder / ".env").write_text("COACH_PORT=9\nOTHER=1\n")
        monkeypatch.chdir(folder)
        assert Settings.load().port == 8000
        monkeypatch.setenv("COACH_ENV_FILE", str(folder / ".env"))
        assert Settings.load().port == 9
        monkeypatch.setenv("COACH_ENV_FILE", "missing.env")
        with pytest.raises(ConfigurationError, match=r"missing\.env"):
            Settings.load()

    def test_a_bad_value_is_named_but_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COACH_PORT", SECRET)
        with pytest.raises(ConfigurationError, match="COACH_PORT") as caught:
            Settings.load()
        assert SECRET not in str(caught.value)

    def test_a_key_is_not_shown(self) -> None:
        assert SECRET not in repr(Settings(model_api_key=SECRET))

    def test_a_slip_of_the_pen_is_told(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        monkeypatch.setenv("COACH_MODLE", SECRET)
        create_app()
        assert "COACH_MODLE" in caplog.text
        assert SECRET not in caplog.text

    def test_a_mistake_in_the_rules_stops_the_start(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        with pytest.raises(RuleError):
            create_app(Settings(prompts_folder=tmp_path_factory.mktemp("empty")))
