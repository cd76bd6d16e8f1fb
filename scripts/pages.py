"""The generated parts of README.md and the pages under ``docs/``: what stands between two comments.

    <!-- generated: coach rules calm-down -->
    <!-- /generated -->

What can be generated: ``file PATH``; ``coach ...`` (the command, what it prints, its exit code); ``GET /path`` and
``POST /path BODY``, BODY being JSON or a file, with ``-> key.key`` for a part of the answer; the tables ``signals``,
``findings``, ``omissions``, ``ladder`` and ``side-steps``; and ``output``, what the code block above printed.

A code block whose first line says ``run`` is run against a real service; one that says ``file=NAME`` is written to the
folder in which the blocks of its page run. That folder has the examples in it.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import httpx

from coach.openapi import EXAMPLES
from coach.rulebook import RuleBook
from coach.rules import Label, Rung, SideRule
from coach.types import Category, Omission, SignalKind

ROOT: Final = Path(__file__).parent.parent
ADDRESS: Final = "http://127.0.0.1:8000"
"""As it stands in the pages; another one is put in its place when code is run."""
PATIENCE_S: Final = 120
"""How long one example may take."""

_PART = re.compile(
    r"^```(?P<language>\w+) (?:(?P<run>run)|file=(?P<file>\S+))\n(?P<code>.*?)^```$"
    r"|(?P<head>^<!-- generated: (?P<what>[^\n]+?) -->\n)(?P<old>.*?)(?P<foot>^<!-- /generated -->$)",
    re.MULTILINE | re.DOTALL,
)
_RUNNERS: Final = {"python": [sys.executable], "js": ["node", "--input-type=module", "-"], "bash": ["bash", "-e"]}
_FENCES: Final = {".md": "markdown", ".py": "python", ".toml": "toml", ".json": "json"}


Word = TypeVar("Word", SignalKind, Category, Omission)


class PageError(Exception):
    """A page asks for something that cannot be made, or its code fails."""


class Workshop:
    """Makes the generated parts of pages; `address` is that of a service without a model, `folder` an empty one."""

    def __init__(self, address: str, folder: Path, book: RuleBook) -> None:
        self._address, self._folder = address, folder
        shutil.copytree(EXAMPLES, folder / EXAMPLES.name)
        bin_folder = str(Path(sys.executable).parent)
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("COACH_")}
        self._environment |= {"PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        self._makers: Mapping[str, Callable[[str], str]] = {
            "file": self._file,
            "coach": self._command,
            "GET": lambda rest: self._call("GET", rest),
            "POST": lambda rest: self._call("POST", rest),
            "signals": lambda _: _labels(book.labels.signals),
            "findings": lambda _: _labels(book.labels.findings),
            "omissions": lambda _: _labels(book.labels.omissions),
            "ladder": lambda _: _ladder(book.ladder.rungs),
            "side-steps": lambda _: _side_steps(book.ladder.side_steps),
        }

    def renewed(self, page: str) -> str:
        """`page` with its generated parts made again. Raises PageError."""
        printed: str | None = None

        def renew(part: re.Match[str]) -> str:
            nonlocal printed
            if part["file"]:
                (self._folder / part["file"]).write_text(self._here(part["code"]), "utf-8")
            elif part["run"]:
                printed = self._printed(part["language"], part["code"])
            elif part["what"] != "output":
                return f"{part['head']}{self._made(part['what'])}{part['foot']}"
            elif printed is not None:
                return f"{part['head']}{_fenced('text', printed)}{part['foot']}"
            return part.group()

        return _PART.sub(renew, page)

    def _made(self, what: str) -> str:
        verb, _, rest = what.partition(" ")
        if verb not in self._makers:
            raise PageError(f"nobody knows how to generate {what!r}")
        return self._makers[verb](rest)

    def _here(self, code: str) -> str:
        return code.replace(ADDRESS, self._address)

    def _printed(self, language: str, code: str) -> str | None:
        """What the code prints; None where its language is not installed here."""
        if not shutil.which(_RUNNERS[language][0]):
            print(f"docs: {_RUNNERS[language][0]} is not installed: an example is not run", file=sys.stderr)
            return None
        done = self._run(_RUNNERS[language], self._here(code))
        if done.returncode:
            raise PageError(f"an example fails with {done.returncode}:\n{code}\n{done.stderr}")
        return done.stdout.replace(self._address, ADDRESS)

    def _run(self, command: list[str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                command,
                input=stdin,
                cwd=self._folder,
                env=self._environment,
                timeout=PATIENCE_S,
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
        except subprocess.TimeoutExpired as error:
            raise PageError(f"an example takes more than {PATIENCE_S} s: {shlex.join(command)}\n{stdin}") from error

    def _file(self, rest: str) -> str:
        return _fenced(_FENCES.get(Path(rest).suffix, "text"), (ROOT / rest).read_text("utf-8"))

    def _command(self, rest: str) -> str:
        done = self._run([sys.executable, "-m", "coach.cli", *shlex.split(rest)])
        printed = "\n".join(part.rstrip() for part in (done.stdout, done.stderr) if part)
        return _fenced("console", f"$ coach {rest}\n{printed}\n\n$ echo $?\n{done.returncode}")

    def _call(self, method: str, rest: str) -> str:
        asked, _, wanted = rest.partition(" -> ")
        path, _, body = asked.partition(" ")
        content = (self._folder / body).read_bytes() if body.endswith(".json") else body.encode()
        headers = {"Content-Type": "application/json", "X-Request-ID": "example-1"}
        with httpx.Client(base_url=self._address, trust_env=False, timeout=PATIENCE_S) as client:
            response = client.request(method, path, content=content or None, headers=headers)
        answer = response.json()
        for key in filter(None, wanted.split(".")):
            answer = answer[int(key)] if key.isdecimal() else answer[key]
        shown = json.dumps(answer, ensure_ascii=False, indent=2)
        if response.is_success:
            return _fenced("json", shown)
        kind = response.headers["content-type"]
        return _fenced("http", f"HTTP/1.1 {response.status_code} {answer['title']}\nContent-Type: {kind}\n\n{shown}")


def comparable(page: str) -> str:
    """`page` as it may be compared with one made by another Python: its names of two HTTP states have changed."""
    return page.replace("Unprocessable Content", "Unprocessable Entity").replace(
        "Content Too Large", "Request Entity Too Large"
    )


def _fenced(language: str, content: str) -> str:
    return f"```{language}\n{content.strip(chr(10))}\n```\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _labels(labels: Mapping[Word, Label]) -> str:
    rows = [(f"`{word}`", label.is_, label.not_ or "") for word, label in labels.items()]
    if not any(row[2] for row in rows):
        return _table(("word", "what it is"), [row[:2] for row in rows])
    return _table(("word", "what it is", "what it is not"), rows)


def _ladder(rungs: Iterable[Rung]) -> str:
    rows = [(str(n), f"`{r.action}`", _when(r), f"`{r.id}`", r.reason["en"]) for n, r in enumerate(rungs, 1)]
    return _table(("", "verdict", "when", "rule", "reason"), rows)


def _when(rung: Rung) -> str:
    conditions = [
        " or ".join(f"`{kind}`" for kind in rung.any_signal),
        " and ".join(f"`{kind}`" for kind in rung.all_signals),
        "on channel " + " or ".join(f"`{c}`" for c in rung.channels) if rung.channels else "",
        {True: "enough warnings were given", False: "no warning yet", None: ""}[rung.warned],
        {True: "somebody is left to take over", False: "nobody is left to take over", None: ""}[rung.someone_left],
    ]
    return "; ".join(c for c in conditions if c) or "everything else"


def _side_steps(rules: Iterable[SideRule]) -> str:
    rows = []
    for rule in rules:
        causes = " or ".join(f"`{word}`" for word in (*rule.any_signal, *rule.actions))
        if rule.min_warnings:
            causes += f"; {rule.min_warnings} warnings or more"
        if rule.authority_grants:
            causes += "; the agent has something to give"
        rows.append((f"`{rule.step}`", causes))
    return _table(("side step", "when"), rows)
