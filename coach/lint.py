"""The lint step: what the rules find in a draft and in the customer's words, without a model.

Every pattern runs in linear time and looks at folded text (see `coach.text`); quoted lines, code and the signature of a
draft are left out. A rule stays quiet where one of its `unless` patterns stands in the same sentence.
"""

from collections.abc import Iterable, Sequence

from coach.patterns import PatternSet
from coach.rulebook import Rule, RuleBook, When
from coach.spelling import Speller
from coach.text import Folded, Span, Text
from coach.types import Category, Context, Finding, Message, Signal, SignalKind

GRAVEST_FIRST = tuple(Category)


class Linter:
    """The rules of one language, ready to match. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        self.language = language
        self._speller = Speller(language, book.vocabulary(language))
        self._findings = _Matcher([r for r in book.of_kind(language, "finding") if r.category != Category.PROMISE])
        self._signals = _Matcher(book.of_kind(language, "signal"))
        self._withdrawals = _Matcher(book.of_kind(language, "withdrawal"))

    def fold(self, text: Text) -> Folded:
        """`text` folded, typos in the words of the rules corrected."""
        return self._speller.correct(text.folded)

    def findings(self, draft: Text, context: Context, ignore: Sequence[str] = ()) -> list[Finding]:
        """What is wrong with `draft`, in its order; where two rules hit one place the graver category stays."""
        found = [
            Finding(
                rule=rule.id,
                category=Category(rule.category or ""),
                severity=rule.severity,
                quote=draft.original[start:end],
                start=start,
                end=end,
                why=rule.why or "",
                instead=rule.instead or "",
                tips=rule.tips,
            )
            for rule, (start, end) in self._findings.matches(draft, self.fold(draft))
            if rule.id not in ignore and applies(rule.when, context)
        ]
        return without_overlaps(found)

    def signals(self, conversation: Sequence[Message], context: Context, ignore: Sequence[str] = ()) -> list[Signal]:
        """What the customer's messages show and he has not taken back, by place; one signal a kind and sentence."""
        found: dict[tuple[SignalKind, int, Span | int], Signal] = {}
        withdrawn: dict[SignalKind, tuple[int, int]] = {}
        customer_messages = sum(message.author == "customer" for message in conversation)
        for index, message in enumerate(conversation):
            if message.author != "customer":
                continue
            text = Text(message.text)
            folded = self.fold(text)
            for rule, (start, _) in self._withdrawals.matches(text, folded):
                withdrawn.update(dict.fromkeys(rule.withdraws, (index, start)))
            for rule, (start, end) in self._signals.matches(text, folded):
                if rule.id in ignore or not applies(rule.when, context, customer_messages):
                    continue
                kind = SignalKind(rule.category or "")
                signal = Signal(
                    kind=kind, quote=message.text[start:end], message=index, start=start, end=end, rule=rule.id, severity=rule.severity
                )
                key = (kind, index, text.sentence_at(start) or start)
                if key not in found or (found[key].severity, found[key].start) > (signal.severity, signal.start):
                    found[key] = signal
        in_force = [s for s in found.values() if (s.message, s.start) > withdrawn.get(s.kind, (-1, 0))]
        return sorted(in_force, key=lambda s: (s.message, s.start))


class _Matcher:
    """The patterns of several rules in one pass over a text."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._parts = [
            (owners, PatternSet([pattern for _, pattern in owners], exact=exact), exact)
            for exact in (False, True)
            if (owners := [(rule, pattern) for rule in rules if rule.exact == exact for pattern in rule.patterns])
        ]
        self._unless = {rule.id: PatternSet(rule.unless) for rule in rules if rule.unless}

    def matches(self, text: Text, folded: Folded) -> Iterable[tuple[Rule, Span]]:
        """Yield each rule that fires and where, in offsets of the original."""
        for owners, patterns, exact in self._parts:
            for index, span in patterns.finditer(text.original if exact else folded.text):
                rule = owners[index][0]
                start, end = span if exact else folded.original(*span)
                if exact and any(a < end and start < b for a, b in text.left_out):
                    continue
                if not self._excused(rule, text, folded, start):
                    yield rule, (start, end)

    def _excused(self, rule: Rule, text: Text, folded: Folded, position: int) -> bool:
        unless = self._unless.get(rule.id)
        sentence = text.sentence_at(position)
        if not unless or not sentence:
            return False
        a, b = folded.span_of(sentence)
        return unless.search(folded.text[a:b])


def applies(when: When, context: Context, customer_messages: int = 0) -> bool:
    """Whether the restrictions of a rule hold in this case."""
    return (
        (not when.channels or context.channel in when.channels)
        and (when.name_known is None or when.name_known == bool(context.customer_name))
        and (when.max_warnings is None or context.warnings_given <= when.max_warnings)
        and (when.min_customer_messages is None or customer_messages >= when.min_customer_messages)
    )


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of the text; of those that overlap the gravest stays, then the longest."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.severity, GRAVEST_FIRST.index(f.category), f.start - f.end, f.start)):
        if not any(finding.start < other.end and other.start < finding.end for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda f: f.start)
