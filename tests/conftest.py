"""What all tests share: a real server on the loopback, and nothing beyond this machine."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from coach.app import create_app
from coach.settings import Settings

START_LIMIT_S = 10
LOOPBACK = ("127.", "::1", "localhost")

_left: list[str] = []
"""Addresses beyond this machine that a test wanted to reach."""


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: whoever asks a real provider in a test gets an error, and the test fails even if he hides it."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host and not host.startswith(LOOPBACK):
        _left.append(host)
        raise RuntimeError("a test must not reach beyond this machine")


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def nothing_beyond_this_machine() -> Iterator[None]:
    _left.clear()
    yield
    assert not _left, f"the test wanted to reach {_left}"


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> None:
    for name in [name for name in os.environ if name.startswith("COACH_")]:
        del os.environ[name]


@contextmanager
def serving(app: ASGIApp) -> Iterator[httpx.Client]:
    """`app` behind uvicorn on a free port of the loopback, and a client for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        host, port = listener.getsockname()
        try:
            with httpx.Client(base_url=f"http://{host}:{port}", trust_env=False, timeout=30) as client:
                _wait_for(lambda: server.started or not thread.is_alive())
                yield client
        finally:
            server.should_exit = True
            thread.join(START_LIMIT_S)


def _wait_for(condition: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(100 * START_LIMIT_S):
        if condition():
            return
        waiting.wait(0.01)
    raise TimeoutError("the server did not start")


Serve = Callable[..., AbstractContextManager[httpx.Client]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """`with serve(app) as client`."""
    return serving


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """A client of the service as it comes: default settings, no model."""
    with serving(create_app(Settings())) as client:
        yield client
