"""What is missing from a draft: the omission rules, asked for what this case needs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.matching import applies
from coach.patterns import PatternSet
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.text import Text, fold
from coach.types import Action, Context, Message, Omission, Severity, Signal, Suggestion

_WORD = re.compile(r"[a-z0-9]{4,}")
_TITLE = re.compile(r"\b(?:herrn?|frau|mr|mrs|ms|miss|dr|prof|familie|dipl|ing|med)\b\.?")
_STEM = 5
"""How many letters make two words the same: "Lieferung" and "Lieferdatum", "refund" and "refunding"."""

COMMON = frozenset(
    """
    nicht haben hatte wurde werden eine einen einem einer dass dieser diese dieses noch schon immer wieder
    aber auch oder wenn weil dann doch jetzt heute mehr sehr kann koennen muss muessen soll sollte will wollen
    sind habe hallo guten bitte danke gern gerne ihre ihren ihrem ihrer ihnen mein meine meinen meinem meiner
    unser unsere unseren euer eure dein deine ueber unter nach seit ohne alle alles etwas nichts viel ganz
    eben jeder jede sich wird beim vom zum zur wie was wer that this with from have been will would could
    should your yours they them their there what when where which about just only more very please thank
    thanks hello dear because into over after before again still also than then were
    """.split()
)
"""Words that any two messages share."""


@dataclass(frozen=True)
class Missing:
    """An omission and the rule that found it."""

    rule: Rule
    category: Omission

    @property
    def certain(self) -> bool:
        """Whether the draft may not leave without it."""
        return self.rule.severity is Severity.ERROR

    def suggestion(self) -> Suggestion:
        """The line the agent may fill in."""
        rule = self.rule
        return Suggestion(
            omission=self.category,
            rule=rule.id,
            why=rule.why or "",
            line=rule.suggestion or rule.instead or "",
            tips=rule.tips,
        )


class OmissionLinter:
    """The omission rules of one language. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        self._rules = [
            (rule, PatternSet(rule.satisfied_by), PatternSet(rule.triggered_by.customer))
            for rule in book.of_kind(language, "omission")
        ]

    def find(
        self,
        draft: Text,
        conversation: Sequence[Message],
        context: Context,
        signals: Sequence[Signal],
        action: Action,
        ignore: Sequence[str] = (),
    ) -> list[Missing]:
        """What `draft` lacks in this case, in the order of the rules' ids. Only certain signals bring a rule up."""
        said = [message.text for message in conversation if message.author == "customer"]
        kinds = {signal.kind for signal in signals if signal.severity is Severity.ERROR}
        missing = []
        for rule, satisfied_by, customer in self._rules:
            trigger = rule.triggered_by
            due = (
                trigger.always
                or action in trigger.verdicts
                or bool(kinds & {*trigger.signals})
                or (trigger.question and bool(said) and "?" in said[-1])
                or any(customer.search(fold(text)) for text in said)
            )
            if not due or rule.id in ignore or not applies(rule.when, context, len(said)):
                continue
            if not (rule.satisfied_by or rule.satisfied_by_check):
                continue  # nothing to see it by: the rule lives in the prompts only
            if not satisfied_by.search(draft.folded.text) and not _check(rule, draft, said, context):
                missing.append(Missing(rule, Omission(rule.category or "")))
        return missing


def _check(rule: Rule, draft: Text, said: Sequence[str], context: Context) -> bool:
    match rule.satisfied_by_check:
        case "names_customer":
            return names(draft.original, context.customer_name or "")
        case "takes_up_matter":
            return len(stems(draft.folded.text) & stems(fold(" ".join(said)))) >= 2
        case None:
            return False


def names(text: str, name: str) -> bool:
    """Whether `text` calls somebody by `name`, or by a part of it; titles are no part."""
    parts = [part for part in re.split(r"[\W_\d]+", _TITLE.sub("", fold(name))) if len(part) > 1]
    folded = fold(text)
    return not parts or any(re.search(rf"(?<![a-z]){re.escape(part)}(?![a-rt-z])", folded) for part in parts)


def stems(folded: str) -> set[str]:
    """The beginnings of the words that carry meaning in a folded text."""
    return {word[:_STEM] for word in _WORD.findall(folded) if word not in COMMON}
