"""The write step: a model rewrites the draft, told by the rules that matter for this case and no others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.facts import ALWAYS_STAY, facts
from coach.llm import ChatMessage, ChatModel, Completion
from coach.omissions import Missing
from coach.prompts import Prompt, PromptBook, conversation_text, described, listed
from coach.rulebook import RuleBook
from coach.rules import Labels, Rule
from coach.text import Text
from coach.types import (
    Action,
    Category,
    Context,
    Fault,
    Finding,
    Message,
    Omission,
    Severity,
    Signal,
    SignalKind,
    Verdict,
)

_WRAPPED = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Task:
    """One draft to rewrite: the case, what is wrong, and what comes next."""

    draft: str
    conversation: Sequence[Message]
    context: Context
    verdict: Verdict
    findings: Sequence[Finding]
    missing: Sequence[Missing]
    omissions: Sequence[Omission]
    """What is missing by the model's reading alone."""
    signals: Sequence[Signal]


BRIEF_CHARACTERS = 1_500
"""How much of a conversation a brief prompt holds."""


class Writer:
    """Asks a model for a rewrite, and for its repair."""

    def __init__(self, book: RuleBook, prompts: PromptBook) -> None:
        self._book, self._prompts = book, prompts
        self._labels: Labels = book.labels

    def prompt(self, task: Task, *, brief: bool = False) -> Prompt:
        """The prompt of the write step; `brief` for a small model on a small machine, which reads some 50 tokens/s."""
        thread, left_out = conversation_text(task.conversation, *([BRIEF_CHARACTERS] if brief else []))
        context = task.context
        keep = _has_to_stay(task)
        values = {
            "form": context.form_of_address or "as in the draft",
            "left_out": left_out,
            "verdict": self._what_comes_next(task),
            "instructions": listed([(rule.say or "").strip() for rule in self.instructions(task, brief=brief)]),
            "missing": listed(
                [f"{m.category}: {m.rule.instead}" for m in task.missing]
                + [f"{omission}: {self._labels.omissions[omission]}" for omission in task.omissions]
            ),
            **{key: value for key, value in described(context).items() if key not in ("warnings", "authority")},
        }
        certain = [f for f in task.findings if f.severity is Severity.ERROR]
        faults = [f"{f.category}: {f.quote!r}. {'' if brief else f.why} {f.instead}".strip() for f in certain]
        faults += [f"an earlier promise was not kept: {p!r}. Say so and apologise." for p in context.broken_promises]
        material = {
            "authority": described(context)["authority"],
            "conversation": thread,
            "draft": task.draft,
            "faults": listed(faults),
            "keep": ", ".join(keep) or "nothing",
        }
        return self._prompts.render("write", values, material)

    def _what_comes_next(self, task: Task) -> str:
        """The verdict and what the text needs to know of it."""
        verdict = task.verdict
        said = [f"{verdict.action}: {verdict.reason}"]
        if verdict.who_takes_over:
            there = "" if task.context.supervisor_available else ", not there at the moment: the case is left for them"
            said.append(f"Taken over by: {verdict.who_takes_over}{there}.")
        if verdict.action is Action.ALERT_SECURITY:
            said.append(f"Emergency number: {self._book.ladder.emergency_number}.")
        if verdict.also:
            said.append(f"Side steps (for the agent, not for the text): {', '.join(verdict.also)}.")
        return " ".join(said)

    def instructions(self, task: Task, *, brief: bool = False) -> list[Rule]:
        """The instruction rules that this case brings up; those of English for a language without rules.

        `brief` keeps only those that the verdict and what is missing bring up.
        """
        language = task.context.language if task.context.language in self._book.languages else "en"
        kinds: set[SignalKind] = {s.kind for s in task.signals}
        categories: set[Category] = {f.category for f in task.findings}
        lacks: set[Omission] = {m.category for m in task.missing} | {*task.omissions}
        asked = any("?" in m.text for m in task.conversation[-1:] if m.author == "customer")
        chosen = []
        for rule in self._book.of_kind(language, "instruction"):
            by = rule.triggered_by
            due = task.verdict.action in by.verdicts or bool(lacks & {*by.omissions})
            if not brief:
                due = (
                    due
                    or by.always
                    or bool(kinds & {*by.signals})
                    or bool(categories & {*by.findings})
                    or task.context.channel in by.channels
                    or (by.question and asked)
                )
            if due:
                chosen.append(rule)
        return chosen

    async def write(self, model: ChatModel, prompt: Prompt, deadline: float) -> Completion[str]:
        """A first candidate. Raises ModelError."""
        return await model.complete(prompt.messages, str, deadline)

    async def repair(
        self, model: ChatModel, prompt: Prompt, candidate: str, faults: Sequence[Fault], deadline: float
    ) -> Completion[str]:
        """Another candidate, after one that had `faults`. Raises ModelError."""
        named = self._prompts.render(
            "repair", {}, {"faults": listed([f"{fault.kind}: {fault.detail}" for fault in faults])}
        )
        messages = (*prompt.messages, ChatMessage(role="assistant", content=candidate), *named.messages)
        return await model.complete(messages, str, deadline)


def _has_to_stay(task: Task) -> list[str]:
    """The facts of the draft that no fault takes with it, as they stand."""
    draft = Text(task.draft)
    certain = [f for f in task.findings if f.severity is Severity.ERROR]
    faulty = [draft.sentence_at(f.start) or (f.start, f.end) for f in certain]
    return list(
        dict.fromkeys(
            fact.text
            for fact in facts(task.draft)
            if fact.kind in ALWAYS_STAY or not any(a < fact.end and fact.start < b for a, b in faulty)
        )
    )


def unwrapped(answer: str, draft: str) -> str:
    """The text of an answer without what models like to put around it; ends with white space where the draft does."""
    text = found.group(1) if (found := _WRAPPED.match(answer)) else answer
    text = text.strip()
    if len(text) > 1 and text[0] in '"„“' and text[-1] in '"“”' and draft[:1] not in '"„“':
        text = text[1:-1].strip()
    return text + draft[len(draft.rstrip()) :]
