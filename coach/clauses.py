"""Clauses: where a main clause begins, whether it commits its speaker, and the days to come that it names.

The words are lists a language, matched on folded text; a language without lists is read with the English ones.
"""

import re

from coach.facts import Fact, facts
from coach.text import Span, fold

_UNITS = (" day", " min", " month", " workday")
PAST = frozenset({"day-1", "day-2", "week-1", "month-1"})

HEDGES = {
    "de": r"voraussichtlich|vermutlich|wahrscheinlich|moeglicherweise|vielleicht|eventuell|ggf|in der regel"
    r"|normalerweise|meist|meistens|ueblicherweise|hoffentlich"
    r"|hoffe|hoffen|sollte|sollten|solltest|koennte|koennten|wuerde|wuerden|moechte|moechten|duerfte|dachte|ob|soweit"
    r"|fruehestens|ohne gewaehr"
    r"|gern(?:e)? versuchen|versuche|versuchen|bemuehe|bemuehen|laut|bisher|schlage|schlagen|unter umstaenden|geplant"
    r"|laengst|bereits|zustimmt|zustimmen|freigibt|freigeben|einverstanden|(?:nur|erst),? (?:wenn|bei|falls|sobald)"
    r"|vorgesehen|soll|sollen|lassen sie|taeglich|wie immer|wie gewohnt|werktags|jeweils|(?:montag|dienstag|mittwoch"
    r"|donnerstag|freitag|samstag|sonntag)s",
    "en": r"may|might|could|would|should|probably|likely|perhaps|maybe|hopefully|hope|try|trying|whether|unless"
    r"|usually|normally|typically|aim|aims|expect|expected"
    r"|estimated|before you|so that|according to|subject to|can take|planned|already|agrees?|approves?|accepts?"
    r"|only (?:if|when|where)|daily|every day|as usual|each (?:week|day)",
}
"""Folded words that make a clause a guess, a wish or hearsay: it commits to nothing."""
CONDITIONS = {
    "de": r"wenn|falls|sofern|bevor|sobald|sollten sie|solltest du|bitte|seit|damit",
    "en": r"if|once|as soon as|in case|please|since",
}
"""Folded words of a condition, a request or a state: money and guarantees are promised all the same."""

REPORTS = {
    "de": r"habe|haben wir|hat|hatte|hatten|wurde|wurden|war|waren|kann|koennen wir|kann ich",
    "en": r"has|had|was|were|have been|i've|we've|can|goes back",
}
"""Folded words by which a clause tells what was, or offers what can be."""
UNKEPT = {
    "de": r"immer noch (?:nicht|kein|nichts)|noch immer (?:nicht|kein|nichts)|bis heute (?:nicht|kein|nichts|hat)"
    r"|nichts (?:passiert|gehoert|gekommen|geschehen|angekommen|da\b|bekommen)"
    r"|nicht (?:passiert|gekommen|gemeldet|angerufen|eingehalten|zurueckgerufen|angekommen|erledigt|aufgetaucht"
    r"|da gewesen)|niemand (?:gemeldet|angerufen|gekommen|da\b|hat|kam|war|rief)|keiner (?:gemeldet|angerufen"
    r"|gekommen|da\b|hat|kam|war|rief)"
    r"|kein(?:e|en)? (?:anruf|rueckruf|antwort|monteur|techniker|lieferung|paket|scheibe|geld|erstattung|nachricht)"
    r"|nicht gehalten|gebrochen|(?:versprochen|zugesagt|angekuendigt|hiess es|gesagt|geschrieben)\b.*\b(?:aber|und"
    r"|nichts|nicht|wieder|gelogen|auch)"
    r"|(?:haben|habt|hat) (?:sie|ihr|ihre? \w+|der \w+) .{0,25}(?:auch|schon) (?:gesagt|geschrieben|versprochen)"
    r"|das war vor \w+ (?:tagen|wochen|monaten)|wieder nicht|warte noch immer|warte immer noch",
    "en": r"still (?:no|not|nothing|hasn't|haven't|isn't|waiting|dead|doubled|shows|broken)|nothing (?:happened"
    r"|has happened|came|arrived|yet|since)|(?:nobody|no one|no-one|noone) (?:called|came|rang|has|wrote|showed"
    r"|got|ever)"
    r"|no (?:call|reply|answer|refund|parcel|engineer|technician|show|email|word)\b|never (?:called|came|arrived"
    r"|happened|rang|heard|got|turned)|(?:didn't|did not|hasn't|has not|haven't) (?:call|come|arrive|arrived|happen"
    r"|happened|ring|show|heard|been)"
    r"|(?:you|they) (?:promised|said|told me)\b.*\b(?:but|and|nothing|not|again|never)|broke(?:n)? (?:your|the"
    r"|that) (?:promise|word)|that was \w+ (?:days|weeks|months) ago",
}
"""Folded words by which a customer says that something promised did not happen."""
OVER = {
    "de": r"vorbei|nichts|nicht|kein|keine|rum|verstrichen|wo ",
    "en": r"gone|passed|over|nothing|not|no"
    r"|been and gone|where ",
}

NEGATIONS = {
    "de": r"nicht|kein|keine|keinen|keiner|keinem|leider|weder|niemand|nie|ohne",
    "en": r"not|cannot|can't|won't|don't|doesn't|isn't|aren't|no|never|nobody|unable|nor|neither|without",
}
_NOT_NEGATED = re.compile(
    r"nicht nur|nicht mehr lange|kein problem|keine sorge|keine frage|keinen cent|kein stress|keine angst"
    r"|ohne (?:wenn und aber|weiteres|zweifel|kosten|aufpreis|versandkosten)"
    r"|no problem|no worries|no doubt|don't (?:you )?(?:worry|fret)|not only|without (?:fail|doubt|charge)"
    r"|no (?:extra )?(?:cost|charge)|no time|do not worry"
)  # fmt: skip
_BREAK = re.compile(
    r"[;:] |, (?:und|aber|dann|doch|denn|sondern|deshalb|daher|darum|deswegen|weil|obwohl|and|but|so|then|because"
    r"|although) "
    r"| (?:und|aber|and|but) (?=(?:ich|wir|sie|du|ihr|er|es|der|die|das|i|we|you|it|the|he|they|that"
    r"|(?:kommt|ist|sind|wird|werden|bekommen|erhalten|hat|will|is|are|has)|[a-z]+e (?:ihnen|dir|euch|mich|es|sie|ihn"
    r"|das))\b)| - "
    r"|, (?=(?:der|die|das|ihre?|deine?|unsere?) \w+(?: (?:von|über|in) [^,]{1,18})? (?:ist|sind|wird|werden|kommt"
    r"|kommen|erfolgt|läuft|geht)\b"
    r"|(?:ich|wir) \w+en? (?:ihnen|dir|sie|das|es|die|den)\b|geliefert wird\b)"
)
"""Where a new main clause begins; matched on lower-case text."""
_DURATION_AHEAD = re.compile(
    r"\b(?:in|innerhalb|innert|binnen|within|inside|bis zu|naechsten|next|under|hoechstens|maximal|nur|keine|at most"
    r"|no more than|less than|only)(?: von| of| the| den| der| noch)? (?:[a-z]+ )?$"
)
_ATTRIBUTE = re.compile(
    r"\b(?:(?:seit|since|vom|aus|from|dated|of|fuer|for)(?: dem| den| the)?|vom .{1,20} (?:bis"
    r"|und)(?: zum)?|from .{1,20} to) $"
)
_OPENING = re.compile(
    r"(?:(?:kein stress|passt|klar|okay|ok|ja|nein|keine sorge|keine angst|super|perfekt|alles klar|no worries|sure"
    r"|yes|okay|right|of course|don't worry)[,!] )"
    r"(?:(?:herr|frau|mr|mrs|ms)\.? [^\s,]+, )?"
)
_ADDRESS = re.compile(r", (?:Herr|Frau|Mr|Mrs|Ms)\.? \S+,")
_SOON = re.compile(
    r"\b(?:in den naechsten (?:tagen|stunden|minuten|wochen)|in (?:wenigen|ein paar|einigen) (?:tagen|stunden|minuten"
    r"|wochen|augenblicken)|noch (?:in )?diese[rn]? (?:woche|monat|tage)"
    r"|diese woche noch|(?:anfang|mitte|ende) (?:der|dieser|naechster|kommender|des|diesen|naechsten"
    r"|kommenden) (?:woche|monats|jahres)|im laufe? (?:der|des) [a-z]+"
    r"|(?:innerhalb|binnen|innert) (?:einer|eines|kuerzester|der naechsten) [a-z]+|in (?:einer|einem) (?:viertel"
    r"|halben )?(?:stunde|woche|tag|monat|minute)|spaetestens|bis (?:zu[mr]? )?(?:ihrem|ihrer|deinem|deiner|ostern"
    r"|weihnachten"
    r"|monatsende|jahresende|fest|urlaub|geburtstag|wochenende)[a-z ]{0,12}|rechtzeitig|puenktlich|am (?:naechsten"
    r"|selben|gleichen) (?:tag|werktag|morgen)|ueber nacht|noch vor|naechsten (?:tag|werktag)"
    r"|beim naechsten [a-z]+|mit der naechsten post|in no time|shortly|in the next (?:few )?(?:days|hours|minutes"
    r"|weeks|couple)|within (?:a|an|the) [a-z]+|by the end of [a-z ]{2,14}"
    r"|before the (?:weekend|holidays|wedding|party)|before christmas|in (?:a|an) (?:hour|week|day|minute|month"
    r"|few [a-z]+|couple of [a-z]+|matter of [a-z]+|jiffy)|in time for|on time|overnight|first thing|by (?:morning"
    r"|noon|lunchtime|midnight|evening)|at the latest|by the (?:weekend|time))\b"
)  # fmt: skip


class Wording:
    """What the words of a clause do to a commitment, in one language. The texts handed in are folded."""

    def __init__(self, language: str) -> None:
        self._hedges = _words(HEDGES, language)
        self._conditions = _words(CONDITIONS, language)
        self._negations = _words(NEGATIONS, language)
        self._reports = _words(REPORTS, language)
        self._unkept = _words(UNKEPT, language, whole=False)
        self._over = _words(OVER, language, whole=False)

    def hedged(self, said: str) -> bool:
        """Whether the clause is a guess, a wish or hearsay."""
        return bool(self._hedges.search(said))

    def conditional(self, said: str) -> bool:
        """Whether the clause hangs on a condition, asks for something, or tells a state."""
        return bool(self._conditions.search(said))

    def negated(self, said: str) -> bool:
        """Whether the clause denies; "no problem" and its like deny nothing."""
        return bool(self._negations.search(_NOT_NEGATED.sub(" ", said)))

    def reports(self, said: str) -> bool:
        """Whether the clause tells what was, or offers what can be."""
        return bool(self._reports.search(said))

    def unkept(self, said: str) -> bool:
        """Whether a customer says that something promised did not happen."""
        return bool(self._unkept.search(said))

    def over(self, said: str) -> bool:
        """Whether a customer says so of a day that he names."""
        return bool(self._over.search(said))


def _words(lists: dict[str, str], language: str, *, whole: bool = True) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{lists.get(language, lists['en'])})" + (r"\b" if whole else ""))


def cut(original: str, sentence: Span) -> list[Span]:
    """The main clauses of a sentence, each can stand alone, the last with its full stop; none of a question."""
    if original[max(sentence[0], sentence[1] - 9) : sentence[1]].rstrip("\"'”“’») ").endswith("?"):
        return []
    said = original[sentence[0] : sentence[1]].lower().replace("–", "-")
    starts = [0]
    for found in _BREAK.finditer(said):
        word = found.group().lstrip(", ")
        starts.append(found.end() if word.strip() in ("", ";", ":", "-") else found.end() - len(word))
    if opening := _OPENING.match(said):
        starts[0] = opening.end()
    spans = [(a, b) for a, b in zip(starts, [*starts[1:], len(said)], strict=True) if said[a:b].strip(" ,")]
    return [(sentence[0] + a, sentence[0] + a + len(said[a:b].rstrip(" ,-"))) for a, b in spans]


def segment(clause: str, position: int) -> str:
    """The part of `clause` between commas that holds `position`; an address ("Frau Becker,") does not part it."""
    clause = _ADDRESS.sub(lambda found: found.group().replace(",", " "), clause)
    start, end = clause.rfind(", ", 0, position) + 1, clause.find(", ", position)
    return clause[start : end if end > 0 else len(clause)]


def names_a_day(part: str) -> bool:
    """Whether `part` names a day or a time to come, be it a vague one."""
    return bool(days_to_come(part) or is_soon(fold(part)))


def is_absolute(fact: Fact) -> bool:
    """Whether a day or time means the same whoever names it; "tomorrow" does not."""
    return not fact.value.startswith(("day", "week+", "month+"))


def is_soon(said: str) -> bool:
    """Whether folded words give a time without naming a day: "in the next few days"."""
    return bool(_SOON.search(said))


def days_to_come(clause: str) -> tuple[Fact, ...]:
    """The days, times and durations to come that a clause names."""
    found = []
    for fact in facts(clause):
        before = fold(clause[: fact.start]).rstrip() + " "
        if fact.kind in ("date", "time") and fact.value not in PAST and not _ATTRIBUTE.search(before):
            found.append(fact)
        elif fact.kind == "number" and fact.value.endswith(_UNITS) and _DURATION_AHEAD.search(before):
            found.append(fact)
    return tuple(found)
