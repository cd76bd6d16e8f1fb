"""The facts in a text: what a rewrite may neither add nor lose.

Equal facts have equal values, whatever their spelling or language: "1.240 €" and "€1,240.00" are ``EUR 1240``,
"18.11." and "November 18" are ``-11-18``, "15 Uhr" and "3 pm" are ``15:00``. Everything runs in linear time.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from coach import values
from coach.text import CLOSINGS, Span, Text, fold

FactKind = Literal["number", "amount", "date", "time", "id", "link", "email", "phone", "placeholder", "markup", "name"]
ALWAYS_STAY: frozenset[FactKind] = frozenset({"id", "link", "email", "phone", "placeholder", "markup", "name"})
"""Facts that stay even where the sentence around them goes."""


@dataclass(frozen=True)
class Fact:
    """A fact at ``[start, end)``, as it stands (`text`) and as it compares (`value`)."""

    kind: FactKind
    text: str
    value: str
    start: int
    end: int


_N = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,4})?(?!\d)"
_MONTH = "(?:" + "|".join(sorted(values.MONTHS, key=len, reverse=True)) + ")"
_DAY_NAME = "(?:" + "|".join(values.WEEKDAYS) + ")"
_CURRENCY = r"(?:€|\$|£|US\$|EURO?S?\b|USD\b|GBP\b|CHF\b|S?Fr\.|Franken\b|Dollars?\b|Pounds?\b|Pfund\b|quid\b|bucks\b)"
_UNIT = "(?:" + "|".join(re.escape(u) for u in sorted(values.UNITS, key=len, reverse=True)) + ")"
_COUNTABLE = (word for word in {*values.UNITS, *values.COUNTED, *values.CURRENCIES} if len(word) > 1)
_WORD_UNIT = "|".join(re.escape(word) for word in sorted(_COUNTABLE, key=len, reverse=True))
_CARDINAL = "(?:" + "|".join(sorted(values.CARDINALS, key=len, reverse=True)) + ")"

_RELATIVE = {
    "day-2": r"vorgestern|the day before yesterday",
    "day-1": r"gestern|yesterday",
    "day+0": r"heute|today|tonight|this (?:morning|afternoon|evening)",
    "day+1": r"morgen(?= (?:früh|frueh|vormittag|mittag|nachmittag|abend)\b)"
             r"|(?-i:(?<!uten )(?<!heute )(?<!gestern )(?<!am )(?<!jeden )(?<!schönen )morgen|(?:(?<=[.!?] )|(?<=\n)"
             r"|(?<![\s\S]))Morgen(?= (?!zusammen|allerseits|ihr|leute)[a-zäöü]))|tomorrow",
    "day+2": r"übermorgen|uebermorgen|the day after tomorrow",
    "week+0": r"(?:in )?(?:diese|dieser) woche|this week",
    "week+1": r"(?:nächste|nächster|naechste|naechster|kommende|kommender|der kommenden|kommenden) woche|(?:next"
              r"|the coming) week",
    "week-1": r"(?:letzte|letzter|vorige|voriger|vergangene|vergangener) woche|last week",
    "month+1": r"(?:nächsten|nächster|nächstem|kommenden|kommender) monats?|next month",
    "month-1": r"(?:letzten|letzter|vorigen|vergangenen) monats?|last month",
    "weekend": r"wochenendes?|week-?end",
}  # fmt: skip

TODAY = "day+0"
Reader = Callable[[re.Match[str], str], str | None]


def _amount(m: re.Match[str], p: str) -> str | None:
    sign = (m[f"{p}a"] or m[f"{p}b"]).lower()
    return f"{values.CURRENCIES[sign]} {values.number(m[f'{p}n'])}"


def _digits(m: re.Match[str], p: str) -> str | None:
    text = m[p]
    value = re.sub(r"\D", "", re.sub(r"\(0\)", "", text))
    if text.startswith("+"):
        value = "0" + value[2:] if value.startswith(("49", "44", "41", "43")) else value
    return value if 7 <= len(value) <= 17 else None


def _same(m: re.Match[str], p: str) -> str | None:
    return m[p]


def _identifier(m: re.Match[str], p: str) -> str | None:
    token = m[p]
    if (
        not re.search(r"\d", token)
        or _PLAIN_NUMBER.fullmatch(token)
        or re.fullmatch(
            r"\d+(?:st|nd|rd|th|er|ern|x|k"
            r"|fach"
            r"|mal"
            r"|s"
            r"|h|m|cm|mm|km|kg|g|l|ml|gb|mb|tb|mbit|w|kw|kwh|v|min|ct|ste[nrs]?|te[nrs]?)",
            token,
            re.I,
        )
    ):
        return None
    if re.fullmatch(r"\d+(?:[-/,.]\d+)?(?:[A-Z]{0,2}-)?[A-ZÄÖÜa-zäöüß]*[a-zäöüß]{3,}(?:-.*)?", token):
        return None
    return re.sub(r"[^a-z0-9]", "", fold(token))


def _number(m: re.Match[str], p: str) -> str | None:
    count = values.number(m[f"{p}n"])
    return count and values.with_unit(count, m[f"{p}u"] or "")


def _number_word(m: re.Match[str], p: str) -> str | None:
    return values.with_unit(str(values.NUMBER_WORDS[m[f"{p}n"].lower()]), m[f"{p}u"] or "")


def _date(m: re.Match[str], p: str) -> str | None:
    name = m[f"{p}m"]
    month = values.MONTHS[name.lower()] if not name.isdigit() else int(name)
    return values.day(m[f"{p}y"], month, m[f"{p}d"])


def _slashed(m: re.Match[str], p: str) -> str | None:
    one, two = int(m[f"{p}d"]), int(m[f"{p}m"])
    if two > 12 >= one:
        one, two = two, one
    return values.day(m[f"{p}y"], two, str(one)) if two <= 12 and one else None


def _month(m: re.Match[str], p: str) -> str | None:
    return values.day(m[f"{p}y"], values.MONTHS[m[f"{p}m"].lower()], None)


def _day_of_month(m: re.Match[str], p: str) -> str | None:
    return values.day(None, None, m[f"{p}d"])


def _weekday(m: re.Match[str], p: str) -> str | None:
    return f"weekday {values.WEEKDAYS[m[f'{p}w'].lower()]}"


def _relative(m: re.Match[str], p: str) -> str | None:
    return next(value for value, pattern in _RELATIVE_COMPILED if pattern.match(m.string, m.start()))


def _clock(m: re.Match[str], p: str) -> str | None:
    return values.clock(m[f"{p}h"], m[f"{p}m"] or m[f"{p}x"], (m[f"{p}a"] or "").strip())


_RELATIVE_COMPILED = [(value, re.compile(pattern, re.IGNORECASE)) for value, pattern in _RELATIVE.items()]

_LEXER: tuple[tuple[FactKind, str, Reader], ...] = (
    (
        "placeholder",
        r"\{\{[^{}\n]{1,80}\}\}|\$?\{[A-Za-z_][\w. -]{0,60}\}|\[\[[^\[\]\n]{1,80}\]\]|<%[^<>\n]{1,80}%>"
        r"|(?-i:%[A-Z][A-Z_0-9]{1,40}%)"
        r"|%\([a-z_]{1,40}\)s|(?-i:\[[A-ZÄÖÜ][A-ZÄÖÜ_ -]{2,40}\])",
        _same,
    ),
    ("markup", r"</?[A-Za-z][A-Za-z0-9]{0,9}(?:\s[^<>\n]{0,300})?/?>", _same),
    ("email", r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", _same),
    ("id", r"(?<![\w.@])@[A-Za-z_][\w.]{1,40}\b", _same),
    (
        "link",
        r"(?<!\w)(?:(?:https?|ftp)://|www\.)(?:[^\s<>\"“”„|\\^{}`)\]]|\{\{[^{}\s]{1,80}\}\}){2,500}(?<![.,;:!?'])"
        r"|(?<![\w@.])(?:[a-z0-9-]{2,63}\.){1,4}(?:de|com|org|net|at|ch|eu|io|co\.uk|example|info|shop"
        r"|app)\b(?:/[^\s<>\"“”„)\]]{0,300}(?<![.,;:!?']))?",
        _same,
    ),
    ("link", r"(?<!\w)[A-Za-z]:\\[^\s,;]{1,200}(?<![.])", _same),
    ("date", r"(?<![\w.,/-])(?P<@y>(?:19|20)\d\d)-(?P<@m>\d\d)-(?P<@d>\d\d)(?![\w-])", _date),
    (
        "phone",
        r"(?<![\w.,/#-])(?:\+\d{1,3}[ /-]?(?:\(0\)[ ]?)?\d{1,5}"
        r"|\(?0\d{2,5}\)?(?=[ /-]))(?:[ /-]{1,3}\d{1,8}){1,7}(?![\w])|(?<![\w.,/#-])\+\d{8,15}\b",
        _digits,
    ),
    ("id", r"(?<!\w)(?-i:[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,8}(?: ?[0-9A-Z]{1,3})?)\b", _identifier),
    ("date", rf"(?<![\w.,/])(?P<@d>\d{{1,2}})\.? ?(?:/? ?)(?P<@m>{_MONTH})\b\.?(?: (?P<@y>(?:19|20)\d\d)\b)?", _date),
    (
        "date",
        rf"(?<![\w.,/])(?P<@d>\d{{1,2}})(?:st|nd|rd|th) (?:of )?(?P<@m>{_MONTH})\b\.?(?:,? (?P<@y>(?:19"
        rf"|20)\d\d)\b)?",
        _date,
    ),
    (
        "date",
        rf"(?<!\w)(?P<@m>{_MONTH})\.? (?P<@d>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.,]\d)(?! ?(?:uhr|h|am|pm|€"
        rf"|euro)\b)(?:,? (?P<@y>(?:19|20)\d\d)\b)?",
        _date,
    ),
    (
        "date",
        r"(?<![\w.,/-])(?P<@d>\d{1,2})\. ?(?P<@m>\d{1,2})\. ?(?P<@y>(?:(?:19|20)\d\d|\d\d)(?!\w"
        r"|[.,:]\d))?(?! ?(?:€|euro|uhr))",
        _date,
    ),
    ("date", r"(?<![\w.,/-])(?P<@d>\d{1,2})/(?P<@m>\d{1,2})/(?P<@y>(?:19|20)\d\d|\d\d)(?![\w/])", _slashed),
    (
        "time",
        r"(?<![\w.,/-])(?P<@h>\d{1,2})(?:[:.](?P<@m>\d\d))?(?P<@a> ?p\.?m\b\.?| ?a\.m\b\.?|am\b|(?:(?<=:\d\d)"
        r"|(?<=at \d)|(?<=at \d\d)|(?<=by \d)"
        r"|(?<=by \d\d)|(?<=until \d)|(?<=from \d)) am\b)(?P<@x>(?!))?",
        _clock,
    ),
    (
        "time",
        r"(?<![\w.,/-])(?P<@h>\d{1,2})(?:[:.](?P<@m>\d\d))?(?P<@a>(?!))? ?(?:uhr"
        r"|o['’]clock)\b(?: (?P<@x>[0-5]\d)\b(?! ?(?:€|euro)|[.,]\d))?",
        _clock,
    ),
    ("time", r"(?<![\w.,/-])(?P<@h>\d{1,2}):(?P<@m>\d\d)(?P<@a>(?!))?(?P<@x>(?!))?(?!\d)h?\b", _clock),
    (
        "amount",
        rf"(?<!\w)(?P<@a>€|\$|£|US\$|EUR|USD|GBP|CHF|Fr\.) ?(?P<@n>{_N})(?P<@b>(?!))?(?:[-–]{{1,2}}(?!\w))?",
        _amount,
    ),
    ("amount", rf"(?<![\w.,/-])(?P<@n>{_N})(?P<@a>(?!))?(?:,-{{1,2}}|,–)? ?(?P<@b>{_CURRENCY})", _amount),
    (
        "date",
        rf"(?<!\w)(?P<@w>{_DAY_NAME})(?=s?\b|abends?\b|morgens?\b|früh\b|vormittags?\b|mittags?\b|nachmittags?\b"
        rf"|nachts?\b)\w*",
        _weekday,
    ),
    ("date", "(?<!\\w)(?:" + "|".join(_RELATIVE.values()) + r")\b", _relative),
    ("number", rf"(?<![\w.,/-])(?P<@n>{_N})(?: ?|-(?=\w{{3}}))(?P<@u>{_UNIT})(?!\w)", _number),
    (
        "date",
        r"(?<![\w.,/-])(?:(?<=\bam )|(?<=vom )|(?<=zum )|(?<=bis )|(?<=the ))(?P<@d>\d{1,2})(?:\.(?! ?(?:mal"
        r"|stock|etage|klasse|mahnung)\b)|st\b|nd\b|rd\b|th\b)",
        _day_of_month,
    ),
    ("id", r"(?<!\w)(?-i:[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]\d{1,4}[EH]?)\b", _identifier),
    (
        "id",
        r"(?<![\w])#?(?:[A-Za-zÄÖÜäöü]{0,20}\d[A-Za-z0-9]*"
        r"|[A-Za-zÄÖÜäöü]{1,20}(?=[-/_][A-Za-z0-9]{0,20}[-/_]?[A-Za-z]{0,10}\d))(?:[-/_.][A-Za-z0-9]{1,40}){1,8}(?!\w)",
        _identifier,
    ),
    ("id", r"(?<![\w.,])#?(?:[A-Za-z]{1,40}\d\w{0,60}|\d{1,40}[A-Za-z]\w{0,60})(?!\w)|#\d{1,40}(?!\w)", _identifier),
    (
        "date",
        r"(?<!\w)(?-i:(?P<@m>Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
        r"|Dezember|January|February"
        r"|(?:(?<=[Ii]n )|(?<=of )|(?<=since )|(?<=until )|(?<=last )|(?<=next )|(?<=by )|(?<=from )|(?<=mid-))(?:May"
        r"|March)|June|July|October|December))(?: (?P<@y>(?:19|20)\d\d))?\b",
        _month,
    ),
    ("number", rf"(?<!\w)(?P<@n>{_CARDINAL})(?:[ -](?P<@u>{_WORD_UNIT}))(?!\w)", _number_word),
    ("number", rf"(?<![\w])(?P<@n>{_N})(?P<@u>(?!))?", _number),
)
"""What a fact looks like, the more special first. ``@`` stands for the prefix of the entry's groups."""

_ENTRIES = (f"(?P<g{i}_>{pattern.replace('P<@', f'P<g{i}_')})" for i, (_, pattern, _) in enumerate(_LEXER))
_SCANNER = re.compile("|".join(_ENTRIES), re.IGNORECASE)

_CANDIDATE = re.compile(
    rf"(?<!\w)(?:[\d€$£#{{<\[%+(@]|[^\W\d]\S{{0,80}}?[\d@]|[^\W\d]{{1,60}}[.:][\w/\\]|www\."
    rf"|(?-i:[A-ZÄÖÜ]{{1,3}}[- ][A-Z]{{1,2}} \d)"
    rf"|(?:{_MONTH}|{_DAY_NAME}|{_CARDINAL}|EUR|USD|GBP|CHF|Fr|US|{'|'.join(_RELATIVE.values())})(?!\d))",
    re.IGNORECASE,
)
"""Where a fact can begin; the scanner is tried there only."""

_ID_WORD = re.compile(
    r"(?:nummer|number|nr|no|#|order|bestellung|auftrag|vorgang|ticket|rechnung|invoice|vertrag|police|policy"
    r"|aktenzeichen|case|ref|reference|paket|parcel"
    r"|sendung|beleg|kunde|konto|bescheid|zettel|schein|karte|mandant|booking|buchung|account|claim|box)(?:\.|:"
    r"|s?nummer|s?nr\.?| number| no\.?)?[ :]{0,2}$",
    re.IGNORECASE,
)
_PLAIN_NUMBER = re.compile(_N)
_MARKDOWN = re.compile(
    r"\[[^\[\]\n]{1,300}\]\((?=[^()\s]{1,500}\))|\*\*(?=[^\s*])[^*\n]{1,300}\*\*|__(?=[^\s_])[^_\n]{1,300}__"
    r"|(?<![\w`])`[^`\n]{1,200}`(?!`)|^#{1,6} ",
    re.MULTILINE,
)
_TITLED = re.compile(
    r"(?<!\w)(?:Herrn?|Frau|Fr\.|Hr\.|Familie|Mr|Mrs|Ms|Miss|Mx|Dr|Prof|herrn?|frau)\.?[ \u00a0]+(?:(?:Dr|Prof|Dipl"
    r"|med|Ing)\.(?:[ -]|(?=\w))){0,3}"
    r"(?P<name>(?:(?:von|van|de|der|den|zu|le|la|al|el|O')[ ]?){0,3}[A-ZÄÖÜÀ-ÞĀ-Ž][^\W\d_]*(?:['’-][^\W\d_]+){0,3})"
)
_NAME_LINE = re.compile(r"[ \t]*(?:[^\W\d_a-z][^\W\d]*[.,]?[ \t]*|(?:von|van|de|der|den|zu|und|&|[|·-])[ \t]+){1,6}")
_CLOSING = re.compile(rf"[ \t]*(?:{'|'.join(CLOSINGS.values())})\b", re.IGNORECASE)
_NO_NAME = frozenset("und oder in im am an auf aus mit bei von doktor professor holle kollegin kollege".split())
_TITLES = frozenset("herr herrn frau familie mr mrs ms miss mx dr prof med dipl ing".split())


def facts(text: str, names: Sequence[str] = ()) -> tuple[Fact, ...]:
    """The facts of `text` in their order; `names` are people known from the case.

    Markup and names may contain or touch other facts; all others are disjoint. Never raises.
    """
    found = [*_scanned(text), *_markdown(text), *_names(text, names)]
    return tuple(sorted(found, key=lambda fact: (fact.start, -fact.end)))


def _scanned(text: str) -> Iterable[Fact]:
    position = 0
    for candidate in _CANDIDATE.finditer(text):
        found = _SCANNER.match(text, candidate.start()) if candidate.start() >= position else None
        if not found or not found.lastgroup:
            continue
        kind, _, read = _LEXER[int(found.lastgroup[1:-1])]
        start, end = found.span()
        value = read(found, found.lastgroup)
        if value is None and (plain := _PLAIN_NUMBER.match(text, start)):
            kind, end, value = "number", plain.end(), values.number(plain.group())
        if value is None:
            continue
        if kind == "number" and _is_identifier(text, start, end):
            kind, value = "id", re.sub(r"\W", "", text[start:end])
        position = end
        yield Fact(kind, text[start:end], value, start, end)


def _is_identifier(text: str, start: int, end: int) -> bool:
    """Whether the plain digits at the span are a number of something, not a count."""
    digits = text[start:end]
    if not re.fullmatch(r"\d+", digits):
        return False
    long = len(digits) > 5 or (len(digits) > 2 and digits[0] == "0")
    return long or (len(digits) > 1 and bool(_ID_WORD.search(text, max(0, start - 24), start)))


def _markdown(text: str) -> Iterable[Fact]:
    for found in _MARKDOWN.finditer(text):
        mark = re.sub(r"[\w\s].*[\w\s.!?,;:)\"'“”]|[\w\s]+", "", found.group(), flags=re.DOTALL)
        yield Fact("markup", found.group(), mark, *found.span())


def _names(text: str, names: Sequence[str]) -> Iterable[Fact]:
    seen: set[Span] = set()
    for found in _TITLED.finditer(text):
        if found["name"].lower() not in _NO_NAME:
            seen.add(found.span("name"))
    for name in names:
        for word in name_words(name):
            seen.update(m.span() for m in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text))
    signature = Text(text).signature
    if signature:
        lines = re.finditer(r"[^\n]*\w[^\n]*", text[slice(*signature)])
        name_lines = (m for m in lines if _NAME_LINE.fullmatch(m.group()) and not _CLOSING.match(m.group()))
        for line in list(name_lines)[:5]:
            for word in name_words(line.group()):
                at = signature[0] + line.start() + line.group().find(word)
                seen.add((at, at + len(word)))
    for start, end in seen:
        yield Fact("name", text[start:end], fold(text[start:end]), start, end)


def name_words(name: str) -> list[str]:
    """The words of a name that tell people apart: capitalised, no titles, no initials."""
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name)
    return [w for w in words if w[0].isupper() and len(w) > 1 and w.rstrip(".").lower() not in _TITLES]


class Known:
    """What some texts say, to ask whether a fact is new to them."""

    def __init__(self, sources: Iterable[str]) -> None:
        texts = list(sources)
        self._said = f" {' '.join(fold(text) for text in texts)} "
        self._values: set[tuple[str, str]] = set()
        self._numbers: set[str] = set()
        self._counted: dict[str, set[str]] = {}
        for text in texts:
            for fact in facts(text):
                self._values.add((fact.kind, fact.value))
                self._numbers.update(_numbers_in(fact))
                if fact.kind == "number" and " " in fact.value:
                    for number in _numbers_in(fact):
                        self._counted.setdefault(number, set()).add(fact.value.split(" ")[1])
                if fact.kind == "date":
                    self._values.update(("date", part) for part in _date_parts(fact.value))
            for word in re.findall(r"[^\W\d_]+", text.lower()):
                if word in values.NUMBER_WORDS:
                    self._numbers.add(str(values.NUMBER_WORDS[word]))
                elif word in values.UNITS:
                    self._values.add(("number", values.with_unit("1", word)))

    def has(self, fact: Fact) -> bool:
        """Whether `fact` stands in one of the texts: by value, by its digits, or word for word."""
        if (fact.kind, fact.value) in self._values or _stands_in(fold(fact.text), self._said):
            return True
        if fact.kind in ("number", "amount", "time", "date"):
            numbers = _numbers_in(fact)
            if fact.kind == "number" and " " in fact.value and any(n in self._counted for n in numbers):
                return False  # the number counts something else there: "3 days" for "3 weeks"
            return bool(numbers) and numbers <= self._numbers and (fact.kind != "date" or fact.value.startswith("--"))
        if fact.kind == "name":
            return any(_stands_in(fact.value + ending, self._said) for ending in ("s", "'s", "'"))
        return fact.kind in ("id", "phone") and fact.value in re.sub(r"[^a-z0-9 ]", "", self._said)


def added(rewrite: str, sources: Iterable[str] | Known, names: Sequence[str] = ()) -> tuple[Fact, ...]:
    """The facts of `rewrite` that stand in none of `sources`.

    `names` are the people of the case. Today is always known; markup is judged by `lost` only.
    """
    known = sources if isinstance(sources, Known) else Known([*sources, *names])
    return tuple(f for f in facts(rewrite, names) if f.kind != "markup" and f.value != TODAY and not known.has(f))


def lost(draft: str, rewrite: str, removed: Sequence[Span] = (), names: Sequence[str] = ()) -> tuple[Fact, ...]:
    """The facts of `draft` that its rewrite had to keep and does not say.

    `removed` are the spans of the draft that had to go: numbers, amounts, dates and times in them may go too. So may
    the day of writing, and a name in the greeting, which may be written anew.
    """
    known = Known([rewrite])
    greeting = Text(draft).greeting or (0, 0)
    return tuple(
        fact
        for fact in facts(draft, names)
        if fact.value != TODAY
        and not known.has(fact)
        and not (fact.kind == "name" and greeting[0] <= fact.start < greeting[1])
        and (fact.kind in ALWAYS_STAY or not any(fact.start < end and start < fact.end for start, end in removed))
    )


def _date_parts(value: str) -> Iterable[str]:
    """What a full date also says: ``2024-11-18`` -> ``-11-18``, ``-11-``, ``--18`` and ``2024-11-``."""
    if found := re.fullmatch(r"(\d*)-(\d\d)-(\d*)", value):
        year, month, day = found.groups()
        yield from (f"-{month}-{day}", f"-{month}-", f"--{day}", f"{year}-{month}-")


def _numbers_in(fact: Fact) -> set[str]:
    """The bare numbers of a fact, as `values.number` writes them."""
    if fact.kind in ("amount", "number"):
        counted = values.number(m.group()) if (m := _PLAIN_NUMBER.search(fact.text)) else None
        return {counted or (re.findall(r"[\d.]+", fact.value) or [""])[0]}
    return {n for digits in re.findall(r"\d+", fact.text) if (n := values.number(digits))}


def _stands_in(words: str, said: str) -> bool:
    """Whether folded `words` stand in `said` as whole words."""
    at = said.find(words)
    while at >= 0:
        before, after = said[at - 1 : at], said[at + len(words) : at + len(words) + 1]
        if not ((before.isalnum() and words[0].isalnum()) or (after.isalnum() and words[-1].isalnum())):
            return True
        at = said.find(words, at + 1)
    return False
