"""What an agent may promise, read from the entries of `authority`, and whether it covers a commitment.

An entry is free text ("Gutschein bis 10 €", "Versand am selben Tag", "refund missing items"). It grants kinds of
commitments, up to an amount, for an object, by a time; or it only lets the agent tell, ask or pass on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from coach.facts import TODAY, Fact, facts
from coach.text import fold
from coach.types import Cover, PromiseKind

_KINDS: tuple[tuple[PromiseKind, str], ...] = (
    (
        PromiseKind.REFUND,
        r"erstatt|ersetz|zurueckzahl|zurueckueberweis|rueckzahl|ruecknahme|nicht berechn|erlass|streich|stornier"
        r"|kostenlos|kostenfrei|gratis|ohne kosten|uebernehm"
        r"|\bzahl(?:en|ung)|bezahl|auszahl|doppelzahlung|gegen quittung|umtausch|kulanz|verzicht|\brefund|reimburs"
        r"|money back|\bwaiv|free of charge|\bfree\b"
        r"|cancel .*(?:charge|fee)|return(?:ed|s)? (?:deposit|by accounting)|compensat|\bpay\b|\bcover the",
    ),
    (
        PromiseKind.CREDIT,
        r"gutschrift|gutschein|gutschreib|rabatt|nachlass|bonus|aufs haus|freimonat|upgrade|kulanz|guthaben|geschenk"
        r"|\bpunkte|voucher|\bcredit|discount"
        r"|goodwill|free (?:month|week|drink|dessert)|on the house|alten preis|hold the price|% ?off|\d ?(?:%|prozent)",
    ),
    (
        PromiseKind.DELIVERY,
        r"ersatz|ersetz|nachliefer|nachsend|versend|versand|zusend|zuschick|liefer|umtausch|austausch|leih|nachbuch"
        r"|umbuch|verleg|umleit|bereitleg|neudruck|ausstell"
        r"|abhol|beauftrag|reparatur anmelden|freischalt|wiederherstell|replac|exchange|re-?deliver|re-?issue|\bswap"
        r"|re-?send|\bsend|\blabel|duplicate|rebook|reschedul"
        r"|reserve|spare|loan|\bship|deliver|change seats|change the",
    ),
    (PromiseKind.CALL_BACK, r"rueckruf|anruf|telefontermin|zurueckruf|call .*back|call-?back|phone call|auskunft bis"
                            r"|antwort bis|answer within|reply within"),
    (PromiseKind.DEADLINE, r"termin|am selben tag|same day|within|innerhalb|binnen|expressversand|express"
                           r"|schalttermin|zeitfenster|\bslot|appointment"),
    (PromiseKind.OUTCOME, r"garantie|gewaehrleist|warranty|guarantee|entsperr|freischalt|wiederherstell|pausier"
                          r"|aussetz|ruhe|unlock|restore|pause"),
)  # fmt: skip
NOBODY_KNOWS = frozenset({PromiseKind.OUTCOME, PromiseKind.GUARANTEE})
UNSURE = NOBODY_KNOWS | {PromiseKind.DEADLINE}
DATED = frozenset({PromiseKind.DEADLINE, PromiseKind.CALL_BACK, PromiseKind.DELIVERY})
_TELLS = re.compile(
    r"auskunft|auskuenfte|nennen|mitteilen|erklaer|erlaeuter|pruefen|informier|weiterleit|weitergeb|anforder|anfrag"
    r"|nachfrag|rueckfrage|erfrag|abfrag|einsehen|verweisen|hinweis"
    r"|entgegennehm|aufnehm|annehmen|notier|melden|meldung an|uebergeb|erfassen|auslesen|auswert|suchen|nachforsch"
    r"|nachverfolg|beratung|\bexplain|\bask\b|\bcheck|\btrace|look into|\bpass\b"
    r"|forward|escalate|transfer calls|take .*complaints? up|open (?:an|a) |investigat|status|corrected"
    r"|\bcall station|state of"
)  # fmt: skip
_STILL_GRANTS = re.compile(
    r"erstatten\b|erstattung (?:ab|von|bis)|kostenlos|gutschein|gutschrift|rueckruf"
    r"|nach (?:der )?pruefung|refund(?:ed)?\b|returned|bis \w+ (?:geben|mitteilen)|voucher"
    r"|replac"
)
_GENERIC = frozenset(
    "bis ueber fuer bei mit nach vom von der die das den dem des ein eine einen einer und oder an am im in zum zur"
    " auf aus ab je pro maximal max kostenlos kostenlose kostenlosen"
    " kostenloser kostenfrei gratis anbieten geben erstatten erstattung gutschreiben gutschrift gutschein zusenden"
    " senden versenden vergeben zahlen erlassen uebernehmen"
    " veranlassen vereinbaren setzen machen lassen neu the a an of for up to free charge refund refunds refunded"
    " voucher credit send one per with and or have by within"
    " return returns replacement ersatz umtausch leihweise selben tag same day euro eur prozent kulanz betrag"
    " waehrend einmal einmalig".split()
)


@dataclass(frozen=True)
class Grant:
    """One entry: the kinds it grants (none: it only lets the agent tell, ask or pass on), its limits and its object.

    `said` are the values of all its facts; a `service` is done free of charge.
    """

    entry: str
    kinds: frozenset[PromiseKind]
    amounts: tuple[Fact, ...]
    times: frozenset[str]
    said: frozenset[str]
    service: bool
    same_day: bool
    words: frozenset[str]


@dataclass(frozen=True)
class Commitment:
    """What is to be covered. `said` is the folded clause, `values` those of all its facts; `soon`: a time, no day."""

    kind: PromiseKind
    amounts: tuple[Fact, ...]
    times: tuple[Fact, ...]
    soon: bool
    certain: bool
    said: str
    values: frozenset[str]


def parse(entries: Iterable[str]) -> tuple[Grant, ...]:
    """What each entry grants."""
    return tuple(_parse(entry) for entry in entries)


def _parse(entry: str) -> Grant:
    said = fold(entry)
    only_tells = _TELLS.search(said) and not _STILL_GRANTS.search(said)
    found = facts(entry)
    return Grant(
        entry=entry,
        kinds=frozenset() if only_tells else frozenset(kind for kind, pattern in _KINDS if re.search(pattern, said)),
        amounts=tuple(f for f in found if f.kind == "amount"),
        times=frozenset(f.value for f in found if f.kind in ("date", "time") or " " in f.value),
        said=frozenset(f.value for f in found if f.kind in ("amount", "date", "time", "number")),
        service=bool(re.search(r"kostenlos|kostenfrei|gratis|\bfree\b", said)),
        same_day=bool(re.search(r"selben tag|same day|taggleich|noch heute|sofort", said)),
        words=content_words(said),
    )


def content_words(folded: str) -> frozenset[str]:
    """The words that say what something is about."""
    return frozenset(word for word in re.findall(r"[a-z]{4,}", folded) if word not in _GENERIC)


def about_the_same(words: frozenset[str], said: str) -> bool:
    """Whether `said` speaks of one of `words`, be it as another form or as a part of a compound."""
    others = content_words(said)
    return any(word[:5] in other or other[:5] in word for word in words for other in others)


def grants_something(authority: Sequence[str] | None) -> bool:
    """Whether there is money, a voucher, a replacement or a free service to give, not only an answer."""
    gifts = {PromiseKind.REFUND, PromiseKind.CREDIT}
    return any(
        grant.kinds & gifts or (PromiseKind.DELIVERY in grant.kinds and _is_gift(grant))
        for grant in parse(authority or ())
    )


def _is_gift(grant: Grant) -> bool:
    return bool(
        re.search(
            r"ersatz|umtausch|austausch|leih|nachliefer|neudruck|replac|exchange|swap|loan|spare"
            r"|re-?deliver",
            fold(grant.entry),
        )
    )


def cover(
    commitment: Commitment, grants: Sequence[Grant] | None, system: Sequence[Grant] = ()
) -> tuple[Cover, str | None]:
    """Whether `grants` cover the commitment, and by which entry; `system` are facts that a system message states.

    None: it is not known what the agent may promise.
    """
    if commitment.kind == PromiseKind.CHECK:
        return Cover.COVERED, None
    for grant in system:
        if _stated(commitment, grant):
            return Cover.COVERED, grant.entry
    if grants is None:
        return (Cover.NOT_COVERED if commitment.kind in NOBODY_KNOWS else Cover.UNDECIDED), None
    verdicts = [(_by(commitment, grant), grant.entry) for grant in grants]
    for wanted in (Cover.COVERED, Cover.UNDECIDED):
        for verdict, entry in verdicts:
            if verdict == wanted:
                return verdict, entry
    return Cover.NOT_COVERED, None


def _stated(commitment: Commitment, grant: Grant) -> bool:
    """Whether the entry says just this: the same amounts, percentages and days, at least one of them."""
    wanted = commitment.values - {TODAY}
    return bool(wanted) and wanted <= grant.said


def _by(commitment: Commitment, grant: Grant) -> Cover:
    kind = commitment.kind
    about = about_the_same(grant.words, commitment.said)
    dated = commitment.kind in DATED and bool({f.value for f in commitment.times} - {TODAY})
    if (about or dated) and not commitment.certain and _stated(commitment, grant):
        return Cover.COVERED
    timely = not commitment.soon and all(f.value in grant.times or f.value == TODAY for f in commitment.times)
    if not timely or (grant.amounts and not _within(commitment.amounts, grant.amounts)):
        return Cover.NOT_COVERED
    if kind not in grant.kinds:
        return _nearly(commitment, grant) if about and grant.kinds else Cover.NOT_COVERED
    if commitment.certain and kind in UNSURE:
        return Cover.NOT_COVERED
    if kind == PromiseKind.DEADLINE and commitment.times and grant.same_day and not commitment.certain:
        return Cover.COVERED
    if about or not grant.words or (grant.amounts and commitment.amounts):
        return Cover.COVERED
    if kind in UNSURE or (grant.service and kind == PromiseKind.REFUND):
        return Cover.NOT_COVERED
    return Cover.UNDECIDED


def _nearly(commitment: Commitment, grant: Grant) -> Cover:
    """For an entry about the same thing that grants another kind: a free service costs nothing and comes at once."""
    if commitment.certain or commitment.kind in NOBODY_KNOWS:
        return Cover.NOT_COVERED
    return Cover.UNDECIDED if commitment.amounts else Cover.COVERED


def _within(amounts: Sequence[Fact], limits: Sequence[Fact]) -> bool:
    """Whether every amount stays within the highest limit of its currency."""
    highest: dict[str, Decimal] = {}
    for limit in limits:
        currency, value = limit.value.split(" ", 1)
        highest[currency] = max(Decimal(value), highest.get(currency, Decimal(value)))
    wanted = (amount.value.split(" ", 1) for amount in amounts)
    return all(currency in highest and Decimal(value) <= highest[currency] for currency, value in wanted)
