"""Writes what the documentation shows of the real service, without a model: `make docs`.

usage: python -m scripts.docs [--check]

Those are the answers under ``examples/answers`` and the generated parts of README.md and ``docs/*.md`` (see
`scripts.pages`). With ``--check`` nothing is written; the exit code is 1 when something is stale. The exit code is 2
when something cannot be made: an example in a page fails.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from coach.app import create_app
from coach.openapi import EXAMPLES, LANGUAGES, example
from coach.rulebook import RuleBook
from coach.settings import Settings
from scripts.demo import COACH, HOST, free_port, stop, wait_until_ready
from scripts.pages import ROOT, PageError, Workshop, comparable

ANSWERS = EXAMPLES / "answers"

ASKED = {
    "rule.json": "/v1/rules/calm-down",
    "healthz.json": "/healthz",
    "readyz.json": "/readyz",
    **{f"rules.{code}.json": f"/v1/rules?kind=omission&category=boundary&language={code}" for code in LANGUAGES},
}
"""What is asked with GET, by the file that the answer goes to."""


def pages() -> list[Path]:
    """README.md and the pages under ``docs/``."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


async def answers() -> dict[str, str]:
    """The name of each file under ``examples/answers`` and what belongs into it."""
    app = create_app(Settings(model="none"))
    transport = httpx.ASGITransport(app)
    responses: dict[str, httpx.Response] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://coach") as client:
        for name, path in ASKED.items():
            responses[name] = await client.get(path)
        for code in LANGUAGES:
            for call in ("coach", "review"):
                responses[f"{call}.{code}.json"] = await client.post(f"/v1/{call}", json=example(f"{code}.json"))
    return {name: _readable(response.raise_for_status()) for name, response in responses.items()}


def renewed(paths: Sequence[Path]) -> dict[Path, str]:
    """Each page with its generated parts made again. Raises PageError."""
    book = RuleBook()
    with service() as address, ThreadPoolExecutor() as pool:

        def renew(path: Path) -> str:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    return Workshop(address, Path(folder), book).renewed(path.read_text("utf-8"))
                except PageError as error:
                    raise PageError(f"{path.relative_to(ROOT)}: {error}") from error

        return dict(zip(paths, pool.map(renew, paths), strict=True))


@contextlib.contextmanager
def service() -> Iterator[str]:
    """The address of a service without a model, and with no settings but its own."""
    port = free_port(0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COACH_")}
    environment["COACH_LOG_LEVEL"] = "error"
    process = subprocess.Popen([*COACH, "serve", "--host", HOST, "--port", str(port)], env=environment, cwd=ROOT)
    try:
        if not wait_until_ready(process, f"http://{HOST}:{port}"):
            raise PageError("the service did not start")
        yield f"http://{HOST}:{port}"
    finally:
        stop(process)


def write(wanted: dict[Path, str]) -> None:
    """Write the files that changed; answers that no longer belong there go."""
    ANSWERS.mkdir(exist_ok=True)
    for path in stale(wanted):
        if path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()


def stale(wanted: dict[Path, str]) -> list[Path]:
    """The files that are not as they should be, and the answers that should not be there."""
    differing = [path for path, text in wanted.items() if comparable(_stored(path)) != comparable(text)]
    return differing + [path for path in sorted(ANSWERS.glob("*")) if path not in wanted]


def _stored(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _readable(response: httpx.Response) -> str:
    return json.dumps(response.json(), ensure_ascii=False, indent=2) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write or check the files."""
    for name in [name for name in os.environ if name.startswith("COACH_")]:
        del os.environ[name]
    try:
        wanted = {ANSWERS / name: text for name, text in asyncio.run(answers()).items()} | renewed(pages())
    except PageError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 2
    old = ", ".join(str(path.relative_to(ROOT)) for path in stale(wanted))
    if "--check" not in arguments:
        write(wanted)
        print(f"docs: wrote {old}" if old else "docs: all up to date")
        return 0
    print(f"docs: stale: {old}; run `make docs`" if old else "docs: examples, README.md and docs/ are up to date")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
