"""Commitments in a text, and whether the agent's authority covers them.

The phrases are rules of category `promise`. What makes a phrase a commitment is decided here: the sentence is no
question, the clause is neither negated nor hedged, and a rule about days needs a day to come in the same clause.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.authority import Commitment, Grant, cover, parse
from coach.clauses import Wording, cut, days_to_come, is_absolute, is_soon, names_a_day, segment
from coach.facts import TODAY, Known, facts
from coach.matching import RuleMatcher, finding_of
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.text import Folded, Span, Text, fold
from coach.types import Category, Cover, Finding, Message, Promise, PromiseKind, Severity

RANK = (
    PromiseKind.REFUND, PromiseKind.CREDIT, PromiseKind.OUTCOME, PromiseKind.DELIVERY, PromiseKind.CALL_BACK,
    PromiseKind.DEADLINE, PromiseKind.GUARANTEE, PromiseKind.CHECK,
)  # fmt: skip
"""Where one clause holds several, the first of these names it."""

NEEDS_A_DAY = frozenset({PromiseKind.DEADLINE, PromiseKind.CALL_BACK})
CHECK_WINS = frozenset({PromiseKind.GUARANTEE, PromiseKind.DEADLINE, PromiseKind.CALL_BACK})
"""What a check in the same clause turns into a check, unless a day other than today is named."""
DATED = frozenset({PromiseKind.DEADLINE, PromiseKind.CALL_BACK, PromiseKind.DELIVERY})
"""May also tell what is: a day that the thread names is then only a doubt, and the perfect tense promises nothing."""
MOST_HITS = 9
"""So many places of one rule are looked at in one clause."""

FIRM = frozenset({PromiseKind.REFUND, PromiseKind.CREDIT, PromiseKind.GUARANTEE})
"""Promised all the same where a condition stands with it: "Wir erstatten den Preis, falls sie dann noch tropft"."""


@dataclass(frozen=True)
class Committed:
    """A promise, the rule that saw it, and how sure its rules are."""

    promise: Promise
    rule: Rule
    severity: Severity


@dataclass(frozen=True)
class BrokenPromise:
    """What an agent committed to in `message`, and the customer's words in `evidence_message` that it was not kept."""

    text: str
    message: int
    evidence: str
    evidence_message: int


class Promises:
    """The promise rules of one language, ready to match. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        rules = [rule for rule in book.of_kind(language, "finding") if rule.category == Category.PROMISE]
        self.matcher = RuleMatcher(rules)
        self._wording = Wording(language)

    def find(
        self, text: Text, folded: Folded, authority: Sequence[str] | None, conversation: Sequence[Message] = ()
    ) -> tuple[Promise, ...]:
        """The commitments in `text`, checks included, in its order."""
        return tuple(committed.promise for committed in self.commitments(text, folded, authority, conversation))

    def findings(
        self,
        text: Text,
        folded: Folded,
        authority: Sequence[str] | None,
        conversation: Sequence[Message] = (),
        ignore: Sequence[str] = (),
    ) -> tuple[Finding, ...]:
        """The commitments in `text` that authority does not cover: errors, or warnings where that is not certain."""
        committed = self.commitments(text, folded, authority, conversation)
        return tuple(finding for c in committed if c.rule.id not in ignore and (finding := as_finding(c)))

    def todo(self, text: Text, folded: Folded) -> tuple[str, ...]:
        """The sentences of `text` that commit the agent to something, as they stand: "Ich frage beim Versand nach."."""
        starts = [committed.promise.start for committed in self.commitments(text, folded, ())]
        sentences = [sentence for start in starts if (sentence := text.sentence_at(start))]
        return tuple(dict.fromkeys(text.original[a:b] for a, b in sentences))

    def broken(self, conversation: Sequence[Message]) -> tuple[BrokenPromise, ...]:
        """What an agent committed to and, as a later message of the customer says, was not kept."""
        found: list[BrokenPromise] = []
        open_promises: list[tuple[int, Promise]] = []
        for index, message in enumerate(conversation):
            text = Text(message.text)
            if message.author == "agent":
                open_promises += [(index, promise) for promise in self.find(text, text.folded, ())]
            elif message.author == "customer" and (complaint := self._complains(text, open_promises)):
                found += [BrokenPromise(p.quote, i, message.text[slice(*complaint)], index) for i, p in open_promises]
                open_promises = []
        return tuple(found)

    def _complains(self, text: Text, open_promises: Sequence[tuple[int, Promise]]) -> Span | None:
        """The sentence in which the customer says that what was promised did not happen."""
        if not open_promises:
            return None
        days = {fact.value for _, promise in open_promises for fact in facts(promise.date or "")}
        for start, end in text.sentences:
            sentence = text.original[start:end]
            said = fold(sentence)
            names_it = any(fact.value in days for fact in facts(sentence))
            if self._wording.unkept(said) or (names_it and self._wording.over(said)):
                return (start, end)
        return None

    def commitments(
        self, text: Text, folded: Folded, authority: Sequence[str] | None, conversation: Sequence[Message] = ()
    ) -> tuple[Committed, ...]:
        """As `find`, with the rule that saw each."""
        grants = None if authority is None else parse(authority)
        system = parse(message.text for message in conversation if message.author == "system")
        known = Known(message.text for message in conversation)
        found: list[Committed] = []
        for clause, hits in self._clauses(text, folded):
            committed = self._judge(text, clause, hits, grants, system, known)
            if committed:
                found.append(committed)
        return _merged(sorted(found, key=lambda c: c.promise.start), text.original)

    def _clauses(self, text: Text, folded: Folded) -> Iterable[tuple[Span, list[tuple[Rule, Span]]]]:
        """The clauses of `text` in which rules fire, with what fires."""
        by_clause: dict[Span, list[tuple[Rule, Span]]] = {}
        clauses: dict[Span, list[Span]] = {}
        seen: Counter[tuple[str, Span]] = Counter()
        for rule, span in self.matcher.matches(text, _without_ordinal_dots(folded)):
            sentence = text.sentence_at(span[0])
            if not sentence or span[1] > sentence[1]:
                continue
            if sentence not in clauses:
                clauses[sentence] = cut(text.original, sentence)
            clause = next((c for c in clauses[sentence] if c[0] <= span[0] < c[1]), None)
            if clause and seen[rule.id, clause] < MOST_HITS:
                seen[rule.id, clause] += 1
                by_clause.setdefault(clause, []).append((rule, span))
        return by_clause.items()

    def _judge(
        self,
        text: Text,
        clause: Span,
        hits: Sequence[tuple[Rule, Span]],
        grants: Sequence[Grant] | None,
        system: Sequence[Grant],
        known: Known,
    ) -> Committed | None:
        """What the clause commits to, and whether that is covered; None where it commits to nothing."""
        quote = text.original[slice(*clause)]
        rules = self._kinds(quote, [(rule, start - clause[0]) for rule, (start, _) in hits])
        main = next((kind for kind in RANK if kind in rules), None)
        if main is None:
            return None
        said, found, times = fold(quote), facts(quote), days_to_come(quote)
        at_once = all(fact.value == TODAY for fact in times)
        kind = PromiseKind.CHECK if PromiseKind.CHECK in rules and main in CHECK_WINS and at_once else main
        amounts = tuple(fact for fact in found if fact.kind == "amount")
        values = frozenset(fact.value for fact in found if fact.kind in ("amount", "date", "time", "number"))
        certain = PromiseKind.GUARANTEE in rules
        covered, entry = cover(Commitment(kind, amounts, times, is_soon(said), certain, said, values), grants, system)
        promise = Promise(
            kind=kind,
            quote=quote,
            start=clause[0],
            end=clause[1],
            amount=amounts[0].text if amounts else None,
            date=times[0].text if times else None,
            cover=covered,
            authority=entry,
        )
        sure = any(rule.severity == Severity.ERROR for kind, rule in rules.items() if kind != PromiseKind.CHECK)
        if kind in DATED and not certain and times and all(is_absolute(day) and known.has(day) for day in times):
            sure = False
        return Committed(promise, rules[kind], Severity.ERROR if sure else Severity.WARNING)

    def _kinds(self, quote: str, hits: Sequence[tuple[Rule, int]]) -> dict[PromiseKind, Rule]:
        """The kinds of commitment that hold in a clause, each with the surest of its rules; `hits` start in it."""
        said = fold(quote)
        hedged, negated = self._wording.hedged(said), self._wording.negated(said)
        certain = any(rule.promise == PromiseKind.GUARANTEE for rule, _ in hits)
        conditional = self._wording.conditional(said) and not certain
        kinds: dict[PromiseKind, Rule] = {}
        for rule, start in hits:
            kind = rule.promise or PromiseKind.GUARANTEE
            if kind in NEEDS_A_DAY and not names_a_day(segment(quote, start)):
                continue
            denied = hedged or (negated and kind != PromiseKind.OUTCOME) or (conditional and kind not in FIRM)
            if kind in DATED and not certain and self._wording.reports(said):
                continue
            if denied and kind != PromiseKind.CHECK:
                continue
            if kind not in kinds or (kinds[kind].severity, rule.severity) == (Severity.WARNING, Severity.ERROR):
                kinds[kind] = rule
        return kinds


def as_finding(committed: Committed) -> Finding | None:
    """The fault in a commitment: an error where it is not covered, a warning where that is undecided, else None."""
    promise, rule = committed.promise, committed.rule
    if promise.cover == Cover.COVERED or promise.kind == PromiseKind.CHECK:
        return None
    severity = Severity.WARNING if promise.cover == Cover.UNDECIDED else committed.severity
    return finding_of(rule, promise.quote, promise.start, severity)


def _merged(found: Sequence[Committed], original: str) -> tuple[Committed, ...]:
    """Neighbouring clauses of one sentence that are not covered, as one: "Dann wird er voll, und Sie sitzen drin."."""
    merged: list[Committed] = []
    for committed in found:
        last, promise = merged[-1].promise if merged else None, committed.promise
        if (
            last
            and last.cover == promise.cover == Cover.NOT_COVERED
            and promise.start - last.end < 4
            and not original[last.end : promise.start].strip(" ,")
            and original[last.end - 1] not in ".!"
        ):
            whole = last.model_copy(update={"end": promise.end, "quote": original[last.start : promise.end]})
            rest = {"amount": last.amount or promise.amount, "date": last.date or promise.date}
            sure = Severity.ERROR in (merged[-1].severity, committed.severity)
            surest = Severity.ERROR if sure else Severity.WARNING
            merged[-1] = Committed(whole.model_copy(update=rest), merged[-1].rule, surest)
        else:
            merged.append(committed)
    return tuple(merged)


def _without_ordinal_dots(folded: Folded) -> Folded:
    """`folded` with the dots of dates as spaces, so that a gap may run over them; offsets stay."""
    return Folded(re.sub(r"(?<=\d)\.(?=[ \d])", " ", folded.text), folded.starts, folded.ends)
