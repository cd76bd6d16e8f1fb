"""LiteLLMModel against a provider that is slow, wrong, busy, broken or gone; and the names that build_model knows."""

import asyncio
import inspect
import logging
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import pytest

from coach.errors import (
    ConfigurationError,
    ModelAnswerUnusable,
    ModelError,
    ModelOverloaded,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from coach.llm import ChatMessage, Completion, LiteLLMModel, LocalModel, build_model
from coach.llm.failures import TABLE
from coach.types import Noun, Usage
from tests.provider_stub import (
    Behaviour,
    ProviderStub,
    completion,
    data,
    raw,
    refused_url,
    reset,
    slow,
    stall,
    status,
    text,
    trickle,
)

KEY = "sk-geheim-4711"
PROMPT = [
    ChatMessage(role="system", content="Du hilfst."),
    ChatMessage(role="user", content="Frau Becker wartet auf 4711-B."),
]


class Finding(Noun):
    category: Literal["script", "promise"]
    quote: str
    rule: str | None = None


class Reading(Noun):
    findings: tuple[Finding, ...] = ()
    certain: bool


READING = {"findings": [{"category": "promise", "quote": "garantiert morgen"}], "certain": True}
EXPECTED = Reading(findings=(Finding(category="promise", quote="garantiert morgen"),), certain=True)


class NewModel(Protocol):
    def __call__(self, name: str = "openai/stub", **settings: Any) -> LiteLLMModel: ...


@pytest.fixture
def provider() -> Iterator[ProviderStub]:
    with ProviderStub() as stub:
        yield stub


@pytest.fixture
async def new_model(provider: ProviderStub) -> AsyncIterator[NewModel]:
    made: list[LiteLLMModel] = []

    def new(name: str = "openai/stub", **settings: Any) -> LiteLLMModel:
        made.append(LiteLLMModel(name, **{"api_base": provider.url, "api_key": KEY, "timeout": 5.0, **settings}))
        return made[-1]

    yield new
    for model in made:
        await model.aclose()


async def ask(model: LiteLLMModel, seconds: float = 20.0) -> Completion[str]:
    return await model.complete(PROMPT, str, time.monotonic() + seconds)


async def read(model: LiteLLMModel, seconds: float = 20.0) -> Completion[Reading]:
    return await model.complete(PROMPT, Reading, time.monotonic() + seconds)


def test_importing_the_seam_imports_no_models_library() -> None:
    code = "import sys, coach.llm; print([m for m in ('litellm', 'openai', 'xllamacpp', 'httpx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# An answer


async def test_plain_text_comes_back_with_its_model_and_its_price(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(text("  Guten Tag Frau Becker\n", tokens=(120, 7)))
    answer = await ask(new_model(max_tokens=300))
    assert (answer.output, answer.model) == ("Guten Tag Frau Becker", "openai/stub")
    assert answer.usage == Usage(calls=1, prompt_tokens=120, completion_tokens=7, cost=None)
    [request] = provider.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["messages"] == [message.model_dump() for message in PROMPT]
    assert (request.body["max_tokens"], request.body["temperature"]) == (300, 0.2)
    assert "response_format" not in request.body


async def test_a_known_price_is_added_up_over_all_tries(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(text("", tokens=(1000, 0)), text("Guten Tag", tokens=(1000, 1000)))
    usage = (await ask(new_model("openai/gpt-4o-mini"))).usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (2, 2000, 1000)
    assert usage.cost == pytest.approx(2 * 0.00015 + 0.0006)


async def test_a_structured_answer_is_asked_for_by_schema(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(data(READING))
    answer = await read(new_model())
    assert answer.output == EXPECTED
    schema = provider.requests[0].body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["findings", "certain"]
    assert "schema" not in provider.requests[0].prompt


@pytest.mark.parametrize(
    "wrapping",
    [
        "```json\n{}\n```",
        "Hier ist mein Ergebnis:\n```\n{}\n```\nIch hoffe, das hilft.",
        "Gern! {} Noch Fragen?",
        "Die Form {{so}} gilt: {}",
        '<think>Erst {{"certain": 1}} denken.</think>{}',
    ],
)
async def test_json_is_found_in_prose(wrapping: str, provider: ProviderStub, new_model: NewModel) -> None:
    value = '{"certain": true, "findings": [{"category": "promise", "quote": "garantiert morgen"}]}'
    provider.script(text(wrapping.format(value)))
    assert (await read(new_model())).output == EXPECTED
    assert len(provider.requests) == 1


async def test_a_model_without_json_schemas_gets_the_form_in_words(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(400, message="response_format is not supported"), data(READING))
    model = new_model()
    assert (await read(model)).output == EXPECTED
    assert (await read(model)).output == EXPECTED
    first, *later = provider.requests
    assert "response_format" in first.body
    assert len(later) == 2  # learned: the third request begins with what worked
    for request in later:
        assert "response_format" not in request.body
        assert '"certain"' in request.body["messages"][0]["content"]
        assert request.body["messages"][0]["content"].startswith("Du hilfst.")


async def test_a_model_that_ignores_the_schema_gets_the_form_in_words_too(
    provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(text("Der Entwurf verspricht zu viel."), data(READING))
    model = new_model()
    assert (await read(model)).output == EXPECTED
    assert (await read(model)).usage.calls == 1
    assert '"certain"' not in provider.requests[0].prompt
    assert all('"certain"' in request.prompt for request in provider.requests[1:])


async def test_many_calls_at_once(provider: ProviderStub, new_model: NewModel) -> None:
    model = new_model()
    answers = await asyncio.gather(*(ask(model) for _ in range(20)))
    assert [answer.output for answer in answers] == ["Guten Tag"] * 20


# An answer that cannot be used


@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [
        pytest.param(text(""), 2, id="empty"),
        pytest.param(text(" \n"), 2, id="blank"),
        pytest.param(raw(completion(None)), 2, id="null"),
        pytest.param(text("<think>Hm.</think>"), 2, id="only thoughts"),
        pytest.param(text("Guten Tag Frau Bec", finish_reason="length"), 1, id="cut off"),
        pytest.param(text("x" * 3_000_000), 2, id="huge"),
        pytest.param(raw(b"<html>Bad gateway</html>"), 2, id="no JSON body"),
        pytest.param(raw(b""), 2, id="no body"),
        pytest.param(raw(b'{"choices": [null]}'), 2, id="null choice"),
        pytest.param(raw(b'{"choices": []}'), 2, id="no choice"),
    ],
)
async def test_an_unusable_answer_is_asked_for_once_more_at_most(
    behaviour: Behaviour, requests: int, provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(behaviour)
    with pytest.raises(ModelAnswerUnusable):
        await ask(new_model())
    assert len(provider.requests) == requests


@pytest.mark.parametrize(
    "answer",
    [
        text("Das ist kein JSON."),
        text('{"findings": [], "certain": tru'),
        data({"findings": [], "certain": True, "verdict": "continue"}),
        data({"findings": [{"category": "rude", "quote": "x"}], "certain": True}),
        data({"findings": []}),
        text('{"a":' * 40_000),
    ],
)
async def test_an_answer_of_another_form_is_unusable(
    answer: Behaviour, provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(answer)
    with pytest.raises(ModelAnswerUnusable):
        await read(new_model())
    assert len(provider.requests) == 2


async def test_a_second_answer_may_be_better(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(text("kein JSON"), data(READING))
    assert (await read(new_model())).output == EXPECTED


# Failures that may pass


@pytest.mark.parametrize("failure", [status(500), status(502), status(429), status(503), reset()])
async def test_what_may_pass_is_tried_again(failure: Behaviour, provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(failure, text("Guten Tag"))
    answer = await ask(new_model())
    assert (answer.output, answer.usage.calls, len(provider.requests)) == ("Guten Tag", 2, 2)


@pytest.mark.parametrize(
    ("name", "failure", "error"),
    [
        ("openai/stub", status(500), ModelUnavailable),
        ("openai/stub", status(429), ModelOverloaded),
        ("openai/stub", status(503), ModelOverloaded),
        ("anthropic/claude-sonnet-4-5", status(529, kind="overloaded_error"), ModelOverloaded),
        ("openai/stub", reset(), ModelUnavailable),
    ],
)
async def test_each_failure_has_its_name(
    name: str, failure: Behaviour, error: type[ModelError], provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(failure)
    with pytest.raises(ModelUnavailable) as caught:
        await ask(new_model(name, tries=1))
    assert (type(caught.value), len(provider.requests)) == (error, 1)


async def test_it_gives_up_after_a_few_tries(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(500))
    with pytest.raises(ModelUnavailable):
        await ask(new_model(tries=3))
    assert len(provider.requests) == 3


async def test_a_refused_connection_is_no_outage_of_ours(new_model: NewModel) -> None:
    with pytest.raises(ModelUnavailable):
        await ask(new_model(api_base=refused_url(), tries=1))


async def test_retry_after_in_seconds(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(429, retry_after="1"), text("Guten Tag"))
    before = time.monotonic()
    await ask(new_model())
    assert time.monotonic() - before >= 1.0


async def test_retry_after_as_a_date(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(503, retry_after=formatdate(time.time() + 2, usegmt=True)), text("Guten Tag"))
    before = time.monotonic()
    await ask(new_model())
    assert time.monotonic() - before >= 0.9  # a date has whole seconds


async def test_nobody_waits_past_the_deadline(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(429, retry_after="3600"))
    before = time.monotonic()
    with pytest.raises(ModelOverloaded) as caught:
        await ask(new_model(), seconds=10)
    assert caught.value.retry_after == 3600
    assert time.monotonic() - before < 5
    assert len(provider.requests) == 1


# Time


@pytest.mark.parametrize("behaviour", [slow(30, text("zu spät")), stall(), trickle()], ids=["slow", "stall", "trickle"])
async def test_a_try_ends_with_its_time(behaviour: Behaviour, provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(behaviour, text("Guten Tag"))
    assert (await ask(new_model(timeout=0.3))).output == "Guten Tag"


@pytest.mark.parametrize("behaviour", [slow(30, text("zu spät")), stall(), trickle(), status(500)])
async def test_the_deadline_holds(behaviour: Behaviour, provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(behaviour)
    model = new_model(timeout=30.0, tries=1000)
    assert await model.ready()
    before = time.monotonic()
    with pytest.raises(ModelUnavailable):
        await ask(model, seconds=0.6)
    assert time.monotonic() - before < 2.5
    assert provider.requests


async def test_without_time_nothing_is_asked(provider: ProviderStub, new_model: NewModel) -> None:
    with pytest.raises(ModelTimeout):
        await ask(new_model(), seconds=-1)
    assert provider.requests == []


async def test_cancelling_the_caller_cancels_the_call(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(slow(30, text("zu spät")))
    call = asyncio.create_task(ask(new_model()))
    await _until(lambda: len(provider.requests) == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await _until(lambda: provider.hung_up == 1)
    assert len(provider.requests) == 1


# Failures that do not pass


@pytest.mark.parametrize(
    "failure",
    [
        status(400),
        status(401),
        status(402),
        status(403),
        status(404),
        status(413),
        status(422),
        status(400, kind="context_length_exceeded", message="This model's maximum context length is 8192 tokens"),
        status(429, kind="insufficient_quota", message="You exceeded your current quota"),
        text("", finish_reason="content_filter"),
    ],
)
async def test_what_cannot_pass_is_not_tried_again(
    failure: Behaviour, provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(failure)
    with pytest.raises(ModelRefused):
        await ask(new_model())
    assert len(provider.requests) == 1


async def test_a_request_that_is_refused_with_and_without_schema_is_refused(
    provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(status(400))
    with pytest.raises(ModelRefused):
        await read(new_model())
    assert len(provider.requests) == 2


async def test_a_missing_key_is_a_refusal(monkeypatch: pytest.MonkeyPatch, new_model: NewModel) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = new_model("openai/gpt-4o-mini", api_base=None, api_key=None)
    assert await model.ready()
    with pytest.raises(ModelRefused):
        await ask(model)
    assert not await model.ready()


async def test_a_name_that_nobody_knows_is_a_refusal(new_model: NewModel) -> None:
    with pytest.raises(ModelRefused):
        await ask(new_model("nonsense", api_base=None))


@pytest.mark.parametrize("name", ["openai/stub", "anthropic/claude-sonnet-4-5"])
async def test_a_bug_comes_out_as_what_it_is(name: str, provider: ProviderStub, new_model: NewModel) -> None:
    with pytest.raises(TypeError):  # litellm hides it in one of its own errors
        await ask(new_model(name, temperature=cast(float, object())))
    assert provider.requests == []


def test_every_error_of_the_libraries_is_in_the_table() -> None:
    import litellm.exceptions
    import openai

    own = {c for _, c in inspect.getmembers(litellm.exceptions, inspect.isclass) if issubclass(c, Exception)}
    beneath = {c for _, c in inspect.getmembers(openai, inspect.isclass) if issubclass(c, openai.APIError)}
    names = {c.__name__ for c in own | beneath}
    assert len(names) > 30
    assert names - set(TABLE) == set()


# Whom to ask next


async def test_fallbacks_are_asked_in_turn(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(500), text(""), text(""), text("Guten Tag"))
    answer = await ask(new_model(fallbacks=["openai/second", "openai/third"], tries=1))
    assert (answer.model, answer.usage.calls) == ("openai/third", 4)
    assert [request.body["model"] for request in provider.requests] == ["stub", "second", "second", "third"]


async def test_a_refusal_moves_on_too(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(401), text("Guten Tag"))
    assert (await ask(new_model(fallbacks=["openai/second"]))).model == "openai/second"


async def test_nobody_waits_long_for_one_model_while_another_is_free(
    provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(status(429, retry_after="8"), text("Guten Tag"))
    before = time.monotonic()
    answer = await ask(new_model(fallbacks=["openai/second"]))
    assert answer.model == "openai/second"
    assert time.monotonic() - before < 6


@pytest.mark.parametrize(("timeout", "seconds"), [(0.3, 20), (30, 2)])
async def test_a_stalled_model_leaves_time_for_the_next(
    timeout: float, seconds: float, provider: ProviderStub, new_model: NewModel
) -> None:
    provider.script(stall(), text("Guten Tag"))
    model = new_model(fallbacks=["openai/second"], timeout=timeout)
    assert await model.ready()
    answer = await ask(model, seconds)
    assert (answer.model, answer.usage.calls) == ("openai/second", 2)


async def test_when_all_fail_the_last_error_comes_out(provider: ProviderStub, new_model: NewModel) -> None:
    provider.script(status(500), status(401))
    with pytest.raises(ModelRefused, match="openai/second"):
        await ask(new_model(fallbacks=["openai/second"], tries=1))


async def test_a_key_goes_to_its_own_address_only(
    monkeypatch: pytest.MonkeyPatch, provider: ProviderStub, new_model: NewModel
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-der-umgebung")
    provider.script(status(401), text("Guten Tag"))
    with ProviderStub(status(401)) as other:
        model = new_model(fallbacks=[f"openai/second@{other.url}", "openai/third"])
        assert (await ask(model)).model == "openai/third"
        assert [request.headers["authorization"] for request in other.requests] == ["Bearer none"]
    assert {request.headers["authorization"] for request in provider.requests} == {f"Bearer {KEY}"}


async def test_ready_knows_who_listens(provider: ProviderStub, new_model: NewModel) -> None:
    assert await new_model().ready()
    assert not await new_model(api_base=refused_url()).ready()
    assert await new_model(api_base=refused_url(), fallbacks=[f"openai/second@{provider.url}"]).ready()
    assert provider.requests == []


# What leaks


@pytest.mark.parametrize(
    "behaviour",
    [
        *(status(code, message=f"{KEY} {PROMPT[1].content}", kind="Becker") for code in (400, 401, 429, 500)),
        raw(f"{KEY} {PROMPT[1].content}".encode()),
        text(f'{{"certain": "{KEY} {PROMPT[1].content}"}}'),
        raw(f'{{"choices": [null], "error": "{KEY} {PROMPT[1].content}"}}'.encode()),
        text(PROMPT[1].content, finish_reason="length"),
        stall(),
        reset(),
    ],
)
async def test_no_error_and_no_log_holds_a_text_or_a_key(
    behaviour: Behaviour,
    provider: ProviderStub,
    new_model: NewModel,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.script(behaviour)
    with pytest.raises(ModelError) as caught:
        await read(new_model(timeout=0.3, tries=1))
    seen = caplog.text + "".join(capfd.readouterr())
    error: BaseException | None = caught.value
    while error is not None:
        seen += repr(error) + str(error.__dict__)
        error = error.__cause__ or error.__context__
    assert "openai/stub" in seen
    assert not [secret for secret in (KEY, "Becker", "4711") if secret in seen]


# Names


def test_none_is_no_model() -> None:
    assert build_model("none") is None
    assert build_model("") is None


def test_local_and_a_path_are_models_of_this_machine() -> None:
    for name, shown in (("local", "local"), ("/models/qwen-0.5b.gguf", "qwen-0.5b")):
        model = build_model(name)
        assert isinstance(model, LocalModel)
        assert (model.name, model.is_local, model.reads, model.attempts) == (shown, True, False, 1)


def test_any_other_name_is_a_providers() -> None:
    model = build_model("mistral/mistral-small-latest", fallbacks=["openai/gpt-4o-mini"])
    assert isinstance(model, LiteLLMModel)
    assert (model.name, model.is_local, model.reads, model.attempts) == (
        "mistral/mistral-small-latest",
        False,
        True,
        3,
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("local", {"fallbacks": ["openai/gpt-4o-mini"]}),
        ("none", {"fallbacks": ["openai/gpt-4o-mini"]}),
        ("local", {"api_base": "http://127.0.0.1:1/v1"}),
        ("openai/gpt-4o-mini", {"fallbacks": ["local"]}),
        ("openai/gpt-4o-mini", {"fallbacks": [""]}),
    ],
)
def test_settings_that_do_not_go_together(name: str, settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        build_model(name, folder=tmp_path, **settings)


async def _until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
