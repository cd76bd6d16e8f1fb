"""A result on a terminal: the draft with its spans underlined, why and what instead, the verdict, the rewrite.

Colours where the console has them, ``^^^^`` under the lines where not; the words are in the language of the case.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from coach.types import Finding, Request, Result, Severity
from coach.words import WORDS, Words

STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?…]+[\"'”“’»)\]]*(?=\s)|(?=\n)|\Z)")


class Renderer:
    """Prints results on `console`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def result(self, request: Request, result: Result, *, rewritten: bool = True) -> None:
        """The whole answer to `request`; without the rewrite where only a review was asked for."""
        words = WORDS.get(result.context.language, WORDS["en"])
        self._draft(words, request.draft, result.findings)
        self._missing(words, result)
        self._verdict(words, result)
        if rewritten:
            self._rewrite(words, request.draft, result)
        if result.tips:
            self._heading(words.advice)
            for tip in result.tips:
                self._line(f"- {tip.text} ({tip.id})")
        for warning in result.warnings:
            self._line(f"! {warning}", "yellow")

    def _draft(self, words: Words, draft: str, findings: Sequence[Finding]) -> None:
        self._heading(words.draft)
        for start, line in _lines(draft):
            here = [f for f in findings if f.start < start + len(line) and start < f.end]
            text = Text(line)
            for finding in here:
                span = max(finding.start - start, 0), min(finding.end - start, len(line))
                text.stylize(f"underline {STYLE[finding.severity]}", *span)
            self._print(text)
            if here and not self._console.color_system:
                self._print(Text(_carets(line, start, here)))
        for number, finding in enumerate(findings, 1):
            self._finding(words, number, finding)
        if not findings:
            self._line(words.no_findings, "green")

    def _finding(self, words: Words, number: int, finding: Finding) -> None:
        kind = words.severities[finding.severity]
        title = f"{kind}: {words.categories[finding.category]}", STYLE[finding.severity]
        head = Text.assemble(f"\n{number}. ", title, f" – {words.quoted(finding.quote)}")
        self._print(head, indent=0)
        self._pair(words.why, finding.why)
        self._pair(words.instead, finding.instead)
        self._pair(words.tips, f"{', '.join(finding.tips)} ({finding.rule})")

    def _missing(self, words: Words, result: Result) -> None:
        if not result.omissions:
            return
        self._heading(words.missing)
        suggested = {suggestion.omission: suggestion for suggestion in result.suggestions}
        for omission in result.omissions:
            self._line(f"- {words.omissions[omission]}", STYLE[Severity.ERROR])
            if found := suggested.get(omission):
                self._pair(words.why, found.why)
                self._pair(words.suggestion, found.line)

    def _verdict(self, words: Words, result: Result) -> None:
        verdict = result.verdict
        self._heading(f"{words.verdict}: {words.actions[verdict.action]}")
        self._line(verdict.reason)
        for evidence in verdict.evidence:
            place = f"{words.message} {evidence.message + 1}"
            self._line(f"- {words.quoted(evidence.quote)} – {words.signals[evidence.signal]} ({place})")
        if verdict.also:
            self._pair(words.also, ", ".join(words.side_steps[step] for step in verdict.also), indent=2)
        self._pair(words.if_it_continues, verdict.if_it_continues, indent=2)
        self._pair(words.takes_over, verdict.who_takes_over, indent=2)
        self._pair(words.tips, ", ".join(verdict.tips), indent=2)
        if note := verdict.handover_note:
            self._heading(words.note)
            told = note.matter, "; ".join(note.promised), note.wants, "; ".join(note.own_mistakes)
            for label, text in zip(words.note_rows, told, strict=True):
                self._pair(label, text, indent=2)

    def _rewrite(self, words: Words, draft: str, result: Result) -> None:
        if result.rewrite is None:
            self._heading(words.no_rewrite)
            for fault in result.remaining:
                self._line(f"- {fault.kind}: {fault.detail}", STYLE[Severity.ERROR])
            return
        if not result.changed:
            self._heading(words.unchanged)
            return
        self._heading(f"{words.rewrite} ({words.by[result.rewrite_by]})")
        for line in result.rewrite.splitlines():
            self._line(line)
        self._heading(words.differences)
        for mark, sentence in _differences(draft, result.rewrite):
            self._line(f"{mark} {sentence}", "red" if mark == "-" else "green")
        if result.todo:
            self._heading(words.todo)
            for line in result.todo:
                self._line(f"- {line}")

    def _heading(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(text, style="bold cyan"), soft_wrap=True)

    def _line(self, text: str, style: str = "") -> None:
        self._print(Text(text, style=style))

    def _pair(self, label: str, text: str | None, indent: int = 5) -> None:
        if text:
            self._print(Text.assemble((f"{label}: ", "dim"), text), indent=indent)

    def _print(self, text: Text, indent: int = 2) -> None:
        """Wrapped on a terminal, one line a line elsewhere, so that carets stay under their words."""
        if self._console.color_system:
            self._console.print(Padding(text, (0, 0, 0, indent), expand=False))
        else:
            self._console.print(Text((" " * indent + text.plain).rstrip()), soft_wrap=True)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its offset."""
    position = 0
    for line in text.splitlines(keepends=True):
        yield position, line.rstrip("\r\n")
        position += len(line)


def _carets(line: str, start: int, findings: Sequence[Finding]) -> str:
    """``^`` below every character of `line`, which begins at `start`, that a finding covers, as wide as it is shown."""
    covered = {i for f in findings for i in range(f.start - start, f.end - start)}
    return "".join(("^" if i in covered else " ") * cell_len(char) for i, char in enumerate(line)).rstrip()


def _differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """The sentences that went (``-``) and that are new (``+``), in order."""
    old, new = _sentences(before), _sentences(after)
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (("-", sentence) for sentence in old[a:b])
            yield from (("+", sentence) for sentence in new[c:d])


def _sentences(text: str) -> list[str]:
    """The sentences of every line, signature and all."""
    return [sentence for found in _SENTENCE.findall(text) if (sentence := found.strip())]
