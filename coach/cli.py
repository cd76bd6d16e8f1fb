"""The command `coach`.

Exit codes: 0 it worked; 1 `review` found an error in the draft, or `rewrite` no reply that may be sent; 2 misuse: an
argument, a file, a setting or a machine that cannot be used; 130 interrupted.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from rich import progress as bars
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.text import Text

from coach.app import coach_of, create_app, model_of
from coach.errors import CoachError, ConfigurationError, RequestError
from coach.llm import Progress, fetch_weights
from coach.problems import field_problem
from coach.render import Renderer
from coach.rulebook import PROMPTS, RuleBook
from coach.rules import Example, Rule
from coach.settings import Settings
from coach.types import Request, Result, Severity

OK, FOUND, MISUSE, INTERRUPTED = 0, 1, 2, 130

FILE_HELP = "a request as JSON, or a draft as plain text; - reads standard input"


class Misuse(Exception):
    """The command cannot do this; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace, Settings], int] = options.command
        return command(options, Settings.load())
    except (Misuse, ConfigurationError, RequestError) as error:
        print(f"coach: {error}", file=sys.stderr)
        return MISUSE
    except CoachError as error:
        print(f"coach: {error}", file=sys.stderr)
        return FOUND
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coach",
        description="Checks a support agent's draft reply before it is sent.",
        epilog="Exit codes: 0 it worked; 1 an error in the draft (review) or no reply that may be sent (rewrite); "
        "2 misuse. Settings are environment variables: COACH_MODEL, COACH_PORT and others.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="start the HTTP service")
    serve.add_argument("--host", help="address to listen on (COACH_HOST, else 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on, 0 for a free one (COACH_PORT, else 8000)")
    serve.set_defaults(command=_serve)
    for name, command, text in (
        ("review", _review, "check a draft; no model is asked, nothing is rewritten"),
        ("rewrite", _rewrite, "check a draft and rewrite it, with the model of COACH_MODEL"),
    ):
        sub = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        sub.add_argument("file", metavar="FILE", help=FILE_HELP)
        sub.add_argument("--json", action="store_true", help="print the answer as JSON, as the service gives it")
        sub.set_defaults(command=command)
    rules = commands.add_parser("rules", help="list the rules, or show one")
    rules.add_argument("id", metavar="ID", nargs="?", help="the rule to show")
    rules.set_defaults(command=_rules)
    model = commands.add_parser("model", help="the local model").add_subparsers(required=True, metavar="action")
    fetch = model.add_parser("fetch", help="fetch its weights (1.1 GB); goes on where it was interrupted")
    fetch.set_defaults(command=_fetch)
    return parser


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    import uvicorn

    given = {name: value for name in ("host", "port") if (value := getattr(options, name)) is not None}
    settings = settings.model_copy(update=given)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app(settings)
    # No access log of its own: the gate writes one, without the paths that people typed.
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False)
    return OK


def _review(options: argparse.Namespace, settings: Settings) -> int:
    request = _request(options)
    result = coach_of(settings, _book(settings), None).review(request)
    _show(options, request, result, rewritten=False)
    return FOUND if any(f.severity is Severity.ERROR for f in result.findings) else OK


def _rewrite(options: argparse.Namespace, settings: Settings) -> int:
    request = _request(options)

    async def answer() -> Result:
        with progress_bar() as progress:
            coach = coach_of(settings, _book(settings), model_of(settings, progress))
            try:
                return await coach.coach(request)
            finally:
                await coach.aclose()

    result = asyncio.run(answer())
    _show(options, request, result, rewritten=True)
    return FOUND if result.rewrite is None else OK


def _rules(options: argparse.Namespace, settings: Settings) -> int:
    book = _book(settings)
    console = Console(highlight=False, emoji=False)
    if options.id is None:
        for rules in book.rules.values():
            for rule in rules:
                kind = f"{rule.kind} {rule.category}" if rule.category else rule.kind
                console.print(Text(f"{rule.language}  {rule.id:40} {kind}"), soft_wrap=True)
        return OK
    found = book.find(options.id)
    if not found:
        raise Misuse(f"there is no rule {options.id}; `coach rules` lists them")
    for rule in found:
        _show_rule(console, book, rule)
    return OK


def _fetch(options: argparse.Namespace, settings: Settings) -> int:
    try:
        with progress_bar() as progress:
            path = fetch_weights(folder=settings.weights_folder, progress=progress)
    except KeyboardInterrupt:
        print("coach: interrupted; `coach model fetch` goes on from here", file=sys.stderr)
        return INTERRUPTED
    print(f"The weights are in {path}")
    return OK


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error that shows what is fetched; a line for every tenth part where that is no terminal."""
    console = Console(stderr=True, highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    shown: set[tuple[str, int]] = set()
    with bars.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task: bars.TaskID | None = None

        def progress(done: int, total: int, label: str) -> None:
            nonlocal task
            task = bar.add_task(label, total=total, completed=done) if task is None else task
            bar.update(task, description=label, completed=done, total=total)
            tenth = 10 * done // max(total, 1)
            if bar.disable and (label, tenth) not in shown:
                shown.add((label, tenth))
                console.print(f"{label}: {done // 10**6} of {total // 10**6} MB", soft_wrap=True)

        yield progress


def _book(settings: Settings) -> RuleBook:
    return RuleBook(settings.prompts_folder or PROMPTS)


def _request(options: argparse.Namespace) -> Request:
    """The request in the file; the text of the file is the draft where it is not a JSON object."""
    name: str = options.file
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{name} cannot be read: {error}") from error
    try:
        content = json.loads(text)
    except ValueError as error:
        if name.endswith(".json"):
            raise Misuse(f"{name} is not JSON: {error}") from error
        content = None
    if not isinstance(content, dict):
        return Request(draft=text.removesuffix("\n"))
    try:
        request = Request.model_validate(content)
    except ValidationError as error:
        problems = [field_problem(("body", *e["loc"]), e["msg"]) for e in error.errors(include_input=False)]
        raise Misuse("; ".join(f"{p.field}: {p.problem}" for p in problems)) from error
    if options.json:
        return request
    in_code_points = request.options.model_copy(update={"offsets": "code_points"})
    return request.model_copy(update={"options": in_code_points})


def _show(options: argparse.Namespace, request: Request, result: Result, *, rewritten: bool) -> None:
    if options.json:
        print(result.model_dump_json(indent=2))
    else:
        Renderer(Console(highlight=False, emoji=False)).result(request, result, rewritten=rewritten)


def _show_rule(console: Console, book: RuleBook, rule: Rule) -> None:
    """One rule in words."""
    console.print(Text(f"{rule.language}/{rule.id}", style="bold cyan"))
    rows = [("kind", rule.kind), ("category", rule.category), ("severity", rule.severity.value)]
    rows += [("why", rule.why), ("instead", rule.instead), ("says", rule.say)]
    rows += [("tip", f"{tip}: {book.tips[tip].text}") for tip in rule.tips]
    for example in rule.examples:
        if isinstance(example, Example):
            rows += [("flagged", example.flagged), ("better", example.better)]
        else:
            rows += [("customer", example.customer), ("draft", example.draft), ("better", example.better)]
    rows += [("clean", text) for text in rule.clean]
    for label, text in rows:
        if text:
            console.print(Text.assemble((f"  {label:9} ", "dim"), text), soft_wrap=True)
    console.print()


if __name__ == "__main__":
    sys.exit(main())
