"""What an answer becomes, and which instructions a case brings up."""

import pytest

from coach.ladder import decide
from coach.prompts import PromptBook
from coach.rulebook import RuleBook
from coach.thread import ThreadReader
from coach.types import Message, Request
from coach.writer import Task, Writer, unwrapped

BOOK = RuleBook()
WRITER = Writer(BOOK, PromptBook(BOOK))
CONTEXT = ThreadReader(BOOK).context(Request(draft="x", language="de"))


@pytest.mark.parametrize(
    ("answer", "draft", "text"),
    [
        ("```\nHallo.\n```", "Hallo!", "Hallo."),
        ("```text\nHallo.\n```", "Hallo!", "Hallo."),
        ("„Hallo.“", "Hallo!", "Hallo."),
        ("„Hallo.“", "„Hallo!“", "„Hallo.“"),
        ("  Hallo.\n", "Hallo!\r\n\r\n", "Hallo.\r\n\r\n"),
        ("Hallo „Welt“", "Hallo!", "Hallo „Welt“"),
    ],
)
def test_unwrapped(answer: str, draft: str, text: str) -> None:
    assert unwrapped(answer, draft) == text


def test_a_question_brings_its_instruction_up() -> None:
    def instructions(says: str) -> set[str]:
        thread = [Message(author="customer", text=says)]
        task = Task("Ihre Nachricht ist da.", thread, CONTEXT, decide([], CONTEXT, BOOK.ladder), [], [], [], [])
        return {rule.id for rule in WRITER.instructions(task)}

    assert "say-ask-do-not-assume" in instructions("Was brauchen Sie von mir?")
    assert "say-ask-do-not-assume" not in instructions("Ich schicke alles.")
