"""Where the words stand that a model quotes, and what it says again is not counted twice."""

import time
from typing import Any

import pytest

from coach.prompts import PromptBook
from coach.reader import Read, Reader
from coach.rulebook import RuleBook
from coach.thread import ThreadReader
from coach.types import Message, Request, Signal, SignalKind
from tests.scripted import model_that

BOOK = RuleBook()
READER = Reader(BOOK, PromptBook(BOOK))
CONTEXT = ThreadReader(BOOK).context(Request(draft="x", language="de"))
THREAD = [
    Message(author="customer", text="So ein Mist!"),
    Message(author="agent", text="So ein Mist? Ich prüfe das."),
    Message(author="customer", text="Ja: So ein Mist!"),
]
KNOWN = Signal(kind=SignalKind.PROFANITY, quote="ein Mist", message=2, start=7, end=15, rule="r")


async def read(seen: dict[str, Any], known: list[Signal]) -> Read:
    model = model_that(reads={"signals": [seen]})
    return await READER.read(model, "Der Beleg liegt bei.", THREAD, CONTEXT, [], known, time.monotonic() + 9)


@pytest.mark.parametrize(("named", "message"), [(0, 0), (2, 2), (None, 2), (1, 2), (7, 2)])
async def test_a_quote_stands_in_the_message_that_is_named_else_in_the_newest(named: int | None, message: int) -> None:
    found = await read({"kind": "anger", "quote": "So ein Mist", "message": named}, [])
    assert [(s.message, THREAD[message].text[s.start : s.end]) for s in found.signals] == [(message, "So ein Mist")]


async def test_what_the_rules_found_is_not_found_again() -> None:
    again = {"kind": "profanity", "quote": "So ein Mist!", "message": 2}
    assert not (await read(again, [KNOWN])).signals
    assert (await read({**again, "message": 0}, [KNOWN])).signals
    assert (await read({**again, "kind": "anger"}, [KNOWN])).signals
