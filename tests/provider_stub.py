"""A provider of language models that does as it is told: a real HTTP server on 127.0.0.1, speaking OpenAI's API.

    with ProviderStub(status(429, retry_after="1"), text("Guten Tag")) as provider:
        ...  # LiteLLMModel("openai/stub", api_base=provider.url)
    assert len(provider.requests) == 2

Each completion request takes the next behaviour of the script; the last one stays in force. The server runs in a
thread of its own, so that a test may be sync or async, and may block.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Recorded:
    """One request as it came in; header names in lower case, `body` is {} where there was none."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """All messages in one text."""
        return "\n".join(str(message["content"]) for message in self.body.get("messages", []))


class Call:
    """One request that waits for its answer."""

    def __init__(self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request, self._reader, self._writer = request, reader, writer

    async def send(self, code: int, body: bytes, **headers: str) -> None:
        """A whole answer; underscores in the names of `headers` become dashes."""
        await self.begin(code, len(body), **headers)
        await self.write(body)

    async def begin(self, code: int, length: int, **headers: str) -> None:
        """Status line and headers, promising a body of `length` bytes."""
        fields = {"content_type": "application/json", "content_length": str(length), **headers}
        lines = [f"HTTP/1.1 {code} Scripted", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
        await self.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def write(self, body: bytes) -> None:
        self._writer.write(body)
        await self._writer.drain()

    async def wait(self, seconds: float) -> None:
        """Wait; ConnectionError as soon as the caller hangs up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if not await self._reader.read(1):
                    raise ConnectionError

    def abort(self) -> None:
        """Reset the connection (RST, not FIN)."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Behaviour = Callable[[Call], Awaitable[None]]


def completion(content: str | None, finish_reason: str = "stop", tokens: tuple[int, int] = (12, 5)) -> bytes:
    """The body of a chat completion; `tokens` are those of prompt and answer."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": content}}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    answer = {"id": "c1", "object": "chat.completion", "created": 1, "model": "stub", "choices": [choice]}
    return json.dumps({**answer, "usage": usage}).encode()


def text(content: str, finish_reason: str = "stop", tokens: tuple[int, int] = (12, 5)) -> Behaviour:
    """A plain answer. `finish_reason="length"` makes it a cut-off one; an empty `content` an empty one."""
    return raw(completion(content, finish_reason, tokens))


def data(value: object) -> Behaviour:
    """An answer that is JSON."""
    return text(json.dumps(value, ensure_ascii=False))


def answer(write: Callable[[Recorded], str]) -> Behaviour:
    """An answer that depends on the request."""

    async def behave(call: Call) -> None:
        await call.send(200, completion(write(call.request)))

    return behave


def raw(body: bytes, code: int = 200) -> Behaviour:
    """Any body, well-formed or not."""

    async def behave(call: Call) -> None:
        await call.send(code, body)

    return behave


def status(code: int, *, retry_after: str | None = None, kind: str = "scripted", message: str = "no") -> Behaviour:
    """An error as providers send it; `kind` is its type and code."""

    async def behave(call: Call) -> None:
        body = json.dumps({"error": {"message": message, "type": kind, "code": kind, "param": None}}).encode()
        await call.send(code, body, **({} if retry_after is None else {"retry_after": retry_after}))

    return behave


def slow(seconds: float, then: Behaviour) -> Behaviour:
    """No byte for `seconds`, then `then`."""

    async def behave(call: Call) -> None:
        await call.wait(seconds)
        await then(call)

    return behave


def stall(seconds: float = 30.0) -> Behaviour:
    """Half of an answer, then nothing for `seconds`, then the connection ends."""

    async def behave(call: Call) -> None:
        body = completion("Guten Tag")
        await call.begin(200, len(body))
        await call.write(body[: len(body) // 2])
        await call.wait(seconds)
        call.abort()

    return behave


def trickle(every: float = 0.05) -> Behaviour:
    """A blank every `every` seconds and never the end: no read ever times out."""

    async def behave(call: Call) -> None:
        await call.begin(200, 1_000_000)
        while True:
            await call.write(b" ")
            await call.wait(every)

    return behave


def reset() -> Behaviour:
    """The connection is reset before any byte."""

    async def behave(call: Call) -> None:
        call.abort()

    return behave


def refused_url() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


class ProviderStub:
    """The server, as a context manager. `requests` are the completion requests; `hung_up` counts callers who left."""

    def __init__(self, *script: Behaviour) -> None:
        self.requests: list[Recorded] = []
        self.hung_up = 0
        self.url = ""
        self._script: Iterator[Behaviour]
        self._last: Behaviour = text("Guten Tag")
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.script(*script)

    def script(self, *behaviours: Behaviour) -> None:
        """What to do from now on."""
        self._script = iter(behaviours)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("The stub did not start.")
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._started.set()
        await self._stop.wait()
        server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await asyncio.sleep(0.01)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read(reader)
                await self._answer(Call(request, reader, writer))
        except asyncio.IncompleteReadError:
            pass  # the caller is done with this connection
        except ConnectionError:
            self.hung_up += 1
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)  # the transport lets go of its socket on the loop's next turn

    async def _answer(self, call: Call) -> None:
        if call.request.method != "POST":
            await call.send(200, b'{"object": "list", "data": []}')
            return
        self.requests.append(call.request)
        self._last = next(self._script, self._last)
        await self._last(call)


async def _read(reader: asyncio.StreamReader) -> Recorded:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Recorded(method, path, headers, json.loads(body) if body else {})
