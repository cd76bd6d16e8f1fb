"""Commitments in a text, and whether the agent's authority covers them.

The phrases are rules of category `promise`. What makes a phrase a commitment is decided here: the sentence is no
question, the clause is neither negated nor hedged nor conditional, and a rule about days needs a day to come.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.authority import Commitment, Grant, cover, parse
from coach.facts import TODAY, Fact, facts
from coach.matching import RuleMatcher
from coach.rulebook import Rule, RuleBook
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
MOST_HITS = 9
"""So many places of one rule are looked at in one clause."""
PAST = frozenset({"day-1", "day-2", "week-1", "month-1"})

HEDGES = {
    "de": r"voraussichtlich|vermutlich|wahrscheinlich|moeglicherweise|vielleicht|eventuell|ggf|in der regel|normalerweise|meist|meistens|ueblicherweise|hoffentlich"
    r"|hoffe|hoffen|sollte|sollten|solltest|koennte|koennten|wuerde|wuerden|moechte|moechten|duerfte|dachte|ob|wenn|falls|sofern|soweit|fruehestens|ohne gewaehr"
    r"|gern(?:e)? versuchen|versuche|versuchen|bemuehe|bemuehen|bitte|bevor|laut|bisher|sobald|schlage|schlagen|unter umstaenden|seit|geplant|vorgesehen|soll|sollen|lassen sie|taeglich|wie immer|wie gewohnt|werktags|jeweils|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s",
    "en": r"may|might|could|would|should|probably|likely|perhaps|maybe|hopefully|hope|try|trying|if|whether|unless|once|as soon as|usually|normally|typically|aim|aims|expect|expected"
    r"|estimated|please|in case|before you|so that|according to|subject to|since|can take|planned|daily|every day|as usual|each (?:week|day)",
}
"""Folded words that make a clause a guess, a wish, a condition or a request."""

UNKEPT = {
    "de": r"immer noch (?:nicht|kein|nichts)|noch immer (?:nicht|kein|nichts)|bis heute (?:nicht|kein|nichts|hat)|nichts (?:passiert|gehoert|gekommen|geschehen|angekommen|da\b|bekommen)"
    r"|nicht (?:passiert|gekommen|gemeldet|angerufen|eingehalten|zurueckgerufen|angekommen|erledigt|aufgetaucht|da gewesen)|niemand (?:gemeldet|angerufen|gekommen|da\b|hat|kam|war|rief)|keiner (?:gemeldet|angerufen|gekommen|da\b|hat|kam|war|rief)"
    r"|kein(?:e|en)? (?:anruf|rueckruf|antwort|monteur|techniker|lieferung|paket|scheibe|geld|erstattung|nachricht)|nicht gehalten|gebrochen|(?:versprochen|zugesagt|angekuendigt|hiess es|gesagt|geschrieben)\b.*\b(?:aber|und|nichts|nicht|wieder|gelogen|auch)"
    r"|(?:haben|habt|hat) (?:sie|ihr|ihre? \w+|der \w+) .{0,25}(?:auch|schon) (?:gesagt|geschrieben|versprochen)|das war vor \w+ (?:tagen|wochen|monaten)|wieder nicht|warte noch immer|warte immer noch",
    "en": r"still (?:no|not|nothing|hasn't|haven't|isn't|waiting|dead|doubled|shows|broken)|nothing (?:happened|has happened|came|arrived|yet|since)|(?:nobody|no one|no-one|noone) (?:called|came|rang|has|wrote|showed|got|ever)"
    r"|no (?:call|reply|answer|refund|parcel|engineer|technician|show|email|word)\b|never (?:called|came|arrived|happened|rang|heard|got|turned)|(?:didn't|did not|hasn't|has not|haven't) (?:call|come|arrive|arrived|happen|happened|ring|show|heard|been)"
    r"|(?:you|they) (?:promised|said|told me)\b.*\b(?:but|and|nothing|not|again|never)|broke(?:n)? (?:your|the|that) (?:promise|word)|that was \w+ (?:days|weeks|months) ago",
}
"""Folded words by which a customer says that something promised did not happen."""
OVER = {"de": r"vorbei|nichts|nicht|kein|keine|rum|verstrichen|wo ", "en": r"gone|passed|over|nothing|not|no|been and gone|where "}

NEGATIONS = {
    "de": r"nicht|kein|keine|keinen|keiner|keinem|leider|weder|niemand|nie|ohne",
    "en": r"not|cannot|can't|won't|don't|doesn't|isn't|aren't|no|never|nobody|unable|nor|neither|without",
}
_NOT_NEGATED = re.compile(
    r"nicht nur|nicht mehr lange|kein problem|keine sorge|keine frage|keinen cent|kein stress|keine angst|ohne (?:wenn und aber|weiteres|zweifel|kosten|aufpreis|versandkosten)"
    r"|no problem|no worries|no doubt|don't (?:you )?(?:worry|fret)|not only|without (?:fail|doubt|charge)|no (?:extra )?(?:cost|charge)|no time|do not worry"
)  # fmt: skip
_BREAK = re.compile(
    r"[;:] |, (?:und|aber|dann|doch|denn|sondern|deshalb|daher|darum|deswegen|weil|obwohl|and|but|so|then|because|although) | (?:und|aber|and|but) (?=(?:ich|wir|sie|du|ihr|er|es|der|die|das|i|we|you|it|the|he|they|that"
    r"|(?:kommt|ist|sind|wird|werden|bekommen|erhalten|hat|will|is|are|has)|[a-z]+e (?:ihnen|dir|euch|mich|es|sie|ihn|das))\b)| - "
)  # fmt: skip
_DURATION_AHEAD = re.compile(
    r"\b(?:in|innerhalb|innert|binnen|within|inside|bis zu|naechsten|next|under|hoechstens|maximal|nur|keine|at most|no more than|less than|only)(?: von| of| the| den| der| noch)? (?:[a-z]+ )?$"
)
_ATTRIBUTE = re.compile(r"\b(?:(?:seit|since|vom|aus|from|dated|of|fuer|for)(?: dem| den| the)?|vom .{1,20} (?:bis|und)(?: zum)?|from .{1,20} to) $")
_ADDRESS = re.compile(r", (?:Herr|Frau|Mr|Mrs|Ms)\.? \S+,")
_SOON = re.compile(
    r"\b(?:in den naechsten (?:tagen|stunden|minuten|wochen)|in (?:wenigen|ein paar|einigen) (?:tagen|stunden|minuten|wochen|augenblicken)|noch (?:in )?diese[rn]? (?:woche|monat|tage)"
    r"|diese woche noch|(?:anfang|mitte|ende) (?:der|dieser|naechster|kommender|des|diesen|naechsten|kommenden) (?:woche|monats|jahres)|im laufe? (?:der|des) [a-z]+"
    r"|(?:innerhalb|binnen|innert) (?:einer|eines|kuerzester|der naechsten) [a-z]+|in (?:einer|einem) (?:viertel|halben )?(?:stunde|woche|tag|monat|minute)|spaetestens|bis (?:zu[mr]? )?(?:ihrem|ihrer|deinem|deiner|ostern|weihnachten"
    r"|monatsende|jahresende|fest|urlaub|geburtstag|wochenende)[a-z ]{0,12}|rechtzeitig|puenktlich|am (?:naechsten|selben|gleichen) (?:tag|werktag|morgen)|ueber nacht|noch vor|naechsten (?:tag|werktag)"
    r"|beim naechsten [a-z]+|mit der naechsten post|in no time|shortly|in the next (?:few )?(?:days|hours|minutes|weeks|couple)|within (?:a|an|the) [a-z]+|by the end of [a-z ]{2,14}"
    r"|before the (?:weekend|holidays|wedding|party)|before christmas|in (?:a|an) (?:hour|week|day|minute|month|few [a-z]+|couple of [a-z]+|matter of [a-z]+|jiffy)|in time for|on time|overnight|first thing|at the latest|by the (?:weekend|time))\b"
)  # fmt: skip


@dataclass(frozen=True)
class Committed:
    """A promise, and the rules that saw it."""

    promise: Promise
    rule: Rule
    severity: Severity


@dataclass(frozen=True)
class BrokenPromise:
    """What an agent committed to in message `message`, and the customer's words, in `evidence_message`, that it was not kept."""

    text: str
    message: int
    evidence: str
    evidence_message: int


class Promises:
    """The promise rules of one language, ready to match. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        rules = [rule for rule in book.of_kind(language, "finding") if rule.category == Category.PROMISE]
        self.matcher = RuleMatcher(rules)
        guess, no = HEDGES.get(language, HEDGES["en"]), NEGATIONS.get(language, NEGATIONS["en"])
        self._unkept = re.compile(rf"\b(?:{UNKEPT.get(language, UNKEPT['en'])})")
        self._over = re.compile(rf"\b(?:{OVER.get(language, OVER['en'])})\b")
        self._hedged, self._negated = re.compile(rf"\b(?:{guess})\b"), re.compile(rf"\b(?:{no})\b")

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
        found = (as_finding(c) for c in self.commitments(text, folded, authority, conversation) if c.rule.id not in ignore)
        return tuple(finding for finding in found if finding)

    def todo(self, text: Text, folded: Folded) -> tuple[str, ...]:
        """What `text` commits the agent to, clause by clause, as it stands: "Ich frage beim Versand nach"."""
        return tuple(committed.promise.quote.strip(" ,.;:") for committed in self.commitments(text, folded, ()))

    def broken(self, conversation: Sequence[Message]) -> tuple[BrokenPromise, ...]:
        """What an agent committed to and, as a later message of the customer says, was not kept; the latest first word counts."""
        found: list[BrokenPromise] = []
        open_promises: list[tuple[int, Promise]] = []
        for index, message in enumerate(conversation):
            text = Text(message.text)
            if message.author == "agent":
                open_promises += [(index, promise) for promise in self.find(text, text.folded, ())]
            elif message.author == "customer" and open_promises and (complaint := self._complains(text, open_promises)):
                found += [BrokenPromise(p.quote, i, message.text[slice(*complaint)], index) for i, p in open_promises]
                open_promises = []
        return tuple(found)

    def _complains(self, text: Text, open_promises: Sequence[tuple[int, Promise]]) -> Span | None:
        """The sentence in which the customer says that what was promised did not happen."""
        days = {fact.value for _, promise in open_promises for fact in facts(promise.date or "")}
        for start, end in text.sentences:
            sentence = text.original[start:end]
            said = fold(sentence)
            if self._unkept.search(said) or (self._over.search(said) and any(f.value in days for f in facts(sentence))):
                return (start, end)
        return None

    def commitments(
        self, text: Text, folded: Folded, authority: Sequence[str] | None, conversation: Sequence[Message] = ()
    ) -> tuple[Committed, ...]:
        """As `find`, with the rule that saw each."""
        grants = None if authority is None else parse(authority)
        system = parse(message.text for message in conversation if message.author == "system")
        found: list[Committed] = []
        for clause, hits in self._clauses(text, folded):
            committed = self._judge(text, clause, hits, grants, system)
            if committed:
                found.append(committed)
        return tuple(sorted(found, key=lambda c: c.promise.start))

    def _clauses(self, text: Text, folded: Folded) -> Iterable[tuple[Span, list[tuple[Rule, Span]]]]:
        """The clauses of `text` in which rules fire, with what fires."""
        by_clause: dict[Span, list[tuple[Rule, Span]]] = {}
        cut: dict[Span, list[Span]] = {}
        seen: Counter[tuple[str, Span]] = Counter()
        for rule, span in self.matcher.matches(text, _without_ordinal_dots(folded)):
            sentence = text.sentence_at(span[0])
            if not sentence or span[1] > sentence[1]:
                continue
            if sentence not in cut:
                cut[sentence] = _cut(text.original, sentence)
            clause = next((c for c in cut[sentence] if c[0] <= span[0] < c[1]), None)
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
    ) -> Committed | None:
        quote = text.original[clause[0] : clause[1]]
        said = fold(quote)
        hedged = bool(self._hedged.search(said))
        times, amounts = _times(quote), tuple(f for f in facts(quote) if f.kind == "amount")
        negated = bool(self._negated.search(_NOT_NEGATED.sub(" ", said)))
        by_kind: dict[PromiseKind, Rule] = {}
        for rule, span in hits:
            kind = rule.promise or PromiseKind.GUARANTEE
            if kind in NEEDS_A_DAY and not _names_a_day(_segment(quote, span[0] - clause[0])):
                continue
            if kind != PromiseKind.CHECK and (hedged or (negated and kind != PromiseKind.OUTCOME)):
                continue
            known = by_kind.get(kind)
            if known is None or (known.severity == Severity.WARNING and rule.severity == Severity.ERROR):
                by_kind[kind] = rule
        kind = next((k for k in RANK if k in by_kind), None)
        if kind is None:
            return None
        if PromiseKind.CHECK in by_kind and kind in CHECK_WINS and all(fact.value == TODAY for fact in times):
            kind = PromiseKind.CHECK
        certain = PromiseKind.GUARANTEE in by_kind
        values = frozenset(f.value for f in facts(quote) if f.kind in ("amount", "date", "time", "number"))
        commitment = Commitment(kind, amounts, times, bool(_SOON.search(said)), certain, said, values)
        covered, entry = cover(commitment, grants, system)
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
        sure = any(r.severity == Severity.ERROR for k, r in by_kind.items() if k != PromiseKind.CHECK)
        return Committed(promise, by_kind[kind], Severity.ERROR if sure else Severity.WARNING)


def as_finding(committed: Committed) -> Finding | None:
    """The fault in a commitment: an error where it is not covered, a warning where that is undecided, else None."""
    promise, rule = committed.promise, committed.rule
    if promise.cover == Cover.COVERED or promise.kind == PromiseKind.CHECK:
        return None
    return Finding(
        rule=rule.id,
        category=Category.PROMISE,
        severity=Severity.WARNING if promise.cover == Cover.UNDECIDED else committed.severity,
        quote=promise.quote,
        start=promise.start,
        end=promise.end,
        why=rule.why or "",
        instead=rule.instead or "",
        tips=rule.tips,
    )


def _without_ordinal_dots(folded: Folded) -> Folded:
    """`folded` with the dots of dates as spaces, so that a gap may run over them; offsets stay."""
    return Folded(re.sub(r"(?<=\d)\.(?=[ \d])", " ", folded.text), folded.starts, folded.ends)


def _cut(original: str, sentence: Span) -> list[Span]:
    """The main clauses of a sentence, each can stand alone, the last with its full stop; none of a question."""
    if original[max(sentence[0], sentence[1] - 9) : sentence[1]].rstrip("\"'”“’») ").endswith("?"):
        return []
    said = original[sentence[0] : sentence[1]].lower().replace("–", "-")
    starts = [0]
    for found in _BREAK.finditer(said):
        start = found.end() if found.group()[0] in ";: -" and found.group().strip() in (";", ":", "-") else found.start() + len(found.group()) - len(found.group().lstrip(", "))
        starts.append(start)
    spans = [(a, b) for a, b in zip(starts, [*starts[1:], len(said)], strict=True) if said[a:b].strip(" ,")]
    return [(sentence[0] + a, sentence[0] + a + len(said[a:b].rstrip(" ,-"))) for a, b in spans]


def _segment(clause: str, position: int) -> str:
    """The part of `clause` between commas that holds `position`; an address ("Frau Becker,") does not part it."""
    clause = _ADDRESS.sub(lambda found: found.group().replace(",", " "), clause)
    start, end = clause.rfind(", ", 0, position) + 1, clause.find(", ", position)
    return clause[start : end if end > 0 else len(clause)]


def _names_a_day(segment: str) -> bool:
    return bool(_times(segment) or _SOON.search(fold(segment)))


def _times(clause: str) -> tuple[Fact, ...]:
    """The days, times and durations to come that a clause names."""
    found = []
    for fact in facts(clause):
        before = fold(clause[: fact.start]).rstrip() + " "
        if fact.kind in ("date", "time") and fact.value not in PAST and not _ATTRIBUTE.search(before):
            found.append(fact)
        elif fact.kind == "number" and fact.value.endswith((" day", " min", " month", " workday")) and _DURATION_AHEAD.search(before):
            found.append(fact)
    return tuple(found)
