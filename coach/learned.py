"""What the learned rules add to the written ones: findings in a draft, signals in the customer's words.

Where a written rule is certain, its finding or signal stays and the learned one is dropped. From how likely on a
learned one counts for certain (severity error) and from how likely on it is shown (warning) stands in the classifier's
file. A learned signal alone never brings the gravest verdicts: there it is a warning unless a written rule warns too.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from coach.classifier import Classifier, Judgement, Unit
from coach.ladder import GRAVEST, decide
from coach.matching import finding_of
from coach.rulebook import RuleBook
from coach.text import Span, Text
from coach.types import (
    Category,
    Context,
    Cover,
    Finding,
    Message,
    Promise,
    PromiseKind,
    Severity,
    Signal,
    SignalKind,
)

Place = tuple[int, int, int]
"""Index of a message, and start and end in its text."""

SHORTEST = 12
"""Characters below which a sentence says too little."""
INNOCENT = 0.2
"""How likely faulty a sentence has to be for a written rule to be believed alone; of the 22 drafts in
``evals/cases/own.jsonl`` with one certain finding, all of them right, none lies below."""
DOUBTFUL = 0.5
"""How likely faulty a sentence is that makes the others of its draft more doubtful."""


def draft_units(draft: Text, context: Context) -> list[tuple[Span, Unit]]:
    """The sentences of a draft but for its greeting, each with its place."""
    authority = "unknown" if context.authority is None else "some" if context.authority else "none"
    case = (f"channel={context.channel}", f"language={context.language}", f"authority={authority}")
    units: list[tuple[Span, Unit]] = []
    previous = ""
    for start, end in draft.sentences:
        text = draft.original[start:end]
        if (start, end) != draft.greeting:
            units.append(((start, end), Unit((text,), previous, case)))
        previous = text
    return units


def customer_units(
    conversation: Sequence[Message], context: Context, draft: str = ""
) -> tuple[list[tuple[Place, Unit]], list[tuple[Place, Unit]]]:
    """The customer's sentences, and his messages, each with its place; the newest message goes with the `draft`."""
    indices = [
        index for index, message in enumerate(conversation) if message.author == "customer" and message.text.strip()
    ]
    case = (f"channel={context.channel}", f"language={context.language}", f"messages={min(len(indices), 4)}")
    sentences: list[tuple[Place, Unit]] = []
    messages: list[tuple[Place, Unit]] = []
    for index in indices:
        text = conversation[index].text
        answered = index > 0 and conversation[index - 1].author != "customer"
        previous = conversation[index - 1].text if answered else ""
        place = "last" if index == indices[-1] else "earlier"
        facts = (*case, f"place={place}")
        spans = Text(text).sentences or ((0, len(text)),)
        said = tuple(text[start:end] for start, end in spans)
        messages.append(((index, 0, len(text)), Unit(said, previous, facts, draft if place == "last" else "")))
        for start, end in spans:
            sentences.append(((index, start, end), Unit((text[start:end],), previous, facts)))
            previous = ""
    return sentences, messages


class LearnedRules:
    """The learned rules of one language. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str, classifier: Classifier) -> None:
        self._book, self._classifier = book, classifier
        rules = [rule for rule in book.rules[language] if rule.learned]
        self._findings = {Category(rule.category or ""): rule for rule in rules if rule.kind == "finding"}
        self._signals = {SignalKind(rule.category or ""): rule for rule in rules if rule.kind == "signal"}

    def second_opinion(self, draft: Text, context: Context, written: Sequence[Finding]) -> list[Finding]:
        """The `written` findings; the only certain one of a draft is a warning where nothing else speaks for it.

        A draft with one fault in the eyes of the rules and none in those of the classifier is most often a good one.
        Promises are no matter of opinion: authority covers them, or it does not.
        """
        certain = [f for f in written if f.severity is Severity.ERROR]
        units = draft_units(draft, context)
        hit = [any(f.start < end and start < f.end for f in certain) for (start, end), _ in units]
        if len(certain) != 1 or not any(hit) or certain[0].category is Category.PROMISE:
            return list(written)
        judged = self._classifier.judge([unit for _, unit in units], hit)
        if any(j.faulty >= (INNOCENT if seen else DOUBTFUL) for seen, j in zip(hit, judged, strict=True)):
            return list(written)
        return [f.model_copy(update={"severity": Severity.WARNING}) for f in written]

    def findings(
        self,
        draft: Text,
        context: Context,
        written: Sequence[Finding],
        promises: Sequence[Promise] = (),
        ignore: Sequence[str] = (),
    ) -> list[Finding]:
        """The findings to add to the `written` ones: sentences that no written rule is certain of."""
        units = draft_units(draft, context)
        certain = [f for f in written if f.severity is Severity.ERROR]
        hit = [any(f.start < end and start < f.end for f in certain) for (start, end), _ in units]
        found = []
        judgements = self._classifier.judge([unit for _, unit in units], hit)
        doubtful = sum(seen or judged.faulty >= DOUBTFUL for seen, judged in zip(hit, judgements, strict=True))
        for (span, _), seen, judged in zip(units, hit, judgements, strict=True):
            rule = self._findings.get(judged.category)
            if seen or not rule or rule.id in ignore or span[1] - span[0] < SHORTEST:
                continue
            severity = self._severity(judged, span, context, promises, alone=doubtful < 2)
            if severity:
                found.append(finding_of(rule, draft.original[slice(*span)], span[0], severity))
        return found

    def _severity(
        self, judged: Judgement, span: Span, context: Context, promises: Sequence[Promise], *, alone: bool
    ) -> Severity | None:
        """How sure a finding is, None for too little; what authority covers is no fault, what nobody knows no error.

        The only doubtful sentence of a draft has to be more likely faulty: good drafts have none, bad ones several.
        """
        draft = self._classifier.meta["draft"]
        certain, shown = draft["thresholds"][judged.category]
        severity = _severity(judged.faulty, (max(certain, draft["alone"]) if certain and alone else certain, shown))
        if judged.category is not Category.PROMISE or not severity:
            return severity
        here = [p for p in promises if p.start < span[1] and span[0] < p.end]
        if any(p.cover is Cover.COVERED for p in here):
            return None
        doubtful = context.authority is None or any(p.kind is PromiseKind.CHECK for p in here)
        return Severity.WARNING if doubtful else severity

    def signals(
        self,
        conversation: Sequence[Message],
        draft: str,
        context: Context,
        written: Sequence[Signal],
        withdrawn: Mapping[SignalKind, tuple[int, int]] = MappingProxyType({}),
        ignore: Sequence[str] = (),
    ) -> list[Signal]:
        """The signals to add to the `written` ones: at the most one of a kind, none that is certain or `withdrawn`."""
        sentences, messages = customer_units(conversation, context, draft)
        certain = {s.kind for s in written if s.severity is Severity.ERROR}
        found = []
        likely = self._classifier.signals([unit for _, unit in sentences], [unit for _, unit in messages])
        for kind, (chance, best) in likely.items():
            rule = self._signals.get(kind)
            severity = _severity(chance, self._classifier.meta["customer"]["thresholds"][kind])
            if rule and severity and kind not in certain and rule.id not in ignore:
                index, start, end = sentences[best][0]
                if (index, start) <= withdrawn.get(kind, (-1, 0)):
                    continue
                quote = conversation[index].text[start:end]
                found.append(
                    Signal(kind=kind, quote=quote, message=index, start=start, end=end, rule=rule.id, severity=severity)
                )
        return self._two_for_the_gravest(found, context, written)

    def _two_for_the_gravest(
        self, found: Sequence[Signal], context: Context, written: Sequence[Signal]
    ) -> list[Signal]:
        """`found`, each a warning where it would bring a gravest verdict and no written rule warns of it too."""
        ladder = self._book.ladder
        warned = {s.kind for s in written}
        kept = []
        for signal in found:
            certain = signal.severity is Severity.ERROR
            alone = certain and signal.kind not in warned and decide([signal], context, ladder).action in GRAVEST
            kept.append(signal.model_copy(update={"severity": Severity.WARNING}) if alone else signal)
        return kept


def _severity(chance: float, limits: Sequence[float | None]) -> Severity | None:
    """`limits` are from how likely on it is certain, and from how likely on it is shown; null for never."""
    certain, shown = limits
    if certain is not None and chance >= certain:
        return Severity.ERROR
    return Severity.WARNING if shown is not None and chance >= shown else None
