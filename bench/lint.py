"""How long the rules take, and that the time is linear in the length: `python -m bench.lint`.

A draft of 200 words with a conversation of 1,000 words, then both ten times as long, in one process: lint alone, and
the whole review (lint, promises, omissions, ladder). Prints the median of each in milliseconds and the ratio of the
two: about 10 means linear.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from coach.lint import Linter
from coach.rulebook import RuleBook
from coach.service import Limits, ReplyCoach
from coach.text import Text
from coach.types import Message, Request

EXAMPLES = Path(__file__).parent.parent / "examples"
DRAFT_WORDS, CONVERSATION_WORDS, TIMES_LONGER = 200, 1_000, 10
MESSAGE_WORDS = 100
RUNS = 30


def main() -> int:
    book = RuleBook()
    coach = ReplyCoach(book, None, Limits(max_draft_chars=10**6, max_message_chars=10**6))
    print(f"{DRAFT_WORDS} + {CONVERSATION_WORDS} words, and {TIMES_LONGER} times as many; medians of {RUNS}")
    for language in book.languages:
        short, long = request(language, 1), request(language, TIMES_LONGER)
        for name, step in (("lint", lint(Linter(book, language), coach)), ("review", coach.review)):
            times = [median_ms(step, each) for each in (short, long)]
            print(f"{name:6} {language}: {times[0]:6.1f} ms {times[1]:7.1f} ms   ratio {times[1] / times[0]:.1f}")
    return 0


def lint(linter: Linter, coach: ReplyCoach) -> Callable[[Request], object]:
    """The lint step alone, in the context that the coach infers."""

    def step(request: Request) -> object:
        draft = Text(request.draft)
        return linter.findings(draft, context), linter.signals(request.conversation, context)

    context = coach.review(request(linter.language, 1)).context
    return step


def median_ms(step: Callable[[Request], object], request: Request) -> float:
    """The median time of RUNS runs, after one that warms up."""
    took = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        step(request)
        took.append(1000 * (time.perf_counter() - begin))
    return statistics.median(took[1:])


def request(language: str, times: int) -> Request:
    """The example draft and its conversation, over and over, up to the wanted number of words."""
    example = json.loads((EXAMPLES / f"{language}.json").read_text("utf-8"))
    said = words(" ".join(m["text"] for m in example["conversation"]), CONVERSATION_WORDS * times)
    texts = [" ".join(part) for part in parts(said, MESSAGE_WORDS)]
    # The signature goes, so that all of the draft is looked at.
    draft = words(example["draft"].rsplit("\n\n", 1)[0], DRAFT_WORDS * times)
    conversation = [Message(author="customer", text=text) for text in texts]
    return Request.model_validate({**example, "draft": " ".join(draft), "conversation": conversation})


def words(text: str, count: int) -> list[str]:
    """The words of `text` over and over: `count` of them."""
    once = text.split(" ")
    return (once * (count // len(once) + 1))[:count]


def parts(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


if __name__ == "__main__":
    sys.exit(main())
