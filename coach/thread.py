"""What the thread tells about the case: whatever the caller did not send is read from it, with its evidence.

What was sent always wins. What cannot be read has a default: language German, no names, no warnings, not transferred,
a supervisor there, authority not known.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from coach.patterns import PatternSet
from coach.rulebook import RuleBook
from coach.text import Text, fold, fold_with_offsets
from coach.types import Context, FormOfAddress, Inferred, Message, Request

DEFAULT_LANGUAGE = "de"
SURE = 0.9
"""Probability from which a third language is believed; German and English need less, being what is expected."""
SHORTEST = 40
"""Characters below which no third language is believed."""

_NAME = r"(?:[A-ZÄÖÜÀ-Ý][\w'’-]*\.?)(?:[ \t]+(?:von|van|de|der|zu|[A-ZÄÖÜÀ-Ý][\w'’-]*\.?)){0,3}"
MOST_WORDS = 8
"""More words than this are no name."""
_TITLE_OR_INITIAL = re.compile(
    r"(?:dr|prof|dipl|ing|med|phil|jur|rer|nat|mag|mr|mrs|ms|mx|st|jr|sr|hr|fr|h|c|[a-zäöü])\.(?:-?\w+\.?)*",
    re.IGNORECASE,
)
_SALUTATION = re.compile(
    rf"(?:Sehr geehrte[rs]?|Guten (?:Tag|Morgen|Abend)|Hallo|Hi|Hey|Moin|Servus|Lieber?|Dear|Hello"
    rf"|Good (?:morning|afternoon|evening))[ \t,]+"
    rf"(?P<name>{_NAME})(?=[ \t]*[,!.:\n]|[ \t]*$)",
    re.MULTILINE,
)
_NO_NAME = re.compile(
    r"\b(?:kunde|kundin|kunden|damen|herren|zusammen|team|alle|customer|sir|madam|there|all|everyone|guest|gast|familie|freund\w*|erziehungs\w*)\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(rf"^[ \t]*(?:[-–,]\s*)?(?P<name>{_NAME})[ \t,.]*$", re.MULTILINE)
_SIE = re.compile(r"(?<![.!?:]\s)(?<!^)\b(?:Sie|Ihnen|Ihr(?:e[nmrs]?)?)\b")
_SIE_FOR_CERTAIN = re.compile(r"(?<![.!?:…–-]\s)(?<!^)(?<!\n)(?<!>)\b(?:Sie|Ihnen)\b")
_DU_FOR_CERTAIN = re.compile(r"\b(?:[Dd]u|[Dd]ich|[Dd]ir|[Dd]ein(?:e[nmrs]?)?)\b")
_TITLED = re.compile(r"\b(?:Herrn?|Frau|Sehr geehrte[rs]?)\b")
_QUOTATION = re.compile('[„“"»«][^„“"»«”]{0,300}[“”"«»]')
_DU = re.compile(r"\b(?:du|dich|dir|dein(?:e[nmrs]?)?|euch|euer|eure[nmrs]?)\b", re.IGNORECASE)


@lru_cache
def _identifier() -> LanguageIdentifier:
    """Loading it takes about half a second, so it waits until a language has to be guessed."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str | None:
    """The language of `text` as an ISO 639-1 code; None where the text is too short to tell."""
    words = re.sub(r"https?://\S+|\S+@\S+|\{\{.*?\}\}|\d+", " ", text)
    if sum(c.isalpha() for c in words) < 8:
        return None
    language, probability = _identifier().classify(words)
    if language in ("de", "en"):
        return str(language)
    if probability >= SURE and len(words) >= SHORTEST:
        return str(language)
    ranked = [str(code) for code, _ in _identifier().rank(words)]
    return next(code for code in ranked if code in ("de", "en"))


def forms_of_address(text: str) -> frozenset[FormOfAddress]:
    """The forms of address that a German text uses, as far as its words are certain; its quotations do not count."""
    body = Text(text)
    said = _QUOTATION.sub(" ", text[: body.signature[0] if body.signature else len(text)])
    used = ((FormOfAddress.SIE, _SIE_FOR_CERTAIN), (FormOfAddress.DU, _DU_FOR_CERTAIN))
    return frozenset(form for form, words in used if words.search(said))


def form_of_address(text: str) -> FormOfAddress | None:
    """Whether a German text says Sie or du; None where it says neither."""
    body = Text(text)
    end = body.signature[0] if body.signature else len(text)
    formal, familiar = len(_SIE.findall(text, 0, end)), len(_DU.findall(text, 0, end))
    if not formal and not familiar:
        return FormOfAddress.SIE if re.search(r"\b(?:Sie|Ihnen)\b", text[:end]) else None
    return FormOfAddress.SIE if formal >= familiar else FormOfAddress.DU


def _blanked(original: str, patterns: PatternSet) -> str:
    text = Text(original)
    folded = fold_with_offsets(original)
    out = original
    for _, span in patterns.finditer(folded.text):
        start, end = folded.original(*span)
        a, b = text.sentence_at(start) or (start, end)
        out = out[:a] + " " * (b - a) + out[b:]
    return out


class ThreadReader:
    """Reads the context of a request from its thread. Made once; safe to share between threads."""

    def __init__(self, book: RuleBook) -> None:
        self._patterns = {
            language: {what: PatternSet(patterns) for what, patterns in phrases.thread.items()}
            for language, phrases in book.phrases.items()
        }
        self._to_a_machine = PatternSet(
            [p for phrases in book.phrases.values() for p in phrases.thread["to_a_machine"]]
        )

    def without_machine_talk(self, conversation: Sequence[Message]) -> tuple[Message, ...]:
        """The conversation with each sentence of the customer that speaks to a machine blanked out.

        Such text is neither a signal nor a demand, whatever language it is in. Offsets stay as they are.
        """
        patterns = self._to_a_machine
        return tuple(
            m.model_copy(update={"text": _blanked(m.text, patterns)}) if m.author == "customer" else m
            for m in conversation
        )

    def context(self, request: Request) -> Context:
        """The case as far as it is known: what was sent, then what the thread says, then the defaults."""
        sent = {field: self._person(getattr(request, field)) for field in ("customer_name", "agent_name")}
        request = request.model_copy(update=sent)
        language = self._language(request)
        code = str(language.value)
        found = [
            language,
            *self._names(request),
            self._warnings(request.conversation, code),
            self._transferred(request.conversation, code),
        ]
        inferred = {item.field: item for item in found if getattr(request, item.field) in (None, "")}
        values = {item.field: getattr(request, item.field) for item in found} | {
            field: item.value for field, item in inferred.items()
        }
        return Context(
            channel=request.channel,
            form_of_address=self._form(request) if code == "de" else None,
            authority=request.authority,
            supervisor_available=request.supervisor_available is not False,
            inferred=tuple(item for item in inferred.values() if item.evidence),
            **values,
        )

    def _person(self, name: str | None) -> str | None:
        """A name as it can stand in a greeting: a few words of one line, and nothing that speaks to a machine."""
        lines = (name or "").strip().splitlines()
        words = re.split(r"[<>|;:!?]", lines[0])[0].split()[:MOST_WORDS] if lines else []
        ends = (i for i, word in enumerate(words) if word.endswith(".") and not _TITLE_OR_INITIAL.fullmatch(word))
        kept = " ".join(words[: next(ends, len(words)) + 1])
        if self._to_a_machine.search(fold(kept)):
            kept = kept.split(",")[0]
        return kept.strip(" .,") or None

    def _language(self, request: Request) -> Inferred:
        if request.language:
            return Inferred(field="language", value=request.language)
        for index, text in _newest_first(request):
            if language := language_of(text):
                return Inferred(field="language", value=language, evidence=text.strip()[:60], message=index)
        return Inferred(field="language", value=DEFAULT_LANGUAGE)

    def _form(self, request: Request) -> FormOfAddress | None:
        """The draft decides, then the agent's earlier messages, then a title, then what the customer says."""
        agents = [m.text for m in reversed(request.conversation) if m.author == "agent"]
        customers = [m.text for m in reversed(request.conversation) if m.author == "customer"]
        formal = FormOfAddress.SIE if _TITLED.search(f"{request.draft[:120]} {request.customer_name or ''}") else None
        ours = (form for text in (request.draft, *agents) if (form := form_of_address(text)))
        theirs = (form for text in customers if (form := next(iter(forms_of_address(text)), None)))
        return next(ours, None) or formal or next(theirs, None)

    def _names(self, request: Request) -> Iterator[Inferred]:
        yield next(self._customer_names(request), Inferred(field="customer_name", value=None))
        yield next(self._agent_names(request), Inferred(field="agent_name", value=None))

    def _customer_names(self, request: Request) -> Iterator[Inferred]:
        """From the agents' salutations, then from the customer's signatures; the draft's may be wrong."""
        for index, text in [*_newest_first(request, author="agent")][1:]:
            found = _SALUTATION.match(text.lstrip())
            if found and not _NO_NAME.search(found["name"]):
                yield Inferred(field="customer_name", value=found["name"], evidence=found.group(), message=index)
        for index, message in reversed([*enumerate(request.conversation)]):
            if message.author == "customer" and (name := _signed(message.text)):
                yield Inferred(field="customer_name", value=name, evidence=name, message=index)

    def _agent_names(self, request: Request) -> Iterator[Inferred]:
        """From the signatures of the draft and of earlier replies."""
        for index, text in _newest_first(request, author="agent"):
            if name := _signed(text):
                yield Inferred(field="agent_name", value=name, evidence=name, message=index)

    def _warnings(self, conversation: Sequence[Message], language: str) -> Inferred:
        """Earlier messages of an agent that set a boundary."""
        hits = list(self._agent_hits("warned", conversation, language))
        evidence, message = hits[-1] if hits else (None, None)
        return Inferred(
            field="warnings_given", value=len({index for _, index in hits}), evidence=evidence, message=message
        )

    def _transferred(self, conversation: Sequence[Message], language: str) -> Inferred:
        """Whether an agent or the system says that the case was handed to whoever writes now."""
        hits = list(self._agent_hits("transferred", conversation, language))
        evidence, message = hits[-1] if hits else (None, None)
        return Inferred(field="transferred", value=bool(hits), evidence=evidence, message=message)

    def _agent_hits(
        self, what: Literal["warned", "transferred"], conversation: Sequence[Message], language: str
    ) -> Iterator[tuple[str, int]]:
        """Yield (the sentence, index of the message) where our side says it."""
        patterns = self._patterns.get(language, {}).get(what, PatternSet(()))
        for index, message in enumerate(conversation):
            if message.author == "agent" or (message.author == "system" and what == "transferred"):
                text = Text(message.text)
                for _, (start, end) in patterns.finditer(text.folded.text):
                    a, b = text.sentence_at(text.folded.original(start, end)[0]) or text.folded.original(start, end)
                    yield message.text[a:b], index


def _newest_first(request: Request, author: str | None = None) -> Iterator[tuple[int | None, str]]:
    """Yield the draft (index None), then the messages of `author`, newest first."""
    yield None, request.draft
    for index, message in reversed([*enumerate(request.conversation)]):
        if author in (None, message.author):
            yield index, message.text


def _signed(text: str) -> str | None:
    """The name under a text: after its closing formula, or its last line where that is nothing but a name."""
    signature = Text(text).signature
    block = text[signature[0] :] if signature else ""
    for line in (
        block.splitlines()[1:] if "\n" in block else text.strip().splitlines()[-1:] if "\n" in text.strip() else []
    ):
        found = _SIGNED.fullmatch(line)
        if found and not _NO_NAME.search(found["name"]):
            return found["name"]
    return None
