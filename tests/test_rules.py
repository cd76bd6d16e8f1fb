"""Every rule does what its file says: its examples fire, its better texts are clean, its look-alikes stay quiet."""

import pytest

from coach.lint import Linter
from coach.omissions import OmissionLinter
from coach.patterns import PatternSet
from coach.promises import Promises
from coach.rulebook import RuleBook
from coach.rules import Example, OmissionExample, Rule
from coach.text import Text
from coach.types import Action, Channel, Context, Message

BOOK = RuleBook()
LINTERS = {language: Linter(BOOK, language) for language in BOOK.languages}
RULES = [rule for rules in BOOK.rules.values() for rule in rules if not rule.learned]
FINDINGS = [r for r in RULES if r.kind == "finding" and r.category != "promise"]
SIGNALS = [r for r in RULES if r.kind == "signal" and r.said_by == "customer"]


def name_of(rule: Rule) -> str:
    return f"{rule.language}/{rule.id}"


def context_for(rule: Rule) -> Context:
    """A case in which the rule applies."""
    return Context(
        channel=rule.when.channels[0] if rule.when.channels else Channel.EMAIL,
        language=rule.language,
        customer_name=None if rule.when.name_known is False else "Becker",
        agent_name=None,
        form_of_address=None,
        authority=None,
        warnings_given=0,
        transferred=False,
        supervisor_available=True,
    )


def customer_says(text: str, rule: Rule) -> list[Message]:
    filler = [Message(author="customer", text=".")] * ((rule.when.min_customer_messages or 1) - 1)
    return [*filler, Message(author="customer", text=text)]


@pytest.mark.parametrize("rule", FINDINGS, ids=name_of)
def test_finding(rule: Rule) -> None:
    linter, context = LINTERS[rule.language], context_for(rule)
    for example in rule.examples:
        assert isinstance(example, Example)
        hits = [f.quote for f in linter.findings(Text(example.flagged), context) if f.rule == rule.id]
        assert example.match in hits, f"{name_of(rule)} finds {hits} in {example.flagged!r}"
        if example.better:
            assert not [f.rule for f in linter.findings(Text(example.better), context)], example.better
    for text in rule.clean:
        assert rule.id not in {f.rule for f in linter.findings(Text(text), context)}, text


@pytest.mark.parametrize("rule", SIGNALS, ids=name_of)
def test_signal(rule: Rule) -> None:
    linter, context = LINTERS[rule.language], context_for(rule)
    for example in rule.examples:
        assert isinstance(example, Example)
        hits = [s.quote for s in linter.signals(customer_says(example.flagged, rule), context) if s.rule == rule.id]
        assert example.match in hits, f"{name_of(rule)} finds {hits} in {example.flagged!r}"
    for text in rule.clean:
        assert rule.id not in {s.rule for s in linter.signals(customer_says(text, rule), context)}, text


@pytest.mark.parametrize("rule", [r for r in RULES if r.kind == "signal" and r.said_by == "us"], ids=name_of)
def test_signal_that_the_draft_answers(rule: Rule) -> None:
    linter, context = LINTERS[rule.language], context_for(rule)
    conversation = [Message(author="customer", text="Kurz. Das ist der längste Satz der Nachricht.")]
    for example in rule.examples:
        assert isinstance(example, Example)
        found = linter.answered(Text(example.flagged), conversation, context)
        quotes = {s.quote for s in found if s.rule == rule.id}
        assert quotes == {"Das ist der längste Satz der Nachricht."}, example.flagged
    for text in rule.clean:
        assert rule.id not in {s.rule for s in linter.answered(Text(text), conversation, context)}, text


@pytest.mark.parametrize("rule", [r for r in RULES if r.kind == "withdrawal"], ids=name_of)
def test_withdrawal(rule: Rule) -> None:
    patterns = LINTERS[rule.language]._withdrawals
    for example in rule.examples:
        assert isinstance(example, Example)
        text = Text(example.flagged)
        assert example.match in {
            text.original[a:b] for r, (a, b) in patterns.matches(text, text.folded) if r.id == rule.id
        }
    for clean in rule.clean:
        text = Text(clean)
        assert not [r for r, _ in patterns.matches(text, text.folded) if r.id == rule.id], clean


FORMS = [
    (language, form, name)
    for language, phrases in BOOK.phrases.items()
    for form, said in phrases.sentences.items()
    for name in said
]


@pytest.mark.parametrize(("language", "form", "name"), FORMS)
def test_what_the_editor_says_is_clean(language: str, form: str, name: str) -> None:
    sentence = BOOK.phrases[language].say(name, form, name="Frau Becker", ids="4711-B", number="112")
    warnings = 1 if name in ("end_conversation", "reminder") else 0
    context = context_for(BOOK.rules[language][0]).model_copy(update={"warnings_given": warnings})
    linter = LINTERS[language]
    assert not [(f.rule, f.quote) for f in linter.findings(Text(sentence), context)], sentence
    promises = Promises(BOOK, language)
    assert not promises.findings(Text(sentence), linter.fold(Text(sentence)), []), sentence


OWED = {
    "boundary_insult": "boundary-missing",
    "boundary_hate_or_harassment": "boundary-missing",
    "boundary_no_genuine_concern": "boundary-missing",
    "boundary_intoxication": "boundary-missing",
    "reminder": "boundary-missing",
    "hand_over": "handover-not-announced",
    "hand_over_unavailable": "handover-not-announced",
    "hand_over_wrong_team": "handover-not-announced",
    "end_conversation": "end-not-announced",
    "alert_security": "security-not-told",
    "emergency": "emergency-number-missing",
}


@pytest.mark.parametrize(("language", "form", "name"), [f for f in FORMS if f[2] in OWED])
def test_what_the_editor_adds_is_what_was_missing(language: str, form: str, name: str) -> None:
    sentence = BOOK.phrases[language].say(name, form, number="112")
    rule = next(rule for rule in BOOK.of_kind(language, "omission") if rule.id == OWED[name])
    assert PatternSet(rule.satisfied_by).search(Text(sentence).folded.text), sentence


@pytest.mark.parametrize(
    "rule", [r for r in RULES if r.kind == "omission" and (r.satisfied_by or r.satisfied_by_check)], ids=name_of
)
def test_omission(rule: Rule) -> None:
    linter, omissions = LINTERS[rule.language], OmissionLinter(BOOK, rule.language)
    context = context_for(rule)
    for example in rule.examples:
        assert isinstance(example, OmissionExample)
        conversation = [Message(author="customer", text=example.customer)]
        signals = linter.signals(conversation, context)
        action = (rule.triggered_by.verdicts or (Action.CONTINUE,))[0]
        found = omissions.find(Text(example.draft), conversation, context, signals, action)
        assert rule.id in {m.rule.id for m in found}, example.draft
        better = omissions.find(Text(example.better), conversation, context, signals, action)
        assert rule.id not in {m.rule.id for m in better}, example.better
