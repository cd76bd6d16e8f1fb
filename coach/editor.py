"""The rewrite without a model: faulty clauses go or are replaced, what the verdict asks for is added, the rest stays.

The editor works sentence by sentence. It takes out the clause with the fault where the rest of the sentence can stand
alone, else the sentence. An uncovered promise becomes a check that is announced. It adds only what is true without
understanding the case: the greeting with a name it was given, the boundary, the handover, the end, the emergency
number. All other words and white space stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from coach.facts import facts
from coach.omissions import Missing, names
from coach.rulebook import RuleBook
from coach.text import Span, Text
from coach.types import Action, Category, Context, Finding, Omission, PromiseKind, Severity, SignalKind, Verdict

STAY = frozenset({"id", "link", "email", "phone", "placeholder"})
"""Kinds of facts that stay whatever happens to their sentence."""

_CLAUSE = re.compile(r"(?:,|;|:|\s[–—-])\s+")


def _starts_with(words: str) -> re.Pattern[str]:
    """What starts with one of `words`, separated by white space; ``_`` stands for a space in a word."""
    return re.compile(rf"(?:{'|'.join(words.replace('_', ' ').split())})\b".replace(" ", r"\s+"), re.IGNORECASE)


_CONDITIONS = {
    "de": "wenn falls sofern sobald solange bevor nachdem da weil obwohl dass damit ob als während indem sodass wie "
    "was wer wo wann um ohne auch_wenn ",
    "en": "if when once unless because since as although though while that which who where so before after until ",
}
_SUBORDINATE = {
    "de": _starts_with(
        _CONDITIONS["de"] + r"so_dass welche\w* der die das den dem deren dessen anstatt statt mit_der mit_dem "
        "in_der in_dem zu denn bis"
    ),
    "en": _starts_with(_CONDITIONS["en"] + "whose so_that to in_order even"),
}
"""How a clause begins that needs the one before it."""
_NEVER_ALONE = {
    "de": _starts_with(_CONDITIONS["de"] + "ja nein nun tja also gut okay ok"),
    "en": _starts_with(_CONDITIONS["en"] + "yes no well ok okay look right"),
}
"""How a clause begins that is no sentence by itself."""
_CONJUNCTION = re.compile(r"\A(?:und|aber|doch|jedoch|sondern|oder|and|but|so|yet|or)\s+", re.IGNORECASE)
_DANGLING = re.compile(r"[\s,]+(?:und|oder|aber|sowie|and|or|but)$", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:ich|wir|es|er|sie|Sie|du|bitte|ihr\w*|Ihr\w*|unser\w*|mein\w*|dein\w*)\s")
_FUNCTION_WORD = re.compile(
    "(?:"
    + "|".join(
        """
        Ab Am An Auch Auf Aus Bei Beim Bis Bitte Da Damit Das Dass Dein Deine Deinen Deiner Dem Den Der Des
        Dich Die Diese Diesen Dieser Dieses Dir Dort Du Ein Eine Einem Einen Einer Er Es Für Gern Gerne Heute
        Hier Ich Im In Jetzt Leider Mein Meine Meinen Mit Morgen Na Nach Noch Nur Ob Seit So Sobald Um Unser
        Unsere Unserem Unseren Vom Von Vor Wann Was Wegen Wenn Wie Wir Wo Zu Zum Zur Zwar
        """.split()
    )
    + r")\b"
)
"""Words that a German sentence begins with in lower case after the greeting's comma."""

TELLING = (
    PromiseKind.REFUND, PromiseKind.CREDIT, PromiseKind.DELIVERY, PromiseKind.DEADLINE, PromiseKind.CALL_BACK,
    PromiseKind.OUTCOME, PromiseKind.GUARANTEE, PromiseKind.CHECK,
)  # fmt: skip
"""Of several uncovered promises the first of these is the one to check."""

_ADDRESS = re.compile(r"://|^www\.|@|\w\.[a-z]{2,}(?:/|$)")
"""What tells a link or an address from an id."""
_ITEM = re.compile(r"(?:[-*•–]|\d{1,2}[.)]|p\.?\s?s\.?\s?[:.]?)\s+", re.IGNORECASE)
"""What marks an item of a list, or a postscript."""
_INLINE_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z]\w*)[^<>]*>")
_EMPTY_TAG = re.compile(
    r"<(p|li|ul|ol|div|b|i|strong|em|span)\b[^<>]*>\s*</\1>\s?|(?<=<br>)<br>(?=<br>)", re.IGNORECASE
)
_OPENED = re.compile(r"<[A-Za-z][^<>]*>$")
_ENDED = re.compile(r"[.!?…:][\"'”“’»)\]]*(?:</\w+>)*$")
_GREETING_WORDS = re.compile(
    r"(?:hallo|hi|hey|moin|servus|guten (?:tag|morgen|abend)|hello|good (?:morning|afternoon|evening))", re.IGNORECASE
)
_ONE_LINE = frozenset({"chat", "phone", "social", "in_person"})
"""Channels in which a text is one paragraph."""


@dataclass(frozen=True)
class Case:
    """What the editor needs to know: the draft, what is wrong with it, and what comes next."""

    draft: Text
    context: Context
    verdict: Verdict
    findings: Sequence[Finding]
    promise_kinds: Mapping[int, PromiseKind]
    """The kind of promise of a finding, by where it starts."""
    missing: Sequence[Missing]
    signals: frozenset[SignalKind]
    broken_promise: bool = False
    """An earlier promise was broken and the draft does not take it up."""


class Editor:
    """Rewrites drafts of one language. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook, language: str) -> None:
        self._language = language
        self._phrases = book.phrases[language]
        self._emergency_number = book.ladder.emergency_number

    def edit(self, case: Case) -> str:
        """The draft without its certain faults and with what the verdict asks for; unchanged where neither is due."""
        text = case.draft
        start, end = _body(text)
        under = text.said_from(text.signature[1]) if text.signature else len(text.original)
        body = self._without_faults(case, (start, end))
        postscript = self._without_faults(case, (under, len(text.original)))
        tail = text.original[end:under] + postscript if postscript else text.original[end:under].rstrip()
        head, body = self._greet(case, text.original[:start], body)
        body = self._keep_ids(case, head, body, tail)
        body = self._add_sentences(case, body)
        if (head, body) == (text.original[:start], text.original[start:end]) and tail == text.original[end:].rstrip():
            return text.original
        return self._joined(case, head, body, tail)

    def say(self, sentence: str, case: Case, **values: str) -> str:
        """A sentence of the language in the form of address of the case."""
        form = "you" if self._language == "en" else (case.context.form_of_address or "Sie")
        return self._phrases.say(sentence, str(form), **values)

    def _without_faults(self, case: Case, part: Span) -> str:
        """A part of the draft, white space and tags included, without or instead of what is faulty."""
        text, (start, end) = case.draft.original, part
        faulty = [f for f in case.findings if f.severity is Severity.ERROR]
        lines: list[_Line] = []
        position = start
        for a, b in case.draft.sentences:
            if b <= start or a >= end:
                continue
            a = max(a, start)
            said = text[a:b]
            mark = found.group() if (found := _ITEM.match(said)) else ""
            kept = said[len(mark) :]
            if hits := [f for f in faulty if f.start < b and a < f.end]:
                kept = _paired(kept, self._mended(case, (a + len(mark), b), hits))
                kept = "" if any(kept == line.said for line in lines) else kept
            lines.append(_Line(text[position:a], mark, kept))
            position = b
        return _laid_out(lines) + text[position:end]

    def _mended(self, case: Case, sentence: Span, hits: Sequence[Finding]) -> str:
        """What stands in place of a sentence with faults: nothing, a part of it, or another sentence."""
        text = case.draft.original
        promises = [f for f in hits if f.category is Category.PROMISE]
        rest = self._clauses_left(text, sentence, hits)
        announced = self._announced(case)
        if announced not in promises or announced is None:
            return rest
        check = self.say(f"check_{self._kind(case, announced)}", case)
        return f"{rest} {check}" if rest else check

    def _announced(self, case: Case) -> Finding | None:
        """The one promise that becomes an announced check: the most telling of them; two checks read like a form."""
        promises = [f for f in case.findings if f.category is Category.PROMISE and f.severity is Severity.ERROR]
        return min(promises, key=lambda f: TELLING.index(self._kind(case, f)), default=None)

    def _kind(self, case: Case, finding: Finding) -> PromiseKind:
        return case.promise_kinds.get(finding.start, PromiseKind.OUTCOME)

    def _clauses_left(self, text: str, sentence: Span, hits: Sequence[Finding]) -> str:
        """The clauses without a fault, where they can stand alone; else nothing."""
        clauses = _clauses(text, sentence, [f.start for f in hits])
        faulty = [any(f.start < b and a < f.end for f in hits) for a, b in clauses]
        first, last = faulty.index(True), len(faulty) - 1 - faulty[::-1].index(True)
        before = _DANGLING.sub("", text[sentence[0] : clauses[first][0]].rstrip(" ,;:–—-"))
        after = text[clauses[last][1] : sentence[1]].lstrip(" ,;:–—-")
        opens = text[: clauses[first][0]].rstrip().endswith(":")  # "To your order 88-1:" says nothing alone
        stands = self._stands(before) and _rounded(before) and not opens
        head = self._head(before, text[sentence[1] - 1]) if stands else ""
        tail = self._tail(after, text[: clauses[last][1]].rstrip()[-1:])
        if head or tail:
            return " ".join(part for part in (head, tail) if part)
        insertion = first == last and _SUBORDINATE[self._language].match(text, clauses[first][0])
        if insertion and before and after and not _CONJUNCTION.match(after) and self._stands(f"{before} {after}"):
            return f"{before} {after}"
        return ""

    def _head(self, clause: str, mark: str) -> str:
        return clause + (mark if mark in ".!?…" else ".")

    def _tail(self, clause: str, separator: str) -> str:
        """A last clause as a sentence of its own, where it is a main clause."""
        bare = _CONJUNCTION.sub("", clause, count=1)
        main = self._language == "en" or bare[:1].isupper() or separator in ":;–—-" or _SUBJECT.match(bare)
        if not main or not self._stands(bare) or _SUBORDINATE[self._language].match(bare):
            return ""
        return bare[0].upper() + bare[1:]

    def _stands(self, clause: str) -> bool:
        """Whether a clause can be a sentence, as far as words show."""
        return len(clause.split()) >= 4 and not _NEVER_ALONE[self._language].match(clause)

    def _greet(self, case: Case, head: str, body: str) -> tuple[str, str]:
        """The greeting with the name where it is known and missing; the white space around it stays."""
        name = case.context.customer_name
        greeting_faulty = any(
            case.draft.greeting and f.start < case.draft.greeting[1]
            for f in case.findings
            if f.severity is Severity.ERROR
        )
        wanted = any(m.category is Omission.NAME for m in case.missing)
        start, end = case.draft.greeting or (len(head), len(head))
        before, greeting, after = head[:start], head[start:end], head[end:]
        if not name or (names(greeting + body, name) and not greeting_faulty) or not (wanted or greeting_faulty):
            return (before + after.lstrip() if greeting_faulty and not name else head), body
        words = _GREETING_WORDS.match(greeting)
        new = f"{words.group()} {name}," if words and not greeting_faulty else self.say("greeting", case, name=name)
        if greeting:
            return before + new + after, body
        if case.context.channel in _ONE_LINE:
            starts_low = _lower_start(body, self._language)[:1].islower()
            return head + (f"{name}, " if starts_low else f"{new.rstrip(',')}! "), body
        if (paragraph := head.rfind("<p")) >= 0:
            return f"{head[:paragraph]}<p>{new}</p>{head[paragraph:]}", body
        return head + new + _paragraph(case.draft), body

    def _keep_ids(self, case: Case, head: str, body: str, tail: str) -> str:
        """Ids, links and placeholders that went with their sentence come back in a check."""
        lost = [f.text for f in facts(case.draft.original) if f.kind in STAY and f.text not in head + body + tail]
        lost = [fact for fact in dict.fromkeys(lost) if len(fact) > 2]
        if links := [fact for fact in lost if _ADDRESS.search(fact)]:
            body = _appended(body or self.say("check_matter", case), self.say("link", case, ids=", ".join(links)))
            lost = [fact for fact in lost if fact not in links]
        if not lost:
            return body
        sentence = self.say("check_ids", case, ids=", ".join(lost))
        for kind in TELLING[:-1]:
            if (general := self.say(f"check_{kind}", case)) in body:
                return body.replace(general, sentence, 1)
        return _appended(body, sentence)

    def _add_sentences(self, case: Case, body: str) -> str:
        """What the verdict asks for and the draft lacks: each a sentence at its place."""
        rules = {m.rule.id for m in case.missing if m.certain}
        handover = self.say(self._handover(case), case)
        if rules & {"boundary-missing", "security-not-told"} and body.rstrip().endswith(handover):
            body, rules = body.rstrip().removesuffix(handover), rules | {"handover-not-announced"}
        action = case.verdict.action
        if case.broken_promise:
            body = _put_first(self.say("broken_promise", case), body)
        if "emergency-number-missing" in rules:
            body = _put_first(self.say("emergency", case, number=self._emergency_number), body)
        if not body.strip() and action is not Action.END_CONVERSATION:
            body = self.say("check_matter", case)
        if rules & {"boundary-missing"} and action is not Action.END_CONVERSATION:
            body = _appended(body, self.say(f"boundary_{self._abuse(case)}", case))
        if rules & {"security-not-told"} and "emergency-number-missing" not in rules:
            body = _appended(body, self.say("alert_security", case))
        if "handover-not-announced" in rules:
            body = _appended(body, handover)
        if action is Action.END_CONVERSATION and rules & {"boundary-missing", "end-not-announced"}:
            body = _appended(body, self.say("reminder", case))
        if "end-not-announced" in rules:
            body = _appended(body, self.say("end_conversation", case))
        return body

    def _abuse(self, case: Case) -> SignalKind:
        order = (
            SignalKind.HATE_OR_HARASSMENT,
            SignalKind.INSULT,
            SignalKind.NO_GENUINE_CONCERN,
            SignalKind.INTOXICATION,
        )
        return next((kind for kind in order if kind in case.signals), SignalKind.INSULT)

    def _handover(self, case: Case) -> str:
        if SignalKind.WRONG_DEPARTMENT in case.signals:
            return "hand_over_wrong_team"
        return "hand_over" if case.context.supervisor_available else "hand_over_unavailable"

    def _joined(self, case: Case, head: str, body: str, tail: str) -> str:
        """The parts with white space between them, as much as the draft has there or would have."""
        gap = " " if case.context.channel in _ONE_LINE else _paragraph(case.draft)
        if head and body and not head[-1].isspace() and head[-1] != ">":
            head += gap
        if body and tail.strip() and not tail[0].isspace() and tail[0] != "<":
            tail = gap + tail
        if re.search(r",(?:\s|<[^<>]*>)*\Z", head[-200:]):
            tags = re.match(r"(?:\s|<[^<>]*>)*", body)
            first = tags.end() if tags else 0
            body = body[:first] + _lower_start(body[first:], self._language)
        text = head + body + tail
        while (tidied := _EMPTY_TAG.sub("", text)) != text:
            text = tidied
        return text


@dataclass
class _Line:
    """A sentence in its place: what stands before it, its mark where it is an item or a postscript, what it says."""

    gap: str
    mark: str
    said: str


def _laid_out(lines: Sequence[_Line]) -> str:
    """The lines that still say something, with the white space that parts them; items keep counting from 1."""
    out, pending, count, number = "", "", 0, 0
    for index, line in enumerate(lines):
        pending = pending + line.gap if (pending + line.gap).strip() else max(line.gap, pending, key=_height)
        digits = found.group() if (found := re.match(r"\d+", line.mark)) else ""
        if digits == "1":
            count = number = 0
        if counted := digits == str(count + 1):
            count, number = count + 1, number + bool(line.said)
        items = [*takewhile(lambda other: other.mark, lines[index + 1 :])]
        heads_nothing = line.said.endswith(":") and items and not any(item.said for item in items)
        if line.said and not heads_nothing:
            mark = line.mark.replace(digits, str(number), 1) if counted else line.mark
            out += (pending if pending.strip() or (out and not _OPENED.search(out[-40:])) else "") + mark + line.said
            pending = ""
    return out + (pending if pending.strip() else "")


def _height(gap: str) -> int:
    return gap.count("\n")


def _paired(said: str, kept: str) -> str:
    """`kept`, with those tags of `said` around it that have their partner elsewhere."""
    if "<" not in said:
        return kept
    lone: list[re.Match[str]] = []
    for tag in _INLINE_TAG.finditer(said):
        opened = next((t for t in reversed(lone) if t["name"] == tag["name"] and not t["end"]), None)
        if tag["end"] and opened:
            lone.remove(opened)
        else:
            lone.append(tag)
    missing = [tag for tag in lone if tag.group() not in kept]
    opening = "".join(tag.group() for tag in missing if not tag["end"])
    return opening + kept + "".join(tag.group() for tag in missing if tag["end"])


def _paragraph(draft: Text) -> str:
    """What parts two paragraphs in the manner of the draft."""
    if re.search("<br", draft.original, re.IGNORECASE):
        return "<br><br>"
    return "\r\n\r\n" if "\r\n" in draft.original else "\n\n"


def _body(text: Text) -> Span:
    """From after the greeting to the signature, without white space, quoted lines and tags at either end."""
    start = text.said_from(text.greeting[1] if text.greeting else 0)
    end = text.signature[0] if text.signature else len(text.original)
    return min(start, end), max(start, text.said_until(end))


def _clauses(text: str, sentence: Span, faults: Sequence[int]) -> list[Span]:
    """The clauses of a sentence; a fault that begins after "und" begins a clause too."""
    start, end = sentence
    commas = [m.end() for m in _CLAUSE.finditer(text, *sentence)]
    joined = [
        at
        for at in faults
        if start < at < end and (_CONJUNCTION.match(text[at : at + 9]) or _DANGLING.search(text[start:at].rstrip()))
    ]
    return [(a, b) for a, b in pairwise(sorted({start, end, *commas, *joined})) if a < b]


def _rounded(clause: str) -> bool:
    """Whether a head does not end in a scrap such as "after all"."""
    *_, last = _CLAUSE.split(clause)
    return last == clause or len(last.split()) >= 3


def _put_first(sentence: str, body: str) -> str:
    """`sentence` and then `body`, which begins a sentence of its own."""
    rest = body.lstrip()
    return f"{sentence} {rest[0].upper()}{rest[1:]}" if rest else sentence


def _appended(body: str, sentence: str) -> str:
    """`body` with `sentence` at its end, once."""
    stripped = body.rstrip()
    if sentence in stripped:
        return body
    if not stripped:
        return sentence
    if _ITEM.match(stripped.rsplit("\n", 1)[-1].lstrip()):
        return f"{stripped}\n\n{sentence}"
    ended = _ENDED.search(stripped[-40:]) or not (stripped[-1].isalnum() or stripped[-1] in ")]\"'”“’»>")
    return f"{stripped}{'' if ended else '.'} {sentence}"


def _lower_start(body: str, language: str) -> str:
    """German goes on in lower case after the greeting's comma, but for nouns and Sie."""
    if language == "de" and _FUNCTION_WORD.match(body):
        return body[0].lower() + body[1:]
    return body
