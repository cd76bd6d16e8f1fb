"""What `make run` does: start the service, send it the example draft, show the answer, leave the service running.

usage: python -m scripts.demo [--port PORT]

Without a terminal it ends after the answer. COACH_MODEL says which model; the weights of the local one are fetched
first.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from rich.console import Console

from coach.render import Renderer
from coach.types import Request, Result

EXAMPLE = Path(__file__).parent.parent / "examples" / "de.json"
COACH = (sys.executable, "-m", "coach.cli")
HOST = "127.0.0.1"
USUAL_PORT = 8000
START_LIMIT_S = 120
ANSWER_LIMIT_S = 180
STOP_LIMIT_S = 10


def main() -> int:
    """Return the exit code: that of the service where it did not start."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0: 8000, or another free one")
    given = parser.parse_args().port
    port = free_port(given or USUAL_PORT, *(() if given else (0,)))
    if not port:
        print(f"port {given} is taken", file=sys.stderr)
        return 2
    if is_local() and (code := subprocess.call([*COACH, "model", "fetch"])):
        return code
    environment = {"COACH_LOG_LEVEL": "warning", **os.environ}
    service = subprocess.Popen([*COACH, "serve", "--host", HOST, "--port", str(port)], env=environment)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return try_it(service, f"http://{HOST}:{port}")
    except KeyboardInterrupt:
        print("\nstopped")
        return 0
    finally:
        stop(service)


def try_it(service: "subprocess.Popen[bytes]", address: str) -> int:
    """Send the example to the service at `address`, print the answer, and wait for Ctrl-C where there is a terminal."""
    if not wait_until_ready(service, address):
        print("the service did not start", file=sys.stderr)
        return service.poll() or 1
    request = Request.model_validate(json.loads(EXAMPLE.read_text("utf-8")))
    begin = time.perf_counter()
    with httpx.Client(trust_env=False, timeout=ANSWER_LIMIT_S) as client:
        response = client.post(f"{address}/v1/coach", json=request.model_dump(mode="json"))
    took = time.perf_counter() - begin
    response.raise_for_status()
    Renderer(Console(highlight=False, emoji=False)).result(request, Result.model_validate(response.json()))
    print(f"\nPOST {address}/v1/coach with {EXAMPLE.parent.name}/{EXAMPLE.name} answered in {took:.2f} s")
    if not sys.stdin.isatty():
        return 0
    print(f"The service is at {address}, its description at {address}/docs. Ctrl-C stops it.", flush=True)
    return service.wait()


def stop(service: "subprocess.Popen[bytes]") -> None:
    """End the service; a local model that is still writing is not waited for."""
    service.terminate()
    try:
        service.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def wait_until_ready(service: "subprocess.Popen[bytes]", address: str) -> bool:
    """Whether /readyz answers, and a local model is loaded, before the service ends or the time is up."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and service.poll() is None:
        try:
            response = httpx.get(f"{address}/readyz", timeout=5, trust_env=False)
            if response.is_success and (not is_local() or response.json()["model"]["reachable"]):
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


def is_local() -> bool:
    """Whether the model of this repository runs inside the service."""
    return os.environ.get("COACH_MODEL") == "local"


def free_port(*wanted: int) -> int | None:
    """The first of the wanted ports that nobody listens on, 0 being any; null for none."""
    for port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return None


if __name__ == "__main__":
    sys.exit(main())
