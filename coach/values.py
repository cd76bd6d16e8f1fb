"""One value for many spellings: numbers, currencies, months, weekdays and units of time, German and English.

Pure functions on short strings; what they cannot read they give back as None.
"""

import re
from decimal import Decimal, InvalidOperation

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan january jänner jaenner jän", "februar feb february feber", "märz maerz mär march mar mrz",
            "april"
                " apr",
            "mai may", "juni jun june", "juli jul july", "august aug", "september sep sept", "oktober okt october oct",
            "november nov", "dezember dez december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
"""Lower-case month names and their short forms -> 1 to 12."""

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ("montag monday", "dienstag tuesday", "mittwoch wednesday", "donnerstag thursday", "freitag friday",
         "samstag sonnabend saturday", "sonntag sunday"),
        1,
    )
    for name in names.split()
}  # fmt: skip
"""Lower-case weekday names -> 1 (Monday) to 7."""

CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "us$": "USD", "dollar": "USD",
    "dollars": "USD", "bucks": "USD", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
    "chf": "CHF", "fr.": "CHF", "sfr.": "CHF", "franken": "CHF", "pfund": "GBP",
}  # fmt: skip

UNITS = {
    unit: (name, factor)
    for name, factor, words in (
        ("min", 1, "min min. minute minuten minutes mins"),
        ("min", 60, "h std std. stunde stunden hour hours hr hrs"),
        ("day", 1, "tag tage tagen tages day days"),
        ("day", 7, "woche wochen week weeks"),
        ("workday", 1, "werktag werktage werktagen arbeitstag arbeitstage arbeitstagen workday workdays"),
        ("month", 1, "monat monate monaten monats month months"),
        ("month", 12, "jahr jahre jahren jahres year years"),
        ("%", 1, "% prozent percent"),
    )
    for unit in words.split()
} | dict.fromkeys(("working day", "working days", "business day", "business days"), ("workday", 1))
"""Lower-case unit -> (base unit, how many of them): weeks are days, hours minutes, years months."""

COUNTED = frozenset(
    """
    nacht nächte nächten night nights semester quartal quartale person personen people raten rate instalments
    stück mal kilo kilogramm gramm meter metern kilometer kilometern liter litern grad zentimeter millimeter
    cent cents ct mails e-mails anrufe calls emails parcels pakete paketen wk
    """.split()
)
"""Words of quantity that make a number word before them a fact, besides UNITS and CURRENCIES."""

NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "null zero", "ein eine einen einem einer eines eins one", "zwei zwo two beide beiden both",
            "drei dreier three", "vier four", "fünf five", "sechs six", "sieben seven",
            "acht eight", "neun nine", "zehn ten", "elf eleven", "zwölf twelve dutzend dozen", "dreizehn thirteen",
            "vierzehn fourteen", "fünfzehn fifteen", "sechzehn sixteen", "siebzehn seventeen", "achtzehn eighteen",
            "neunzehn nineteen", "zwanzig twenty",
        )
    )
    for word in words.split()
} | {
    "dreißig": 30, "dreissig": 30, "thirty": 30, "vierzig": 40, "forty": 40, "fünfzig": 50, "fifty": 50,
    "sechzig": 60, "sixty": 60, "siebzig": 70, "seventy": 70, "achtzig": 80, "eighty": 80, "neunzig": 90,
    "ninety": 90, "hundert": 100, "hundred": 100, "tausend": 1000, "thousand": 1000, "erste": 1, "ersten": 1,
    "erster": 1, "first": 1, "zweite": 2, "zweiten": 2, "zweiter": 2, "zweites": 2, "second": 2, "dritte": 3,
    "dritten": 3, "dritter": 3, "drittes": 3, "third": 3, "vierte": 4, "vierten": 4, "fourth": 4, "fünfte": 5,
    "fünften": 5, "fifth": 5, "einmal": 1, "zweimal": 2, "twice": 2, "dreimal": 3, "viermal": 4, "fünfmal": 5,
    "sechsmal": 6, "once": 1, "half": 0, "doppelt": 2, "zweit": 2, "dritt": 3,
}  # fmt: skip
"""Lower-case number word -> number. Ordinals and multiples only tell what a text has said, they are no facts."""

CARDINALS = frozenset(
    w
    for w, n in NUMBER_WORDS.items()
    if n > 1 and not re.search(r"mal$|^(?:both|beiden?|twice|doppelt|dritt|zweit|dreier)$|(?:te[nrs]?|d|th)$", w)
) | {"hundert", "hundred", "tausend", "thousand", "acht"}  # fmt: skip


def number(text: str) -> str | None:
    """``1.240``, ``1,240``, ``1240,00`` -> ``1240``; ``4,2`` -> ``4.2``. White space and apostrophes group digits."""
    digits = re.sub(r"[\s'’]", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, fraction = re.sub(r"[.,]", "", digits[:last]), digits[last + 1 :]
        marks = set(re.findall(r"[.,]", digits))
        many = len(re.findall(r"[.,]", digits)) > 1
        grouping = len(fraction) == 3 and (len(marks) == 1 and (many or whole.strip("0") != ""))
        digits = whole + fraction if grouping else f"{whole or '0'}.{fraction or '0'}"
    if len(digits) > 40:
        return digits
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def day(year: str | None, month: int | None, day_of_month: str | None) -> str | None:
    """``2024-11-18`` with what is not said left out (``-11-18``, ``--14``, ``-11-``); None for what is no date."""
    if (month and not 1 <= month <= 12) or (day_of_month and not 1 <= int(day_of_month) <= 31):
        return None
    full = f"20{year}" if year and len(year) == 2 else year or ""
    return (
        f"{full}-{month or '':02}-{int(day_of_month):02}"
        if month and day_of_month
        else (f"{full}-{month:02}-" if month else f"--{int(day_of_month or 0):02}")
    )


def clock(hour: str, minute: str | None, half: str | None) -> str | None:
    """``3``, ``30``, ``pm`` -> ``15:30``; None for what is no time of day."""
    h, m = int(hour), int(minute or 0)
    if half and h <= 12:
        h = h % 12 + (12 if half.lower().startswith("p") else 0)
    return f"{h:02}:{m:02}" if h <= 24 and m < 60 else None


def with_unit(count: str, unit: str) -> str:
    """``2``, ``Wochen`` -> ``14 day``; a unit that is not known is left out."""
    known = UNITS.get(unit.lower())
    if not known:
        return count
    name, factor = known
    try:
        return f"{number(format(Decimal(count) * factor, 'f'))} {name}"
    except InvalidOperation:
        return count
