"""The lint step: what the rules find in a draft and in the customer's words, without a model.

Every pattern runs in linear time and looks at folded text (see `coach.text`); quoted lines, code and the signature of a
draft are left out. A rule stays quiet where one of its `unless` patterns stands in the same sentence.
"""

from collections.abc import Iterable, Sequence

from coach.matching import RuleMatcher, applies, finding_of
from coach.rulebook import RuleBook
from coach.spelling import Speller
from coach.text import Folded, Span, Text
from coach.types import Category, Context, Finding, Message, Signal, SignalKind

GRAVEST_FIRST = tuple(Category)


class Linter:
    """The rules of one language, ready to match. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        self.language = language
        self._speller = Speller(language, book.vocabulary(language))
        self._findings = RuleMatcher([r for r in book.of_kind(language, "finding") if r.category != Category.PROMISE])
        signals = book.of_kind(language, "signal")
        self._signals = RuleMatcher([rule for rule in signals if rule.said_by == "customer"])
        self._answered = RuleMatcher([rule for rule in signals if rule.said_by == "us"])
        self._withdrawals = RuleMatcher(book.of_kind(language, "withdrawal"))

    def fold(self, text: Text) -> Folded:
        """`text` folded, typos in the words of the rules corrected."""
        return self._speller.correct(text.folded)

    def findings(self, draft: Text, context: Context, ignore: Sequence[str] = ()) -> list[Finding]:
        """What is wrong with `draft`, in its order; where two rules hit one place the graver category stays."""
        found = [
            finding_of(rule, draft.original[start:end], start, rule.severity)
            for rule, (start, end) in self._findings.matches(draft, self.fold(draft))
            if rule.id not in ignore and applies(rule.when, context)
        ]
        return without_overlaps(found)

    def signals(self, conversation: Sequence[Message], context: Context, ignore: Sequence[str] = ()) -> list[Signal]:
        """What the customer's messages show and he has not taken back, by place; one signal a kind and sentence."""
        found: dict[tuple[SignalKind, int, Span | int], Signal] = {}
        withdrawn = self.withdrawn(conversation)
        customer_messages = sum(message.author == "customer" for message in conversation)
        for index, message in enumerate(conversation):
            if message.author != "customer":
                continue
            text = Text(message.text)
            folded = self.fold(text)
            for rule, (start, end) in self._signals.matches(text, folded):
                if rule.id in ignore or not applies(rule.when, context, customer_messages):
                    continue
                kind = SignalKind(rule.category or "")
                signal = Signal(
                    kind=kind,
                    quote=message.text[start:end],
                    message=index,
                    start=start,
                    end=end,
                    rule=rule.id,
                    severity=rule.severity,
                )
                key = (kind, index, text.sentence_at(start) or start)
                if key not in found or (found[key].severity, found[key].start) > (signal.severity, signal.start):
                    found[key] = signal
        in_force = [s for s in found.values() if (s.message, s.start) > withdrawn.get(s.kind, (-1, 0))]
        return sorted(in_force, key=lambda s: (s.message, s.start))

    def withdrawn(self, conversation: Sequence[Message]) -> dict[SignalKind, tuple[int, int]]:
        """What the customer has taken back, and where: (index of the message, start). What he said before is void."""
        found: dict[SignalKind, tuple[int, int]] = {}
        for index, message in enumerate(conversation):
            if message.author == "customer":
                text = Text(message.text)
                for rule, (start, _) in self._withdrawals.matches(text, self.fold(text)):
                    found.update(dict.fromkeys(rule.withdraws, (index, start)))
        return found

    def answered(
        self, draft: Text, conversation: Sequence[Message], context: Context, ignore: Sequence[str] = ()
    ) -> list[Signal]:
        """What the draft shows about the customer's newest message, since it answers what only such words call for.

        The evidence is the longest sentence of that message; there is none without a message of the customer.
        """
        said = [(index, message.text) for index, message in enumerate(conversation) if message.author == "customer"]
        sentences = Text(said[-1][1]).sentences if said else ()
        if not sentences:
            return []
        index, text = said[-1]
        start, end = max(sentences, key=lambda span: span[1] - span[0])
        rules = {rule.id: rule for rule, _ in self._answered.matches(draft, self.fold(draft))}
        return [
            Signal(
                kind=SignalKind(rule.category or ""),
                quote=text[start:end],
                message=index,
                start=start,
                end=end,
                rule=rule.id,
                severity=rule.severity,
            )
            for rule in rules.values()
            if rule.id not in ignore and applies(rule.when, context, len(said))
        ]


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of the text; of those that overlap the gravest stays, then the longest."""
    kept: list[Finding] = []
    for finding in sorted(
        findings, key=lambda f: (f.severity, GRAVEST_FIRST.index(f.category), f.start - f.end, f.start)
    ):
        if not any(finding.start < other.end and other.start < finding.end for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda f: f.start)
