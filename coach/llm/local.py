"""LocalModel: a GGUF model in this process, for those who have no provider or may not use one.

llama.cpp (the package xllamacpp) serves it over HTTP on 127.0.0.1, and litellm asks it there: the same path as with a
provider. Nothing is imported, fetched or loaded before the first call or `start`.
"""

import asyncio
import importlib
import logging
import math
import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from coach.errors import ConfigurationError, ModelTimeout, ModelUnavailable
from coach.llm.model import ChatMessage, Completion
from coach.llm.providers import LiteLLMModel
from coach.llm.weights import Progress, check_gguf, fetch_weights, silent

T = TypeVar("T", bound=BaseModel | str)
log = logging.getLogger("coach.llm")

CONTEXT: Final = 8192  # tokens of prompt and answer together
PROMPT_CACHE: Final = 256  # MiB for prompts that may come again
START_AGAIN: Final = 60.0  # seconds after a start that failed
FIXED_MEMORY: Final = 400_000_000  # bytes for context and buffers; the weights take half as much again as their file


class Server(Protocol):
    """A model that is served."""

    url: str
    api_key: str

    def close(self) -> None:
        """Free its memory. No call may be under way."""
        ...


Serve = Callable[[Path], Server]


class LlamaServer:
    """llama.cpp in this process, on a free port of 127.0.0.1, with a key that nobody else knows."""

    def __init__(self, weights: Path) -> None:
        # Threads that wait for each other sleep. Spinning is faster by a fifth on idle cores, but several times slower
        # where anything else runs on them. To be set before the library is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            xllamacpp: Any = importlib.import_module("xllamacpp")
        except ImportError as error:
            raise ConfigurationError("The local model needs the package xllamacpp: pip install xllamacpp") from error
        self.api_key = secrets.token_urlsafe(16)
        params = xllamacpp.CommonParams()
        params.model.path = str(weights)
        params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [self.api_key]
        params.n_ctx, params.n_parallel, params.cache_ram_mib = CONTEXT, 1, PROMPT_CACHE
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _cores()
        params.ui = params.endpoint_slots = False
        params.verbosity = 0
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise ConfigurationError(f"{weights}: llama.cpp cannot load this file") from error
        self.url = f"{self._server.listening_address}/v1"

    def close(self) -> None:
        """As Server says. llama.cpp waits for calls under way, and holds everything up meanwhile."""
        self._server = None


class LocalModel:
    """A model in this process: the one of `weights`, or the one that `fetch_weights` fetches.

    Untuned as it is, it reads cases badly and does not get better by being asked again: `reads` and `attempts` say so.
    """

    def __init__(
        self,
        weights: Path | None = None,
        *,
        folder: Path | None = None,
        timeout: float = 60.0,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        progress: Progress = silent,
        serve: Serve = LlamaServer,
        free_memory: Callable[[], int | None] | None = None,
    ) -> None:
        self.name = weights.stem if weights else "local"
        self.is_local, self.reads, self.attempts = True, False, 1
        self._weights, self._folder, self._progress = weights, folder, progress
        self._serve, self._free_memory = serve, free_memory or available_memory
        self._settings: dict[str, Any] = {
            "is_local": True,
            "shown_as": self.name,
            "timeout": timeout,
            "tries": 2,
            "max_tokens": max_tokens,
            "temperature": temperature,
        }
        self._starting: asyncio.Task[LiteLLMModel] | None = None
        self._start_again = math.inf
        self._server: Server | None = None
        self._calls: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def start(self) -> None:
        """Fetch what is missing and load the weights. Raises ConfigurationError."""
        await asyncio.shield(self._start())

    async def complete(self, messages: Sequence[ChatMessage], output_type: type[T], deadline: float) -> Completion[T]:
        """As ChatModel says; ModelUnavailable when the model cannot be started. It costs nothing."""
        inner = await self._started(deadline)
        call = asyncio.ensure_future(inner.complete(messages, output_type, deadline))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            answer = await call
        except asyncio.CancelledError:
            if self._closed and not _is_cancelled():
                raise ModelUnavailable(f"{self.name} was closed") from None
            raise
        return answer.model_copy(update={"usage": answer.usage.model_copy(update={"cost": 0.0})})

    async def ready(self) -> bool:
        """Whether the weights and litellm are loaded; to ask begins to load them."""
        if self._closed:
            return False
        starting = self._start()
        return starting.done() and not starting.cancelled() and starting.exception() is None

    async def aclose(self) -> None:
        """Stop what is under way, then free the memory."""
        self._closed = True
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        if self._starting is not None:
            (inner,) = await asyncio.gather(self._starting, return_exceptions=True)
            if isinstance(inner, LiteLLMModel):
                await inner.aclose()
        if self._server is not None:
            self._server.close()

    async def _started(self, deadline: float) -> LiteLLMModel:
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await asyncio.shield(self._start())
        except TimeoutError:
            raise ModelTimeout(f"{self.name} was not asked: it is not loaded yet") from None
        except ConfigurationError as error:
            raise ModelUnavailable(f"{self.name} cannot be started: {error}") from error

    def _start(self) -> "asyncio.Task[LiteLLMModel]":
        if self._closed:
            raise ModelUnavailable(f"{self.name} was closed")
        if self._starting is None or time.monotonic() > self._start_again:
            self._start_again = math.inf
            self._starting = asyncio.create_task(self._boot())
            self._starting.add_done_callback(self._note_failure)
        return self._starting

    def _note_failure(self, starting: "asyncio.Task[LiteLLMModel]") -> None:
        if not starting.cancelled() and starting.exception():
            self._start_again = time.monotonic() + START_AGAIN
            log.warning("%s cannot be started: %s", self.name, starting.exception())

    async def _boot(self) -> LiteLLMModel:
        weights = await asyncio.to_thread(self._find_weights)
        needed, free = int(weights.stat().st_size * 1.5) + FIXED_MEMORY, self._free_memory()
        if free is not None and free < needed:
            sizes = f"{needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
            raise ConfigurationError(f"There is not enough memory for {weights.name}: {sizes}")
        self._server = await asyncio.to_thread(self._serve, weights)
        server = self._server
        inner = LiteLLMModel(f"openai/{self.name}", api_base=server.url, api_key=server.api_key, **self._settings)
        await inner.ready()  # loads litellm, so that the first answer does not wait for it
        return inner

    def _find_weights(self) -> Path:
        if self._weights is not None:
            return check_gguf(self._weights)
        return fetch_weights(folder=self._folder, progress=self._watch)

    def _watch(self, done: int, total: int, label: str) -> None:
        if self._closed:
            raise ConfigurationError("it was closed while the weights were being fetched")
        self._progress(done, total, label)


def available_memory() -> int | None:
    """Bytes that can be had: of the machine, or of its container where that is less. Null where it cannot be known."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return None
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return min(free, limit - used + int(statistics["inactive_file"]))
    except (OSError, ValueError, KeyError):
        return free  # no limit


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
