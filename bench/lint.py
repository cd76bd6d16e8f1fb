"""How long lint takes, and that it is linear: `python -m bench.lint`.

A draft of 200 words with a conversation of 1,000 words, then both ten times as long, in one process. Prints the median
of each in milliseconds and their ratio: about 10 means linear.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from coach.lint import Linter
from coach.rulebook import RuleBook
from coach.text import Text
from coach.types import Channel, Context, Message

EXAMPLES = Path(__file__).parent.parent / "examples"
DRAFT_WORDS, CONVERSATION_WORDS, TIMES_LONGER = 200, 1_000, 10
MESSAGE_WORDS = 100
RUNS = 30


def main() -> int:
    book = RuleBook()
    for language in book.languages:
        linter = Linter(book, language)
        short = median_ms(linter, language, 1)
        long = median_ms(linter, language, TIMES_LONGER)
        print(
            f"lint {language}, {len(book.rules[language])} rules: {short:.1f} ms for {DRAFT_WORDS} + "
            f"{CONVERSATION_WORDS} words, {long:.1f} ms for {TIMES_LONGER} times as many: ratio {long / short:.1f}"
        )
    return 0


def median_ms(linter: Linter, language: str, times: int) -> float:
    """The median of RUNS runs over draft and conversation, after one that warms up."""
    request = json.loads((EXAMPLES / f"{language}.json").read_text("utf-8"))
    draft = words(request["draft"], DRAFT_WORDS * times)
    said = words(" ".join(m["text"] for m in request["conversation"]), MESSAGE_WORDS)
    messages = [Message(author="customer", text=said)] * (CONVERSATION_WORDS * times // MESSAGE_WORDS)
    context = Context(
        channel=Channel.EMAIL,
        language=language,
        customer_name="Becker",
        agent_name=None,
        form_of_address=None,
        authority=None,
        warnings_given=0,
        transferred=False,
        supervisor_available=True,
    )
    took = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        linter.findings(Text(draft), context)
        linter.signals(messages, context)
        took.append(1000 * (time.perf_counter() - begin))
    return statistics.median(took[1:])


def words(text: str, count: int) -> str:
    """`text` over and over, cut to `count` words; the signature goes, so that all of it is looked at."""
    body = text.rsplit("\n\n", 1)[0].split(" ")
    return " ".join((body * (count // len(body) + 1))[:count])


if __name__ == "__main__":
    sys.exit(main())
