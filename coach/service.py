"""ReplyCoach: the five steps (lint, read, decide, write, check) and the repair loop.

Whatever the model does, an answer comes before the deadline: what rules can say is said without it, the editor writes
where it cannot, and the result tells who wrote and what failed.
"""

import time
from asyncio import to_thread
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from coach.authority import grants_something
from coach.checker import Checked, rule_faults, text_faults
from coach.classifier import Classifier
from coach.editor import Case, Editor
from coach.errors import ModelError, RequestError
from coach.handover import handover_note
from coach.ladder import GRAVEST, decide
from coach.learned import LearnedRules
from coach.lint import Linter, without_overlaps
from coach.llm import ChatModel, Completion
from coach.omissions import Missing, OmissionLinter
from coach.promises import Promises, as_finding
from coach.prompts import PromptBook
from coach.reader import Reader
from coach.results import advice, in_utf16, warning, with_broken
from coach.rulebook import RuleBook
from coach.rules import Warned
from coach.text import Text
from coach.thread import ThreadReader
from coach.types import (
    Action,
    Context,
    Cover,
    Fault,
    Finding,
    Message,
    Omission,
    Promise,
    Request,
    Result,
    Severity,
    Signal,
    Usage,
    Verdict,
)
from coach.writer import Task, Writer, unwrapped

WrittenBy = Literal["model", "editor", "none"]

EDITOR_ROUNDS = 3
"""How often the editor looks at its own text again."""
EDITOR_SECONDS = 0.25
"""What is kept of the time for the editor and the last check."""


@dataclass(frozen=True)
class Limits:
    """What a request may be, and how long an answer may take where the request does not say."""

    deadline_ms: int = 26_000
    max_draft_chars: int = 20_000
    max_messages: int = 200
    max_message_chars: int = 20_000


@dataclass(frozen=True)
class Tools:
    """What the rules of one language can do."""

    linter: Linter
    omissions: OmissionLinter
    promises: Promises
    editor: Editor
    learned: LearnedRules | None = None


@dataclass
class Work:
    """One request on its way through the steps, and what they have found so far."""

    request: Request
    deadline: float
    context: Context
    conversation: tuple[Message, ...]
    draft: Text
    tools: Tools | None
    findings: list[Finding] = field(default_factory=list)
    promises: tuple[Promise, ...] = ()
    signals: list[Signal] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    read_omissions: list[Omission] = field(default_factory=list)
    verdict: Verdict | None = None
    usage: Usage = field(default_factory=Usage)
    prompt_id: str | None = None
    model: str | None = None
    degraded: bool = False
    warnings: list[str] = field(default_factory=list)

    def took(self, completion: Completion[Any], prompt_id: str) -> None:
        """Count what a call of the model took."""
        mine, its = self.usage, completion.usage
        cost = None if mine.cost is None and its.cost is None else (mine.cost or 0) + (its.cost or 0)
        self.usage = Usage(
            calls=mine.calls + its.calls,
            prompt_tokens=mine.prompt_tokens + its.prompt_tokens,
            completion_tokens=mine.completion_tokens + its.completion_tokens,
            cost=cost,
            quotes_dropped=mine.quotes_dropped,
        )
        self.prompt_id, self.model = prompt_id, completion.model

    @property
    def has_to_change(self) -> bool:
        """Whether the draft has a certain fault or a certain lack; a warning alone changes nothing."""
        certain = any(f.severity is Severity.ERROR for f in self.findings) or any(m.certain for m in self.missing)
        return certain or bool(self.read_omissions) or self.broken_promise_passed_over

    @property
    def broken_promise_passed_over(self) -> bool:
        """Whether an earlier promise was broken and the draft does not say sorry."""
        return bool(self.context.broken_promises) and any(m.category is Omission.APOLOGY for m in self.missing)


class ReplyCoach:
    """The coach. Made once with the rules and, where there are any, a model and a classifier; safe to share."""

    def __init__(
        self,
        book: RuleBook,
        model: ChatModel | None = None,
        limits: Limits = Limits(),
        classifier: Classifier | None = None,
    ) -> None:
        self._book, self._model, self._limits = book, model, limits
        prompts = PromptBook(book)
        self._reader, self._writer = Reader(book, prompts), Writer(book, prompts)
        self._thread = ThreadReader(book)
        self._tools = {
            language: Tools(
                Linter(book, language),
                OmissionLinter(book, language),
                Promises(book, language),
                Editor(book, language),
                LearnedRules(book, language, classifier) if classifier else None,
            )
            for language in book.languages
        }

    def with_model(self, model: ChatModel | None) -> Self:
        """The same rules, another model."""
        other = copy(self)
        other._model = model
        return other

    async def coach(self, request: Request) -> Result:
        """The whole answer. Raises RequestError; never a ModelError: a model that fails is told of in the result."""
        work = await to_thread(self._lint, request)
        if self._model and (self._model.reads or not work.tools):
            await self._read(work, self._model)
        await to_thread(self._decide, work)
        rewrite, by, faults = await self._rewrite(work)
        return await to_thread(self._result, work, rewrite, by, faults)

    def review(self, request: Request) -> Result:
        """What the rules say, without a model and without a rewrite. Raises RequestError."""
        work = self._lint(request)
        self._decide(work)
        return self._result(work, None, "none", ())

    async def ready(self) -> bool:
        """Whether the model, where there is one, would answer now."""
        return self._model is None or await self._model.ready()

    async def aclose(self) -> None:
        """Let go of the model."""
        if self._model:
            await self._model.aclose()

    # lint ------------------------------------------------------------------------------------------------------------

    def _lint(self, request: Request) -> Work:
        self._admit(request)
        deadline = time.monotonic() + (request.options.deadline_ms or self._limits.deadline_ms) / 1000
        conversation = self._thread.without_machine_talk(request.conversation)
        context = self._thread.context(request.model_copy(update={"conversation": conversation}))
        tools = self._tools.get(context.language)
        work = Work(request, deadline, context, conversation, Text(request.draft), tools)
        if not tools:
            work.warnings.append(warning(self._book, "no_rules" if self._model else "unchecked", context.language))
            work.degraded = not self._model
            return work
        ignore = request.options.ignore
        committed = tools.promises.commitments(
            work.draft, tools.linter.fold(work.draft), context.authority, conversation
        )
        work.promises = tuple(c.promise for c in committed)
        doubtful = [found for c in committed if c.rule.id not in ignore and (found := as_finding(c))]
        work.findings = without_overlaps([*tools.linter.findings(work.draft, context, ignore), *doubtful])
        broken = tools.promises.broken(conversation)
        work.context = context.model_copy(update={"broken_promises": tuple(b.text for b in broken)})
        said = tools.linter.signals(conversation, context, ignore)
        kinds = {signal.kind for signal in said if signal.severity is Severity.ERROR}
        answered = tools.linter.answered(work.draft, conversation, context, ignore)
        said += [signal for signal in answered if signal.kind not in kinds]
        work.signals = with_broken(said, broken, conversation)
        if tools.learned:
            work.findings = tools.learned.second_opinion(work.draft, context, work.findings)
            learned = tools.learned.findings(work.draft, context, work.findings, work.promises, ignore)
            work.findings = without_overlaps([*work.findings, *learned])
            withdrawn = tools.linter.withdrawn(conversation)
            shown = tools.learned.signals(conversation, request.draft, context, work.signals, withdrawn, ignore)
            work.signals = sorted([*work.signals, *shown], key=lambda s: (s.message, s.start))
        return work

    def _admit(self, request: Request) -> None:
        limits = self._limits
        if not request.draft.strip():
            raise RequestError("draft", "is empty: there is nothing to coach")
        if len(request.draft) > limits.max_draft_chars:
            raise RequestError("draft", f"has {len(request.draft)} characters; {limits.max_draft_chars} are the most")
        if len(request.conversation) > limits.max_messages:
            raise RequestError(
                "conversation", f"has {len(request.conversation)} messages; {limits.max_messages} are the most"
            )
        for index, message in enumerate(request.conversation):
            if len(message.text) > limits.max_message_chars:
                raise RequestError(
                    f"conversation.{index}.text", f"is longer than {limits.max_message_chars} characters"
                )

    # read ------------------------------------------------------------------------------------------------------------

    async def _read(self, work: Work, model: ChatModel) -> None:
        """What the model sees besides the rules; when it fails, what the rules saw has to do."""
        try:
            read = await self._reader.read(
                model,
                work.request.draft,
                work.conversation,
                work.context,
                work.findings,
                work.signals,
                work.deadline - EDITOR_SECONDS,
            )
        except ModelError as error:
            self._failed(work, "read_failed", error)
            return
        work.took(read.completion, read.prompt_id)
        work.usage = work.usage.model_copy(update={"quotes_dropped": read.dropped})
        certain = [s for s in work.signals if s.severity is Severity.ERROR]
        signals = sorted([*work.signals, *read.signals], key=lambda s: (s.message, s.start))
        if self._action(signals, work.context) in GRAVEST and self._action(certain, work.context) not in GRAVEST:
            signals = await self._confirmed(work, model, signals)
        work.signals = signals
        work.findings = without_overlaps([*work.findings, *read.findings])
        work.read_omissions = list(read.omissions)

    async def _confirmed(self, work: Work, model: ChatModel, signals: Sequence[Signal]) -> list[Signal]:
        """The signals, those that only the model saw asked for again where they alone bring the gravest verdicts."""
        kept: list[Signal] = []
        for signal in signals:
            others = [s for s in signals if s.found_by == "rule"]
            decisive = signal.found_by == "model" and self._action([*others, signal], work.context) in GRAVEST
            kept.append(
                signal
                if not decisive or await self._yes(work, model, signal)
                else signal.model_copy(update={"severity": Severity.WARNING})
            )
        return kept

    async def _yes(self, work: Work, model: ChatModel, signal: Signal) -> bool:
        try:
            completion = await self._reader.confirm(model, signal, work.conversation, work.deadline - EDITOR_SECONDS)
        except ModelError as error:
            self._failed(work, "read_failed", error)
            return False
        work.took(completion, work.prompt_id or "")
        return completion.output.yes

    def _action(self, signals: Sequence[Signal], context: Context) -> Action:
        return decide(signals, context, self._book.ladder).action

    # decide ----------------------------------------------------------------------------------------------------------

    def _decide(self, work: Work) -> None:
        """The verdict, and what the draft lacks in view of it."""
        verdict = decide(
            work.signals,
            work.context,
            self._book.ladder,
            authority_grants=grants_something(work.context.authority or ()),
        )
        if verdict.action is Action.HAND_OVER and work.tools:
            promised = [
                p for m in work.conversation if m.author == "agent" for p in self._promised(work, work.tools, m.text)
            ]
            note = handover_note(work.conversation, work.signals, promised, work.context.broken_promises)
            verdict = verdict.model_copy(update={"handover_note": note})
        work.verdict = verdict
        if work.tools:
            work.missing = work.tools.omissions.find(
                work.draft, work.conversation, work.context, work.signals, verdict.action, work.request.options.ignore
            )
            work.read_omissions = [o for o in work.read_omissions if o not in {m.category for m in work.missing}]

    def _promised(self, work: Work, tools: Tools, text: str) -> tuple[Promise, ...]:
        return tools.promises.find(Text(text), tools.linter.fold(Text(text)), work.context.authority, work.conversation)

    # write and check -------------------------------------------------------------------------------------------------

    async def _rewrite(self, work: Work) -> tuple[str | None, WrittenBy, Sequence[Fault]]:
        """The text that may leave, who wrote it, and the faults where there is none."""
        if not work.tools:
            return None, "none", ()
        if not work.has_to_change:
            return work.request.draft, "none", ()
        if self._model:
            text = await self._written(work, self._model)
            if text is not None:
                return text, "model", ()
        text = await to_thread(self._edited, work, work.tools)
        faults = await to_thread(self._faults, work, text)
        return (None, "none", faults) if faults else (text, "editor", ())

    def _edited(self, work: Work, tools: Tools) -> str:
        """The editor's text: without the faults, then without those they hid and with what is missing without them."""
        case = self._case(work)
        text = tools.editor.edit(case)
        for _ in range(EDITOR_ROUNDS):
            left, missing = self._left(work, tools, text), self._missing(work, tools, text)
            if not left and not missing:
                break
            case = replace(case, draft=Text(text), findings=left, missing=missing, broken_promise=False)
            text = tools.editor.edit(case)
        return text

    def _left(self, work: Work, tools: Tools, text: str) -> list[Finding]:
        """What the written rules find in `text` for certain."""
        found = tools.linter.findings(Text(text), work.context, work.request.options.ignore)
        return [f for f in found if f.severity is Severity.ERROR]

    def _missing(self, work: Work, tools: Tools, text: str) -> list[Missing]:
        """What `text` certainly lacks."""
        assert work.verdict
        ignore = work.request.options.ignore
        found = tools.omissions.find(
            Text(text), work.conversation, work.context, work.signals, work.verdict.action, ignore
        )
        return [m for m in found if m.certain]

    async def _written(self, work: Work, model: ChatModel) -> str | None:
        """The model's text, after as many repairs as are worth it; null where none passes."""
        assert work.verdict
        task = Task(
            work.request.draft,
            work.conversation,
            work.context,
            work.verdict,
            work.findings,
            work.missing,
            work.read_omissions,
            work.signals,
        )
        prompt = self._writer.prompt(task, brief=not model.reads)
        candidate, faults = "", list[Fault]()
        try:
            for attempt in range(model.attempts):
                until = work.deadline - EDITOR_SECONDS
                if attempt:
                    completion = await self._writer.repair(model, prompt, candidate, faults, until)
                else:
                    completion = await self._writer.write(model, prompt, until)
                work.took(completion, prompt.id)
                candidate = unwrapped(completion.output, work.request.draft)
                faults = await to_thread(self._faults, work, candidate, "model")
                if not faults:
                    return candidate
        except ModelError as error:
            self._failed(work, "write_failed", error)
            return None
        work.warnings.append(
            warning(self._book, "rewrite_refused", work.context.language, ", ".join(sorted({f.kind for f in faults})))
        )
        return None

    def _faults(self, work: Work, text: str, by: WrittenBy = "editor") -> list[Fault]:
        """Why `text` may not leave. The learned rules judge only what a model wrote: the editor says nothing new."""
        assert work.verdict and work.tools
        case = Checked(
            draft=work.request.draft,
            conversation=work.conversation,
            context=work.context,
            verdict=work.verdict,
            findings=[f for f in work.findings if f.severity is Severity.ERROR],
            ignore=work.request.options.ignore,
            emergency_number=self._book.ladder.emergency_number,
        )
        left, missing = self._left(work, work.tools, text), self._missing(work, work.tools, text)
        promises = self._promised(work, work.tools, text)
        faults = rule_faults(case, left, missing, promises, work.promises)
        learned = self._learned_faults(work, work.tools, text, promises) if by == "model" else ()
        return [*text_faults(text, case), *faults, *learned]

    def _learned_faults(self, work: Work, tools: Tools, text: str, promises: Sequence[Promise]) -> list[Fault]:
        """The new sentences of `text` that the learned rules are certain of; those of the draft were judged there."""
        if not tools.learned:
            return []
        found = tools.learned.findings(Text(text), work.context, (), promises, work.request.options.ignore)
        certain = [f.quote for f in found if f.severity is Severity.ERROR and f.quote not in work.request.draft]
        return [Fault(kind="finding_left", detail=quote) for quote in certain]

    def _todo(self, work: Work, rewrite: str | None) -> tuple[str, ...]:
        """What the text that may leave commits the agent to."""
        if rewrite is None or not work.tools:
            return ()
        return work.tools.promises.todo(Text(rewrite), work.tools.linter.fold(Text(rewrite)))

    def _case(self, work: Work) -> Case:
        assert work.verdict
        return Case(
            draft=work.draft,
            context=work.context,
            verdict=work.verdict,
            findings=work.findings,
            promise_kinds={p.start: p.kind for p in work.promises if p.cover is not Cover.COVERED},
            missing=work.missing,
            signals=frozenset(s.kind for s in work.signals if s.severity is Severity.ERROR),
            broken_promise=work.broken_promise_passed_over,
        )

    def _failed(self, work: Work, what: Warned, error: ModelError) -> None:
        work.degraded = True
        work.warnings.append(warning(self._book, what, work.context.language, type(error).__name__))

    # result ----------------------------------------------------------------------------------------------------------

    def _result(self, work: Work, rewrite: str | None, by: WrittenBy, faults: Sequence[Fault]) -> Result:
        assert work.verdict
        result = Result(
            verdict=work.verdict,
            findings=tuple(work.findings),
            omissions=tuple(dict.fromkeys([*(m.category for m in work.missing), *work.read_omissions])),
            suggestions=tuple(m.suggestion() for m in work.missing),
            signals=tuple(work.signals),
            promises=work.promises,
            changed=rewrite is not None and rewrite != work.request.draft,
            rewrite=rewrite,
            rewrite_by=by,
            remaining=tuple(faults),
            todo=self._todo(work, rewrite),
            tips=advice(self._book, work.signals, work.findings, work.context),
            context=work.context,
            warnings=tuple(dict.fromkeys(work.warnings)),
            degraded=work.degraded,
            prompt_id=work.prompt_id,
            model=work.model,
            usage=work.usage,
        )
        return in_utf16(result, work.request) if work.request.options.offsets == "utf16" else result
