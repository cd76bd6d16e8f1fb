"""A text, its folded form for matching, and its parts, all with offsets into the original.

Folding makes one spelling out of many, so that a rule is written once and holds for real text: lower case, ``ä`` and
``ae`` alike, curly quotes straight, any run of white space one space (a blank line becomes a line feed), zero-width
characters gone, accents gone. Rules are matched on the folded form only; every folded character knows which original
characters it came from.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

Span = tuple[int, int]

FOLDED = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ı": "i", "ł": "l",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "″": '"',
    "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "−": "-", "…": "...",
}  # fmt: skip
"""What a lower-case character folds to, where taking its accents off would not do."""

CLOSINGS = {
    "de": r"(?:mit\s+)?(?:[\wäöüß]+\s+){1,3}gr(?:ü|ue)(?:ß|ss)\w*"
    r"|(?:mit\s+)?(?:einem\s+)?(?:[\wäöüß]+\s+)?gru(?:ß|ss)|grüße|mfg|lg|vg|bg"
    r"|hochachtungsvoll|herzlich(?:st)?|alles\s+(?:liebe|gute)|schöne(?:n|s)?\s+(?:tag|abend|wochenende)|bis\s+(?:bald|dann)",
    "en": r"(?:with\s+)?(?:(?:kind|best|warm|many)(?:est)?\s+)?(?:regards|wishes|greetings)"
    r"|(?:yours\s+)?(?:sincerely|faithfully|truly)|yours|cheers|all\s+the\s+best|best|take\s+care",
}
"""Closing formulas, a regular expression a language."""

_COMBINING = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_TOKEN = re.compile(
    rf"(?P<plain>[!-_a-~]+(?: [!-_a-~]+)*(?![{_COMBINING}]))|(?P<space>\s+)|(?P<other>.[{_COMBINING}]*)", re.DOTALL
)
"""Runs of plain ASCII with single blanks, white space, or one character with its combining marks."""
_CLOSING = re.compile(
    rf"[ \t]*(?:(?:{'|'.join(CLOSINGS.values())})\b[^\n.?]{{0,60}}|(?:many\s+)?thanks|thank\s+you|danke)[,!.]?[ \t]*",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\s*(?:sehr\s+geehrte[rs]?|guten\s+(?:tag|morgen|abend)|schönen guten tag|hallo|hi|hey|moin|servus"
    r"|grüß\s+gott|grüezi"
    r"|lieber?|werte[rs]?|dear|hello|good\s+(?:morning|afternoon|evening|day)|greetings)\b[^\n,!.:?;<]{0,70}[,!.:]?",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*(?:\n|\Z)", re.MULTILINE)
_BLOCK_TAG = re.compile(
    r"</?(?:p|br|div|ul|ol|li|table|tbody|tr|td|th|h[1-6]|hr|html|body|blockquote)(?:\s[^<>\n]{0,300})?/?>",
    re.IGNORECASE,
)
"""Tags of HTML that begin a new line."""
_LINE_BREAK = re.compile(rf"(?:{_BLOCK_TAG.pattern}|\n)+", re.IGNORECASE)
_SIGNATURE_MARK = re.compile(r"^-- ?$", re.MULTILINE)
_POSTSCRIPT = re.compile(r"^\s*p\.?\s?s\.?\s?[:.]", re.IGNORECASE | re.MULTILINE)
_ABBREVIATION = re.compile(
    r"(?:\b(?:z|b|u|a|d|h|o|ä|i|e|s|v|m|w|bzw|ca|nr|dr|prof|hr|fr|str|tel|inkl|exkl|zzgl|evtl|ggf|usw|etc|vgl|max|min|mind"
    r"|st|mr|mrs|ms|no|vs|approx|inc|ltd|co|jan|feb|mär|apr|jun|jul|aug|sept?|okt|oct|nov|dez|dec|abs|art|bspw|sog|lt|std|dipl|ing)"
    r"|(?<![\d€$%])\b\d{1,2})\.$",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:[.!?…]+[\"'”“’»)\]]*(?=\s|$)|\n[ \t\r]*\n\s*|\n(?=[ \t]*(?:[-*•–]|\d+[.)])\s)|(?<=[,:;.!?])\r?\n)"
)
_LOWER_OR_MONTH = re.compile(
    r"\s+(?:[a-zäöü]|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|jan|feb|stock|etage|klasse|mahnung)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Folded:
    """A folded text. ``starts[i]`` and ``ends[i]`` are the original span that character i of `text` came from."""

    text: str
    starts: list[int]
    ends: list[int]

    def original(self, start: int, end: int) -> Span:
        """The original span of the folded span ``[start, end)``; `end` is after `start`."""
        return self.starts[start], self.ends[end - 1]

    def span_of(self, span: Span) -> Span:
        """The folded span that covers the original `span`."""
        return bisect_right(self.ends, span[0]), bisect_left(self.starts, span[1])


def fold(text: str) -> str:
    """`text` in its folded spelling, without offsets."""
    return fold_with_offsets(text).text


def fold_with_offsets(text: str, left_out: tuple[Span, ...] = ()) -> Folded:
    """`text` folded, without the parts `left_out` (sorted, disjoint spans), which count as a blank line."""
    folder = _Folder()
    position = 0
    for start, end in left_out:
        folder.take(text, position, start)
        folder.space("\n", start, end)
        position = max(position, end)
    folder.take(text, position, len(text))
    return Folded("".join(folder.out), folder.starts, folder.ends)


class _Folder:
    """A folded text while it grows."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def take(self, text: str, start: int, end: int) -> None:
        """Fold ``text[start:end]``: runs of plain ASCII at once, white space, then character by character."""
        for token in _TOKEN.finditer(text, start, end):
            i, j = token.span()
            if token.lastgroup == "plain":
                self.out.append(token.group().lower())
                self.starts.extend(range(i, j))
                self.ends.extend(range(i + 1, j + 1))
            elif token.lastgroup == "space":
                self.space("\n" if token.group().count("\n") > 1 else " ", i, j)
            elif folded := _fold_char(token.group()):
                self.out.append(folded)
                self.starts.extend([i] * len(folded))
                self.ends.extend([j] * len(folded))

    def space(self, kind: str, start: int, end: int) -> None:
        """Add a blank or a line feed, never a second one, and none at the beginning."""
        if not self.out:
            return
        if self.out[-1][-1] not in " \n":
            self.out.append(kind)
            self.starts.append(start)
            self.ends.append(end)
        elif kind == "\n" and self.out[-1] == " ":
            self.out[-1] = kind


def _fold_char(char: str) -> str:
    """One character, with its combining marks, folded; nothing for what cannot be seen."""
    if char in FOLDED:
        return FOLDED[char]
    if char.isascii():
        return char.lower()
    lower = unicodedata.normalize("NFC", char).lower()
    if lower in FOLDED:
        return FOLDED[lower]
    plain = "".join(FOLDED.get(c, c) for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cc", "Mn"))


class Text:
    """A text and its parts. Everything is an offset into `original`, nothing is ever changed."""

    def __init__(self, original: str) -> None:
        self.original = original

    @cached_property
    def quoted(self) -> tuple[Span, ...]:
        """Lines quoted from somebody else (``>``), code blocks and tags that break lines, sorted and disjoint."""
        unsaid = (_CODE, _QUOTED_LINE, _BLOCK_TAG)
        spans = sorted(m.span() for pattern in unsaid for m in pattern.finditer(self.original))
        merged: list[Span] = []
        for start, end in spans:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)

    @cached_property
    def greeting(self) -> Span | None:
        """The greeting with its comma, where the text starts with one; quoted lines and tags may stand before it."""
        start = self.said_from(0)
        found = _GREETING.match(self.original, start)
        return (start, found.end()) if found else None

    def said_from(self, position: int) -> int:
        """Where what is said goes on: after the white space, quoted lines and tags at `position`."""
        for start, end in self.quoted:
            if start >= position and not self.original[position:start].strip():
                position = end
        rest = self.original[position:]
        return position + len(rest) - len(rest.lstrip())

    def said_until(self, position: int) -> int:
        """Where what is said ends: before the white space, quoted lines and tags at `position`."""
        for start, end in reversed(self.quoted):
            if end <= position and not self.original[end:position].strip():
                position = start
        return len(self.original[:position].rstrip())

    @cached_property
    def signature(self) -> Span | None:
        """From the closing formula ("Freundliche Grüße") or ``--`` to the end; a postscript is not part of it."""
        mark = _SIGNATURE_MARK.search(self.original)
        end = len(self.original)
        for found in self._lines_from_the_end():
            if _CLOSING.fullmatch(self.original, *found):
                start = found[0]
                postscript = _POSTSCRIPT.search(self.original, start)
                return (start, postscript.start() if postscript else end)
        if mark:
            return (mark.start(), end)
        return self._bare_name_block()

    def _bare_name_block(self) -> Span | None:
        """A last paragraph of one to three short lines that are no sentences: names without a closing formula."""
        block = re.search(r"\n[ \t\r]*\n(?:[^\n.!?:]{2,45}\.?[^\n.!?:]{0,25}(?:\n|\s*\Z)){1,3}\Z", self.original)
        if not block or not self.original[block.start() :].lstrip()[:1].isupper():
            return None
        return (block.end() - len(block.group().lstrip()), block.end())

    def _lines_from_the_end(self) -> list[Span]:
        lines, position = [], 0
        for end, after in (*(m.span() for m in _LINE_BREAK.finditer(self.original)), (len(self.original),) * 2):
            line = self.original[position:end]
            if line.strip():
                lines.append((position, position + len(line.rstrip("\r"))))
            position = after
        return lines[:-13:-1]

    @cached_property
    def left_out(self) -> tuple[Span, ...]:
        """What no rule looks at: quoted lines, code, the signature."""
        if not self.signature:
            return self.quoted
        start, end = self.signature
        return (*(s for s in self.quoted if s[1] <= start), (start, end), *(s for s in self.quoted if s[0] >= end))

    @cached_property
    def folded(self) -> Folded:
        """The text without `left_out`, folded."""
        return fold_with_offsets(self.original, self.left_out)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences outside `left_out`, in order, without the white space around them.

        A greeting is a sentence of its own.
        """
        spans: list[Span] = []
        position = 0
        for start, end in (*self.left_out, (len(self.original), len(self.original))):
            spans.extend(self._split(position, start))
            position = end
        return tuple(spans)

    def _split(self, start: int, end: int) -> list[Span]:
        spans: list[Span] = []
        position = start
        if self.greeting and self.greeting[0] >= start and self.greeting[1] <= end:
            spans.append(self.greeting)
            position = self.greeting[1]
        search = position
        while found := _END.search(self.original, search, end):
            search = found.end()
            if found.group().startswith(".") and self._goes_on(found, end):
                continue
            self._add(spans, position, found.end())
            position = found.end()
        self._add(spans, position, end)
        return spans

    def _goes_on(self, stop: re.Match[str], end: int) -> bool:
        """Whether the full stop belongs to an abbreviation, an ordinal or a date."""
        before = self.original[max(0, stop.start() - 12) : stop.start() + 1]
        if not _ABBREVIATION.search(before) or stop.end() >= end:
            return False
        if before[-2:-1].isdigit():
            return bool(_LOWER_OR_MONTH.match(self.original, stop.end(), end))
        return True

    def _add(self, spans: list[Span], start: int, end: int) -> None:
        piece = self.original[start:end]
        stripped = piece.strip()
        if stripped:
            offset = start + len(piece) - len(piece.lstrip())
            spans.append((offset, offset + len(stripped)))

    def sentence_at(self, position: int) -> Span | None:
        """The sentence that contains `position`, an offset into the original."""
        index = bisect_right(self.sentences, (position, len(self.original) + 1)) - 1
        if index >= 0 and self.sentences[index][0] <= position < self.sentences[index][1]:
            return self.sentences[index]
        return None


def utf16_offset(text: str, offset: int) -> int:
    """`offset`, in code points of `text`, counted in UTF-16 units."""
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def same_words(quote: str, text: str) -> Span | None:
    """Where `quote` stands in `text` word for word, white space and quote marks aside; None when it does not."""
    pattern = r"\s+".join(
        re.escape(word).replace("\x00", "[\"'„“”‚‘’«»‹›]") for word in _quote_marks_out(quote).split()
    )
    found = re.search(pattern, text) if pattern else None
    return found.span() if found else None


def _quote_marks_out(text: str) -> str:
    return re.sub("[\"'„“”‚‘’«»‹›`´]", "\x00", text.strip().strip("\"'„“”‚‘’«»‹›"))
