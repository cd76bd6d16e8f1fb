"""The check step: why a rewrite may not leave. The same rules, facts and promises as in the draft, looked at again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.facts import Fact, added, facts, lost
from coach.lint import Linter
from coach.omissions import Missing
from coach.text import Span, Text, fold
from coach.thread import form_of_address, language_of
from coach.types import Context, Cover, Fault, FaultKind, Finding, Message, Promise, PromiseKind, Severity, Verdict

LONGEST = 2.0
"""How many times as long as the draft a rewrite may be, and then some room for what the verdict adds."""
ROOM = 500

_NEGATION = re.compile(
    r"\b(?:nicht|kein\w*|nie|niemals|ohne|weder|nichts|not|no|never|without|unable|cannot|\w+n't|neither|nothing)\b"
)
_LEAK = re.compile(
    r"<<<|>>>|\btext-[0-9a-f]{8}\b|\bas an ai\b|\bals (?:ki|sprachmodell)\b|\blanguage model\b"
    r"|^\s*(?:here is|here's|hier ist|hier kommt)\b.{0,40}\b(?:rewrit|reply|draft|antwort|überarbeit|entwurf)"
    r"|^\s*(?:draft|rewrite|entwurf|antwort|reply)\s*:",
    re.IGNORECASE,
)
_OWED: dict[str, FaultKind] = {
    "handover-not-announced": "handover_missing",
    "end-not-announced": "end_missing",
    "emergency-number-missing": "emergency_missing",
    "security-not-told": "handover_missing",
}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What a rewrite is checked against."""

    draft: str
    conversation: Sequence[Message]
    context: Context
    verdict: Verdict
    findings: Sequence[Finding]
    ignore: Sequence[str] = ()
    emergency_number: str = "112"

    @property
    def names(self) -> list[str]:
        """The people of the case."""
        return [name for name in (self.context.customer_name, self.context.agent_name) if name]

    @property
    def sources(self) -> list[str]:
        """The texts whose facts a rewrite may use."""
        said = [message.text for message in self.conversation]
        return [self.draft, *said, *(self.context.authority or ()), *self.names, self.emergency_number]


def text_faults(rewrite: str, case: Checked) -> list[Fault]:
    """The faults that need no rules: facts, negations, language, form of address, length, leaks."""
    if not rewrite.strip():
        return [_fault("empty", "there is no text")]
    draft = Text(case.draft)
    removed = [draft.sentence_at(f.start) or (f.start, f.end) for f in case.findings]
    found = [_fault("fact_added", fact.text) for fact in added(rewrite, case.sources, case.names)]
    found += [_fault("fact_lost", fact.text) for fact in lost(case.draft, rewrite, removed, case.names)]
    found += [_fault("negation_turned", fact.text) for fact in turned(case.draft, rewrite, removed)]
    if (language := language_of(_letters(rewrite))) and len(rewrite) > 40 and language != case.context.language:
        found.append(_fault("language_changed", language))
    if (form := form_of_address(rewrite)) and case.context.form_of_address and form != case.context.form_of_address:
        found.append(_fault("form_of_address_changed", form))
    if len(rewrite) > LONGEST * len(case.draft) + ROOM:
        found.append(_fault("too_long", f"{len(rewrite)} characters"))
    if (leak := _LEAK.search(rewrite)) and leak.group() not in case.draft:
        found.append(_fault("instruction_leaked", leak.group().strip()))
    return found


def rule_faults(
    rewrite: str,
    case: Checked,
    linter: Linter,
    missing: Sequence[Missing],
    promises: Sequence[Promise],
    drafted: Sequence[Promise],
) -> list[Fault]:
    """The faults that rules find: findings left, promises added, what the verdict asks for and nobody says.

    `missing` and `promises` are those of the rewrite, `drafted` the promises of the draft.
    """
    left = [f for f in linter.findings(Text(rewrite), case.context, case.ignore) if f.severity is Severity.ERROR]
    known = {(p.kind, fold(p.quote)) for p in drafted}
    of_draft = fold(case.draft)
    fresh = [
        p
        for p in promises
        if p.kind is not PromiseKind.CHECK
        and (
            p.cover is Cover.NOT_COVERED
            or ((p.kind, fold(p.quote)) not in known and fold(p.quote) not in of_draft and p.cover is not Cover.COVERED)
        )
    ]
    return [
        *(_fault("finding_left", f.quote) for f in left),
        *(_fault("promise_added", p.quote) for p in fresh),
        *(_fault(_owed(m), m.rule.instead or "") for m in missing if m.certain),
    ]


def turned(draft: str, rewrite: str, removed: Sequence[Span]) -> list[Fact]:
    """The facts of `draft` that it negates and the rewrite does not, or the other way round.

    Only facts that stand once in either text are compared, clause by clause, and none in the spans `removed`.
    """
    before, after = _polarity(draft), _polarity(rewrite)
    return [
        fact
        for key, (fact, negated) in before.items()
        if key in after and after[key][1] != negated and not any(fact.start < b and a < fact.end for a, b in removed)
    ]


def _polarity(text: str) -> dict[tuple[str, str], tuple[Fact, bool]]:
    """Each amount, date, time and number that stands once, and whether its clause is negated."""
    counted = [f for f in facts(text) if f.kind in ("amount", "date", "time", "number")]
    keys = [(f.kind, f.value) for f in counted]
    return {key: (fact, _negated(text, fact)) for fact, key in zip(counted, keys, strict=True) if keys.count(key) == 1}


def _negated(text: str, fact: Fact) -> bool:
    start, end = Text(text).sentence_at(fact.start) or (fact.start, fact.end)
    left = max((text.rfind(mark, start, fact.start) for mark in ",;:–"), default=-1)
    right = min((at for mark in ",;:–" if (at := text.find(mark, fact.end, end)) >= 0), default=end)
    return bool(_NEGATION.search(fold(text[max(left, start) : right])))


def _letters(text: str) -> str:
    """`text` without its signature, which is the same in every language."""
    signature = Text(text).signature
    return text[: signature[0]] if signature else text


def _owed(missing: Missing) -> FaultKind:
    if missing.rule.id in _OWED:
        return _OWED[missing.rule.id]
    return "boundary_missing" if missing.category == "boundary" else "name_missing"


def _fault(kind: FaultKind, detail: str) -> Fault:
    return Fault(kind=kind, detail=detail)
