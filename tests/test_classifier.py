"""The learned rules: what ships loads and finds its examples, and however bad a classifier is, the coach stays safe."""

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coach.app import create_app
from coach.classifier import LEARNED, Classifier, Scorer, Unit, features, others
from coach.errors import ConfigurationError
from coach.learned import LearnedRules
from coach.lint import Linter
from coach.rulebook import RuleBook
from coach.rules import Example, Rule
from coach.service import ReplyCoach
from coach.settings import Settings
from coach.text import Text
from coach.types import Action, Category, Channel, Context, Message, Request, Severity, SignalKind
from tests.scripted import model_that

BOOK = RuleBook()
SHIPPED = Classifier.load()
RULES = {language: LearnedRules(BOOK, language, SHIPPED) for language in BOOK.languages}
LINTERS = {language: Linter(BOOK, language) for language in BOOK.languages}
LEARNED_RULES = [rule for rules in BOOK.rules.values() for rule in rules if rule.learned]


def context(language: str = "de", **more: Any) -> Context:
    case = Context(
        channel=Channel.EMAIL,
        language=language,
        customer_name="Becker",
        agent_name=None,
        form_of_address=None,
        authority=(),
        warnings_given=0,
        transferred=False,
        supervisor_available=True,
    )
    return case.model_copy(update=more)


def sure_of(*features: str, certain: float | None = 0.5) -> Classifier:
    """A classifier that sees every fault and every signal where one of these features stands, and nothing elsewhere."""
    categories, kinds = [c.value for c in Category], [k.value for k in SignalKind]

    def scorer(outputs: int) -> Scorer:
        weights = np.full((len(features), outputs), 127, np.int8)
        scale, bias = np.full(outputs, 1.0, np.float32), np.full(outputs, -9.0, np.float32)
        return Scorer(list(features), np.ones(len(features), np.float32), weights, scale, bias)

    return Classifier(
        scorer(len(categories) + 1),
        scorer(len(kinds)),
        {
            "data": "made up",
            "draft": {
                "categories": categories,
                "calibration": [1, 0, 0],
                "thresholds": {key: [certain, 0.2] for key in categories},
                "alone": certain,
            },
            "customer": {
                "kinds": kinds,
                "slope": [1] * len(kinds),
                "bias": [0] * len(kinds),
                "thresholds": {key: [certain, 0.2] for key in kinds},
            },
        },
    )


def request(draft: str, says: str, **more: Any) -> Request:
    conversation = [{"author": "customer", "text": says}]
    case = {"language": "de", "customer_name": "Becker", "authority": [], "warnings_given": 0, "transferred": False}
    return Request.model_validate({**case, "draft": draft, "conversation": conversation, **more})


DRAFT = "Guten Tag Frau Becker,\n\nIhr Paket liegt im Depot.\n\nFreundliche Grüße\nJonas Weber"


# what ships -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", LEARNED_RULES, ids=lambda rule: f"{rule.language}/{rule.id}")
def test_a_learned_rule_finds_its_examples(rule: Rule) -> None:
    learned = RULES[rule.language]
    for example in rule.examples:
        assert isinstance(example, Example)
        if rule.kind == "finding":
            found = learned.findings(Text(example.flagged), context(rule.language), [])
            assert rule.id in {f.rule for f in found}, [(f.rule, f.severity) for f in found]
        else:
            says = [Message(author="customer", text=example.flagged)]
            shown = learned.signals(says, "", context(rule.language), [])
            assert rule.id in {s.rule for s in shown}, [(s.rule, s.severity) for s in shown]
        for fine in [*rule.clean, *([example.better] if example.better else [])]:
            assert not learned.findings(Text(fine), context(rule.language), []), fine


SAID = [(la, form, name) for la, p in BOOK.phrases.items() for form, said in p.sentences.items() for name in said]


@pytest.mark.parametrize(("language", "form", "name"), SAID)
def test_what_the_editor_says_is_no_learned_error(language: str, form: str, name: str) -> None:
    sentence = BOOK.phrases[language].say(name, form, name="Frau Becker", ids="4711-B", number="112")
    found = RULES[language].findings(Text(sentence), context(language), [])
    assert not [f for f in found if f.severity is Severity.ERROR], sentence


def test_it_loads_in_less_than_a_second_and_is_small() -> None:
    begin = time.perf_counter()
    Classifier.load()
    assert time.perf_counter() - begin < 1
    assert LEARNED.stat().st_size < 4_000_000


def test_the_same_words_give_the_same_scores_alone_and_among_others() -> None:
    units = [
        Unit(("Beruhigen Sie sich.",)),
        Unit(("",)),
        Unit(("Ihr Paket liegt im Depot.",), "Hallo", ("channel=email",)),
    ]
    together = SHIPPED._draft.scores(units)
    for row, unit in zip(together, units, strict=True):
        assert np.allclose(row, SHIPPED._draft.scores([unit])[0], atol=1e-5)


def test_features_fold_and_count() -> None:
    letters, words, before, case, reply = features(Unit(("Für 12 Für",), "Davor", ("channel=chat",), "Ja gern"))
    assert letters.count("cfuer") == 2 and "c fue" in letters
    assert words == ["wfuer", "w0", "wfuer", "wfuer 0", "w0 fuer", "wfuer 0 fuer"]
    assert (before, case, reply) == (["pdavor"], ["xchannel=chat"], ["rja", "rgern", "rja gern"])


def test_others_is_the_best_of_the_rest() -> None:
    assert others(np.array([1.0, 0.5, -1.0])).tolist() == [0.5, 1.0, 1.0]
    assert others(np.array([1.0])).tolist() == [-2.0]


def test_the_only_doubtful_sentence_has_to_be_more_likely_faulty() -> None:
    """The second sentence is as likely faulty alone as with the first one, and certain only with it."""
    meta = sure_of("wpaket").meta
    classifier = sure_of("wpaket", "wdepot")
    classifier.meta = {**meta, "draft": {**meta["draft"], "alone": 1.1}}
    rules = LearnedRules(BOOK, "de", classifier)
    for draft, severity in (
        ("Es geht um Ihr Paket.", "warning"),
        ("Es geht um Ihr Paket. Es liegt im Depot.", "error"),
    ):
        assert {f.severity for f in rules.findings(Text(draft), context(), [])} == {severity}


# a file that cannot be read -------------------------------------------------------------------------------------------


def _cut_off() -> bytes:
    return LEARNED.read_bytes()[:1000]


def _other_format() -> bytes:
    out = io.BytesIO()
    np.savez(out, meta=np.frombuffer(b'{"format": 99}', np.uint8))
    return out.getvalue()


def _pickled() -> bytes:
    out = io.BytesIO()
    np.savez(out, meta=np.array([{"format": 1}], dtype=object))
    return out.getvalue()


@pytest.mark.parametrize("content", [_cut_off, _other_format, _pickled, lambda: b"", None])
def test_a_missing_or_damaged_file_stops_the_start(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "learned.npz"
    if content:
        path.write_bytes(content())
    with pytest.raises(ConfigurationError, match=r"learned\.npz"):
        Classifier.load(path)


# a bad classifier -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warnings_given", [0, 1])
async def test_a_bad_classifier_brings_no_grave_verdict(warnings_given: int) -> None:
    """It sees a threat, an insult and every other signal in a plain question."""
    coach = ReplyCoach(BOOK, classifier=sure_of("wpaket"))
    case = request(DRAFT, "Wo ist mein Paket?", warnings_given=warnings_given, supervisor_available=False)
    result = await coach.coach(case)
    assert result.verdict.action not in (Action.ALERT_SECURITY, Action.END_CONVERSATION)
    grave = {SignalKind.THREAT_OF_VIOLENCE, SignalKind.DANGER_TO_LIFE}
    assert grave <= {s.kind for s in result.signals if s.severity is Severity.WARNING}


async def test_with_a_second_source_a_threat_counts() -> None:
    rules = LearnedRules(BOOK, "de", sure_of("wpaket"))
    conversation = [Message(author="customer", text="Wo ist mein Paket?")]
    alone = {s.kind: s for s in rules.signals(conversation, "", context(), [])}[SignalKind.THREAT_OF_VIOLENCE]
    assert alone.severity is Severity.WARNING
    both = rules.signals(conversation, "", context(), [alone])
    assert {s.severity for s in both if s.kind is SignalKind.THREAT_OF_VIOLENCE} == {Severity.ERROR}


async def test_a_bad_classifier_loses_no_fact() -> None:
    """It finds every sentence faulty: what leaves passes all checks, or nothing leaves."""
    coach = ReplyCoach(BOOK, classifier=sure_of("wpaket", "wsie", "wgruesse", "wich"))
    result = await coach.coach(request(DRAFT.replace("Paket", "Paket 4711-B"), "Wo ist mein Paket?"))
    assert result.rewrite is None or ("4711-B" in result.rewrite and "Jonas Weber" in result.rewrite)
    assert (result.rewrite is None) == bool(result.remaining)


async def test_what_the_model_writes_is_judged_too() -> None:
    """The draft is faulty by a written rule; the model's text by a learned one, so it may not leave."""
    written = DRAFT.replace("liegt im Depot.", "liegt im Depot. Das Wetter war gut.")
    model = model_that(writes=[written, written, written])
    coach = ReplyCoach(BOOK, model, classifier=sure_of("wwetter"))
    faulty = DRAFT.replace("Ihr Paket", "Beruhigen Sie sich. Wir bedauern die Unannehmlichkeiten. Ihr Paket")
    result = await coach.coach(request(faulty, "Wo ist mein Paket?"))
    assert result.rewrite_by == "editor" and result.rewrite and "Wetter" not in result.rewrite


async def test_a_warning_changes_nothing() -> None:
    coach = ReplyCoach(BOOK, classifier=sure_of("wpaket", certain=None))
    result = await coach.coach(request(DRAFT, "Guten Tag, ich warte."))
    assert [f.severity for f in result.findings] == [Severity.WARNING]
    assert result.rewrite == DRAFT and not result.changed


# with the written rules -----------------------------------------------------------------------------------------------


def test_a_written_rule_keeps_its_place() -> None:
    draft = Text("Beruhigen Sie sich bitte erst einmal.")
    written = LINTERS["de"].findings(draft, context())
    assert written and not LearnedRules(BOOK, "de", sure_of("wberuhigen")).findings(draft, context(), written)


def test_a_dismissed_rule_is_quiet() -> None:
    rules, draft = LearnedRules(BOOK, "de", sure_of("wpaket")), Text("Ihr Paket liegt im Depot.")
    rule = rules.findings(draft, context(), [])[0].rule
    assert rule.startswith("learned-")
    assert not rules.findings(draft, context(), [], (), [rule])


def test_what_nobody_knows_to_be_allowed_is_a_warning() -> None:
    promise = "Bis Freitag haben Sie Ihr Geld auf jeden Fall wieder auf dem Konto."
    found = RULES["de"].findings(Text(promise), context(authority=None), [])
    assert [f.severity for f in found if f.category is Category.PROMISE] in ([], [Severity.WARNING])


def test_what_was_taken_back_is_void() -> None:
    rules = LearnedRules(BOOK, "de", sure_of("wpaket"))
    conversation = [Message(author="customer", text="Wo ist mein Paket?")]
    void = {kind: (0, 10) for kind in SignalKind}
    assert not rules.signals(conversation, "", context(), [], void)


def test_it_can_be_switched_off() -> None:
    off, on = (create_app(Settings(classifier=wanted)).state.coach for wanted in (False, True))
    said = "Ein Vertrag ist wie ein Busfahrplan: Wer nach der Abfahrt kommt, bleibt eben stehen."
    case = request(f"Guten Tag Frau Becker,\n\n{said} Das hätte Ihnen auch jedes Kind sagen können.", "Was gilt?")

    def learned(coach: ReplyCoach) -> set[str]:
        return {f.rule for f in asyncio.run(coach.coach(case)).findings if f.rule.startswith("learned-")}

    assert not learned(off) and learned(on)


@pytest.mark.parametrize(
    ("sentences", "features", "severity"),
    [
        ("Beruhigen Sie sich bitte.", (), Severity.WARNING),  # nothing but one rule speaks against this draft
        ("Beruhigen Sie sich bitte.", ("wberuhigen",), Severity.ERROR),
        ("Beruhigen Sie sich bitte. Das Wetter war gut.", ("wwetter",), Severity.ERROR),
        ("Beruhigen Sie sich bitte. Wir bedauern die Unannehmlichkeiten.", (), Severity.ERROR),
        ("Wir erstatten Ihnen den vollen Betrag.", (), Severity.ERROR),  # promises are no matter of opinion
    ],
)
def test_a_rule_is_not_believed_alone(sentences: str, features: tuple[str, ...], severity: Severity) -> None:
    coach = ReplyCoach(BOOK, classifier=sure_of(*features or ("wnever",)))
    result = coach.review(request(DRAFT.replace("Ihr Paket", f"{sentences} Ihr Paket"), "Wo ist mein Paket?"))
    assert {f.severity for f in result.findings if not f.rule.startswith("learned")} == {severity}
