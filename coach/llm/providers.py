"""LiteLLMModel: any model that litellm can reach, with time limits, retries and fallbacks.

The only module that knows litellm, which is imported with the first call, in a thread: that takes seconds
and 160 MB, and who runs without a model does not pay for it.
"""

import asyncio
import importlib
import logging
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from coach.errors import ModelAnswerUnusable, ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from coach.llm.answers import describe_schema, read_answer
from coach.llm.failures import CutOff, FormRefused, translate
from coach.llm.model import ChatMessage, Completion
from coach.llm.retries import persist
from coach.types import Usage

T = TypeVar("T", bound=BaseModel | str)
log = logging.getLogger("coach.llm")

# Set before the import: no price table and no header table is fetched, no .env is read.
SWITCHES: Final = {
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
}
TALKATIVE: Final = ("LiteLLM", "botocore", "openai")  # loggers that write prompts and keys when the level is debug
OWN_SERVERS: Final = {"openai", "hosted_vllm"}  # providers that may stand for a server of one's own, without a key


class LiteLLMModel:
    """A model by its litellm name, and those to ask in turn when it fails.

    `timeout` is how many seconds a try may take, and never more than half of what is left while another model could
    be asked; `tries` is how often one model is asked while its failures may pass.
    `api_base` and `api_key` are for `name` and for those `fallbacks` that have the same provider; the others take
    what litellm reads from the environment. `max_tokens` null leaves the length of an answer to the provider.
    `shown_as` is another name for the first model, in results, errors and the log.
    """

    def __init__(
        self,
        name: str,
        *,
        api_base: str | None = None,
        api_key: str | None = None,
        fallbacks: Sequence[str] = (),
        timeout: float = 20.0,
        tries: int = 3,
        max_tokens: int | None = None,
        temperature: float = 0.2,
        attempts: int = 3,
        is_local: bool = False,
        shown_as: str | None = None,
    ) -> None:
        self.attempts, self.is_local, self.reads = attempts, is_local, True
        settings = {"max_tokens": max_tokens, "temperature": temperature}
        self._endpoints: list[Endpoint] = []
        for other in (name, *fallbacks):
            own = (api_base, api_key) if _provider(other) == _provider(name) else (None, None)
            self._endpoints.append(Endpoint(other, *own, timeout=timeout, tries=tries, settings=settings))
        self.name = self._endpoints[0].name = shown_as or self._endpoints[0].name
        self._litellm: Any = None

    async def complete(self, messages: Sequence[ChatMessage], output_type: type[T], deadline: float) -> Completion[T]:
        """As ChatModel says: of the first model that gives a usable answer. The error is that of the last one asked."""
        await self._load(deadline)
        bill = Bill()
        failure: ModelError = ModelTimeout(f"{self.name} was not asked: no time was left")
        for endpoint in self._endpoints:
            if time.monotonic() >= deadline:
                break
            question = Question(messages, output_type, deadline, patient=endpoint is self._endpoints[-1])
            try:
                output = await endpoint.ask(self._litellm, question, bill)
            except ModelError as error:
                failure = error
            else:
                return Completion(output=output, model=endpoint.name, usage=bill.total())
        raise failure

    async def ready(self) -> bool:
        """Whether litellm is loaded and one of the models can be reached; the first time it takes seconds."""
        await self._load(math.inf)
        for endpoint in self._endpoints:
            if await endpoint.ready():
                return True
        return False

    async def aclose(self) -> None:
        """Close litellm's connections, those of other LiteLLMModels in the process too: they open new ones."""
        if self._litellm is not None:
            await self._litellm.close_litellm_async_clients()
            self._litellm.in_memory_llm_clients_cache.flush_cache()

    async def _load(self, deadline: float) -> None:
        if self._litellm is not None:
            return
        try:
            async with asyncio.timeout(None if deadline == math.inf else deadline - time.monotonic()):
                self._litellm = await asyncio.to_thread(_import_litellm)
        except TimeoutError:
            raise ModelTimeout(f"{self.name} was not asked: litellm is not loaded yet") from None


class Bill:
    """What the tries of one completion took."""

    def __init__(self) -> None:
        self._calls = self._prompt = self._completion = 0
        self._cost: float | None = 0.0

    def call(self) -> None:
        """Note that a try begins."""
        self._calls += 1

    def add(self, response: Any) -> None:
        """Note an answer. One unknown price makes the whole cost unknown."""
        usage = getattr(response, "usage", None)
        self._prompt += getattr(usage, "prompt_tokens", None) or 0
        self._completion += getattr(usage, "completion_tokens", None) or 0
        cost = getattr(response, "_hidden_params", {}).get("response_cost")
        self._cost = None if cost is None or self._cost is None else self._cost + cost

    def total(self) -> Usage:
        """Return the sums so far."""
        tokens = {"prompt_tokens": self._prompt, "completion_tokens": self._completion}
        return Usage(calls=self._calls, cost=self._cost, **tokens)


@dataclass(frozen=True)
class Question(Generic[T]):
    """What to ask; `patient` when nobody else could be asked."""

    messages: Sequence[ChatMessage]
    output_type: type[T]
    deadline: float
    patient: bool


@dataclass(frozen=True)
class Form:
    """How a model is told the form of its answer: as a JSON schema for the provider, in words, or both."""

    enforced: bool = True
    described: bool = False


class Endpoint:
    """One model at one address, and what was learned about it: what form it takes, whether it is down.

    `text` is `provider/model`, or `provider/model@http://host:port/v1` for an address (without a key) of its own.
    """

    def __init__(
        self,
        text: str,
        api_base: str | None,
        api_key: str | None,
        *,
        timeout: float,
        tries: int,
        settings: dict[str, float | int | None],
    ) -> None:
        self._model, at, address = text.strip().partition("@http")
        self.name = self._model
        self._api_base, self._api_key = (f"http{address}", None) if at else (api_base, api_key)
        if self._api_base and not self._api_key and _provider(self._model) in OWN_SERVERS:
            self._api_key = "none"  # the key in the environment is for the provider's own address only
        self._timeout, self._tries, self._settings = timeout, tries, settings
        self._form = Form()
        self._down = False

    async def ask(self, litellm: Any, question: Question[T], bill: Bill) -> T:
        """Ask, and again what may pass. Raises a ModelError, or a bug as it is."""
        form = self._form
        structured = issubclass(question.output_type, BaseModel)

        async def once() -> T:
            nonlocal form
            try:
                return await self._once(litellm, question, form, bill)
            except FormRefused as error:
                if not (structured and form.enforced):
                    raise ModelRefused(str(error)) from None
                form = Form(enforced=False, described=True)
                raise
            except ModelAnswerUnusable:
                form = replace(form, described=True)
                raise

        try:
            output = await persist(once, deadline=question.deadline, tries=self._tries, patient=question.patient)
        except (ModelUnavailable, ModelRefused):
            self._down = True
            raise
        self._form, self._down = form if structured else self._form, False
        return output

    async def _once(self, litellm: Any, question: Question[T], form: Form, bill: Bill) -> T:
        bill.call()
        messages, schema = question.messages, None
        if issubclass(question.output_type, BaseModel):
            schema = question.output_type if form.enforced else None
            messages = describe_schema(messages, question.output_type) if form.described else messages
        failure: Exception
        try:
            left = question.deadline - time.monotonic()
            seconds = min(self._timeout, left if question.patient else left / 2)
            async with asyncio.timeout(seconds):
                response = await litellm.acompletion(
                    model=self._model,
                    messages=[message.model_dump() for message in messages],
                    response_format=schema,
                    api_base=self._api_base,
                    api_key=self._api_key,
                    timeout=seconds,
                    num_retries=0,
                    max_retries=0,
                    drop_params=True,
                    **self._settings,
                )
        except TimeoutError:
            failure = ModelTimeout(f"{self.name} did not answer within {seconds:.1f} s")
        except Exception as error:
            failure = translate(self.name, error)
        else:
            bill.add(response)
            return read_answer(self.name, _content(self.name, response), question.output_type)
        log.warning("%s", failure if isinstance(failure, ModelError) else type(failure).__name__)
        raise failure  # out here, so that no foreign error with its text hangs on to it

    async def ready(self) -> bool:
        """Whether somebody listens at the address; where none is known, whether the last call got through."""
        if not self._api_base:
            return not self._down
        address = urlsplit(self._api_base)
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            async with asyncio.timeout(2.0):
                _, writer = await asyncio.open_connection(address.hostname, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True


def _provider(name: str) -> str:
    return name.strip().partition("/")[0]


def _content(model: str, response: Any) -> str:
    if not response.choices:
        raise ModelAnswerUnusable(f"{model} gave no answer")
    choice = response.choices[0]
    if choice.finish_reason == "length":
        raise CutOff(f"{model} gave an answer that is cut off")
    if choice.finish_reason == "content_filter":
        raise ModelRefused(f"{model} refused the request: its content filter")
    return choice.message.content or ""


def _import_litellm() -> Any:
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    for name in TALKATIVE:
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.WARNING)
    return litellm
