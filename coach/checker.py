"""The check step: why a rewrite may not leave. The same rules, facts and promises as in the draft, looked at again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coach.facts import Fact, added, facts, lost
from coach.omissions import Missing
from coach.text import Span, Text, fold
from coach.thread import forms_of_address, language_of
from coach.types import (
    Category,
    Context,
    Cover,
    Fault,
    FaultKind,
    Finding,
    FormOfAddress,
    Message,
    Promise,
    PromiseKind,
    Verdict,
)

LONGEST = 2.0
"""How many times as long as the draft a rewrite may be, and then some room for what the verdict adds."""
ROOM = 500

_NEGATION = re.compile(
    r"\b(?:nicht|kein\w*|nie|niemals|ohne|weder|nichts|fruehestens|not|no|never|without|unable|cannot|\w+n't|neither"
    r"|nothing|earliest)\b"
)
_CLAUSE_END = re.compile(r"[,;:–]\s|\s(?:und|aber|doch|denn|and|but|so)\s")
_FILLERS = frozenset(
    "leider gern gerne auch noch schon bitte aber und doch ja jetzt also eben wohl can could is are does do did be will"
    " would unfortunately please also just now still yet already".split()
)
"""Folded words that make no difference to what a clause says."""
_ITEM_NUMBER = re.compile(r"^[ \t]*(?P<number>\d{1,2})[.)](?=\s)", re.MULTILINE)
_LEAK = re.compile(
    r"<<<|>>>|\btext-[0-9a-f]{8}\b|\bas an ai\b|\bals (?:ki|sprachmodell)\b|\blanguage model\b"
    r"|^\s*(?:\w+[!,.] )?(?:here is|here's|hier ist|hier kommt)\b.{0,40}"
    r"\b(?:rewrit|reply|draft|version|antwort|überarbeit|entwurf)"
    r"|^\s*(?:draft|rewrite|entwurf|antwort|reply)\s*:"
    r"|\b(?:hinweis|anmerkung|note)\s?: (?:ich|i|die|der|the|alle|all)\b.{0,60}"
    r"(?:floskel|phrase|entfernt|ersetzt|angepasst|geändert|removed|replaced|changed|rewr)"
    r"|\[[^\[\]\n]{3,60}\](?!\()",
    re.IGNORECASE | re.MULTILINE,
)
"""Words about the task in place of the reply, and gaps left to be filled in."""
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
    counted, recounted = _without_item_numbers(case.draft), _without_item_numbers(rewrite)
    found = [_fault("fact_added", fact.text) for fact in added(recounted, case.sources, case.names)]
    gone = lost(counted, recounted, removed, case.names)
    found += [_fault("fact_lost", fact.text) for fact in gone if not _may_go(fact, rewrite, removed)]
    found += [_fault("negation_turned", fact.text) for fact in turned(case.draft, rewrite, removed)]
    found += [_fault("negation_turned", said) for said in contradicted(case.draft, rewrite, removed)]
    if (language := language_of(_letters(rewrite))) and len(rewrite) > 40 and language != case.context.language:
        found.append(_fault("language_changed", language))
    if form := _other_form(case, rewrite):
        found.append(_fault("form_of_address_changed", form))
    if len(rewrite) > LONGEST * len(case.draft) + ROOM:
        found.append(_fault("too_long", f"{len(rewrite)} characters"))
    leaks = (leak.group() for leak in _LEAK.finditer(rewrite))
    found += [_fault("instruction_leaked", leak.strip()) for leak in leaks if leak not in case.draft][:1]
    return found


def rule_faults(
    case: Checked,
    left: Sequence[Finding],
    missing: Sequence[Missing],
    promises: Sequence[Promise],
    drafted: Sequence[Promise],
) -> list[Fault]:
    """The faults that rules find: findings left, promises added, what the verdict asks for and nobody says.

    `left`, `missing` and `promises` are those of the rewrite, `drafted` the promises of the draft.
    """
    faulty = [f for f in case.findings if f.category is Category.PROMISE]
    allowed = [p for p in drafted if not any(f.start < p.end and p.start < f.end for f in faulty)]
    known, kinds = {fold(p.quote) for p in allowed}, {p.kind for p in allowed}
    fresh = [
        p
        for p in promises
        if p.kind is not PromiseKind.CHECK
        and p.cover is not Cover.COVERED
        and fold(p.quote) not in known
        and not (p.cover is Cover.UNDECIDED and p.kind in kinds)
    ]
    return [
        *(_fault("finding_left", f.quote) for f in left),
        *(_fault("promise_added", p.quote) for p in fresh),
        *(_fault(_owed(m), m.rule.instead or "") for m in missing if m.certain),
    ]


def _without_item_numbers(text: str) -> str:
    """`text` with the numbers of its numbered lists blanked out: items may go and the rest be counted anew."""
    expected = -1
    for item in _ITEM_NUMBER.finditer(text):
        number = int(item["number"])
        if number == 1 or number == expected:
            expected = number + 1
            text = text[: item.start("number")] + " " * len(item["number"]) + text[item.end("number") :]
    return text


def _may_go(fact: Fact, rewrite: str, removed: Sequence[Span]) -> bool:
    """Whether markup may be gone: it stood around what had to go, or others of its kind are there."""
    if fact.kind != "markup":
        return False
    tag = re.match(r"</?\w+", fact.text)
    return any(fact.start < b and a < fact.end for a, b in removed) or bool(tag and tag.group() in rewrite)


def _other_form(case: Checked, rewrite: str) -> FormOfAddress | None:
    """The form of address that the rewrite says and the draft does not."""
    wanted, said = case.context.form_of_address, forms_of_address(rewrite)
    other = {FormOfAddress.SIE: FormOfAddress.DU, FormOfAddress.DU: FormOfAddress.SIE}
    if wanted and other[wanted] in said and other[wanted] not in forms_of_address(case.draft):
        return other[wanted]
    return None


def contradicted(draft: str, rewrite: str, removed: Sequence[Span]) -> list[str]:
    """The clauses of `rewrite` that deny what a clause of `draft` says in the same words, or say what it denies.

    Each clause of the draft is compared with the one of the rewrite that is most like it; none in the spans `removed`.
    """
    after = [_words(rewrite[a:b]) for a, b in _clauses(rewrite)]
    kept = {(words.said, words.negated) for words in after}
    found = []
    for a, b in _clauses(draft):
        words = _words(draft[a:b])
        if len(words.said) < 2 or (words.said, words.negated) in kept or not after:
            continue
        if any(a < end and start < b for start, end in removed):
            continue
        nearest = max(after, key=lambda other: (words.alike(other), other.negated == words.negated))
        if nearest.negated != words.negated and words.alike(nearest) >= ALIKE:
            found.append(nearest.text)
    return found


ALIKE = 0.65
"""From which share of common words two clauses are taken to speak of the same."""


@dataclass(frozen=True)
class _Words:
    text: str
    said: frozenset[str]
    negated: bool

    def alike(self, other: "_Words") -> float:
        """The share of the words of either that both have."""
        return len(self.said & other.said) / max(1, len(self.said | other.said))


def _words(clause: str) -> _Words:
    folded = fold(clause)
    said = frozenset(re.findall(r"[a-z0-9]{2,}", _NEGATION.sub(" ", folded))) - _FILLERS
    return _Words(clause.strip(), said, bool(_NEGATION.search(folded)))


def _clauses(text: str) -> list[Span]:
    spans = []
    for start, end in Text(text).sentences:
        cuts = [start, *(m.end() for m in _CLAUSE_END.finditer(text, start, end)), end]
        spans += [(a, b) for a, b in pairwise(cuts) if a < b]
    return spans


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
