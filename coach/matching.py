"""Where rules fire in a text: their patterns in one pass, their exceptions, whether they apply, and what they say."""

from collections.abc import Iterable

from coach.patterns import PatternSet
from coach.rules import Rule, When
from coach.text import Folded, Span, Text
from coach.types import Category, Context, Finding, Severity

_PUNCTUATION = " .,;:!?\n"


class RuleMatcher:
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
                if text.original[start:end].strip(_PUNCTUATION):
                    # A pattern may look at what stands before the phrase; it is no part of it.
                    start += len(text.original[start:end]) - len(text.original[start:end].lstrip(_PUNCTUATION))
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


def finding_of(rule: Rule, quote: str, start: int, severity: Severity) -> Finding:
    """The finding of `rule` where `quote` begins at `start` of the draft, with the rule's words for the agent."""
    return Finding(
        rule=rule.id,
        category=Category(rule.category or ""),
        severity=severity,
        quote=quote,
        start=start,
        end=start + len(quote),
        why=rule.why or "",
        instead=rule.instead or "",
        tips=rule.tips,
    )
