"""The command `coach`: what people see, and the exit codes that scripts see."""

import io
import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import httpx
import pytest

from coach.cli import main, progress_bar
from coach.llm.weights import QWEN
from coach.openapi import EXAMPLES, LANGUAGES, example
from coach.types import Request, Result
from coach.words import WORDS

COACH = (sys.executable, "-m", "coach.cli")
CALM = {"de": "Jetzt beruhigen Sie sich bitte erst einmal.", "en": "Please calm down and read our terms."}
GOOD = "Guten Tag Frau Becker,\n\nich frage jetzt beim Versand nach, wo Ihr Paket ist, und melde mich.\n\nJonas Weber\n"
STYLED = re.compile(r"\x1b\[[\d;]*m")

Printed = pytest.CaptureFixture[str]


def written(folder: Path, content: str, name: str = "draft.txt") -> str:
    path = folder / name
    path.write_text(content, "utf-8")
    return str(path)


def answer(capsys: Printed, command: str, language: str) -> Result:
    """What the command says to the example in JSON."""
    main([command, str(EXAMPLES / f"{language}.json"), "--json"])
    return Result.model_validate_json(capsys.readouterr().out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_review_underlines_and_explains(capsys: Printed, language: str) -> None:
    result = answer(capsys, "review", language)
    assert main(["review", str(EXAMPLES / f"{language}.json")]) == 1
    out = capsys.readouterr().out
    words, lines = WORDS[language], out.splitlines()
    assert result.findings
    request = Request.model_validate_json((EXAMPLES / f"{language}.json").read_text("utf-8"))
    for finding in result.findings:
        assert finding.why in out
        assert finding.instead in out
        number = next(i for i, line in enumerate(lines) if finding.quote.splitlines()[0] in line)
        at = lines[number].index(finding.quote.splitlines()[0])
        assert set(lines[number + 1][at : at + len(finding.quote.splitlines()[0])]) == {"^"}
    for line in request.draft.splitlines():
        assert f"  {line}".rstrip() in lines
    assert f"{words.verdict}: {words.actions[result.verdict.action]}" in lines
    for evidence in result.verdict.evidence:
        assert words.quoted(evidence.quote) in out
    assert result.verdict.handover_note
    assert result.verdict.handover_note.matter in out
    assert all(tip.text in out for tip in result.tips)
    assert words.rewrite not in out
    assert "\x1b" not in out


def test_carets_stand_under_wide_characters(capsys: Printed, tmp_path: Path) -> None:
    main(["review", written(tmp_path, "日本 😀 beruhigen Sie sich")])
    shown, carets = next(
        (line, below) for line, below in _pairs(capsys.readouterr().out.splitlines()) if "日本" in line and "^" in below
    )
    # Two cells each for the three wide characters.
    assert carets.index("^") == shown.index("beruhigen") + 3
    assert carets.count("^") == len("beruhigen Sie sich")


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(lines))


@pytest.mark.parametrize("language", LANGUAGES)
def test_rewrite_shows_the_reply_and_what_changed(capsys: Printed, language: str) -> None:
    result = answer(capsys, "rewrite", language)
    assert main(["rewrite", str(EXAMPLES / f"{language}.json")]) == 0
    out = capsys.readouterr().out
    assert result.rewrite is not None
    shown = "\n".join(f"  {line}".rstrip() for line in result.rewrite.splitlines())
    assert shown in out
    assert WORDS[language].differences in out
    for finding in result.findings:
        assert finding.quote in result.rewrite or re.search(rf"^  - .*{re.escape(finding.quote)}", out, re.MULTILINE)


def test_a_good_draft_stays(capsys: Printed, tmp_path: Path) -> None:
    assert main(["review", written(tmp_path, GOOD)]) == 0
    assert WORDS["de"].no_findings in capsys.readouterr().out
    assert main(["rewrite", written(tmp_path, GOOD)]) == 0
    assert WORDS["de"].unchanged in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_draft_comes_from_standard_input(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CALM[language]}\n"))
    assert main(["review", "-"]) == 1
    assert WORDS[language].verdict in capsys.readouterr().out


def test_json_is_the_answer_of_the_service(capsys: Printed, client: httpx.Client) -> None:
    for command, path in (("review", "/v1/review"), ("rewrite", "/v1/coach")):
        response = client.post(path, json=example("de.json"))
        assert answer(capsys, command, "de") == Result.model_validate(response.json())


def test_spans_are_right_whatever_offsets_the_request_wants(capsys: Printed, tmp_path: Path) -> None:
    request = {"draft": "😀 Jetzt beruhigen Sie sich.", "options": {"offsets": "utf16"}}
    main(["review", written(tmp_path, json.dumps(request), "request.json")])
    shown, carets = next(pair for pair in _pairs(capsys.readouterr().out.splitlines()) if "^" in pair[1])
    assert carets.index("^") == shown.index("beruhigen") + 1


@pytest.mark.parametrize(
    ("content", "named"),
    [("{", "not JSON"), ('{"conversation": []}', "draft"), ('{"draft": "Hallo", "chanel": "email"}', "chanel")],
)
def test_a_bad_request_is_misuse(capsys: Printed, tmp_path: Path, content: str, named: str) -> None:
    assert main(["review", written(tmp_path, content, "request.json")]) == 2
    captured = capsys.readouterr()
    assert named in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("command", ["review", "rewrite"])
def test_an_empty_draft_is_misuse(capsys: Printed, tmp_path: Path, command: str) -> None:
    assert main([command, written(tmp_path, " \n")]) == 2
    assert "draft" in capsys.readouterr().err


def test_a_missing_file_and_a_binary_one_are_misuse(capsys: Printed, tmp_path: Path) -> None:
    assert main(["review", str(tmp_path / "missing.txt")]) == 2
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert main(["review", str(tmp_path / "binary")]) == 2
    assert "missing.txt" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["review"], ["serve", "--port", "x"], ["model"]])
def test_bad_arguments_are_misuse(capsys: Printed, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_bad_setting_is_misuse(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_DEADLINE_MS", "soon")
    assert main(["rules"]) == 2
    assert "COACH_DEADLINE_MS" in capsys.readouterr().err


def test_rules_are_listed_and_shown(capsys: Printed) -> None:
    assert main(["rules"]) == 0
    assert re.search(r"^de  calm-down +finding condescension$", capsys.readouterr().out, re.MULTILINE)
    assert main(["rules", "calm-down"]) == 0
    out = capsys.readouterr().out
    assert "de/calm-down" in out
    assert "en/calm-down" in out
    assert "G1.13: " in out
    assert main(["rules", "no-such-rule"]) == 2


def test_weights_that_are_there_are_not_fetched_again(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = tmp_path / QWEN.file
    with weights.open("wb") as file:
        file.truncate(QWEN.size)  # a file with holes: no room is taken
    monkeypatch.setenv("COACH_WEIGHTS_FOLDER", str(tmp_path))
    assert main(["model", "fetch"]) == 0
    assert str(weights) in capsys.readouterr().out


def test_progress_is_shown_where_there_is_no_terminal(capsys: Printed) -> None:
    with progress_bar() as progress:
        for done in range(0, 101, 5):
            progress(done * 10**6, 100 * 10**6, "weights")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[0] == "weights: 0 of 100 MB"
    assert lines[-1] == "weights: 100 of 100 MB"


def on_a_terminal(*arguments: str, environment: dict[str, str]) -> str:
    """What the command prints on a terminal."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen([*COACH, *arguments], stdout=terminal, stderr=terminal, env=os.environ | environment)
    os.close(terminal)
    pieces = []
    while True:
        try:
            piece = os.read(controller, 65_536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(controller)
    process.wait()
    return b"".join(pieces).decode()


def test_on_a_terminal_there_are_colours_and_no_carets() -> None:
    out = on_a_terminal("rewrite", str(EXAMPLES / "de.json"), environment={"TERM": "xterm-256color", "COLUMNS": "200"})
    assert re.search(r"\x1b\[[\d;]*\b4;[\d;]*mSehr geehrte Kundin", out)
    assert "^^^" not in out
    assert WORDS["de"].verdict in STYLED.sub("", out)


def test_on_a_terminal_without_colours_there_are_carets() -> None:
    out = on_a_terminal("review", str(EXAMPLES / "de.json"), environment={"TERM": "dumb"})
    assert "^^^" in out
    assert not STYLED.search(out)


def test_serve_answers_until_it_is_interrupted() -> None:
    process = subprocess.Popen(
        [*COACH, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=os.environ | {"COACH_MODEL": "none"}
    )
    assert process.stderr is not None
    try:
        address = _address(process.stderr)
        answer = httpx.post(f"{address}/v1/review", json={"draft": CALM["en"]}, trust_env=False)
        assert answer.json()["findings"][0]["rule"] == "calm-down"
        httpx.get(f"{address}/what-somebody-typed", trust_env=False)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(10) in (0, 130, -signal.SIGINT)
        assert "POST /v1/review 200" in rest
        assert "GET - 404" in rest
        assert "what-somebody-typed" not in rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def _address(log: IO[str]) -> str:
    """The address that the service says it listens on."""
    end = time.monotonic() + 20
    while time.monotonic() < end and (line := log.readline()):
        if found := re.search(r"http://[\d.:]+", line):
            return found.group()
    raise AssertionError("the service named no address")
