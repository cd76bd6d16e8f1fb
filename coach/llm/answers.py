"""From what a model said to what was asked for: plain text, or a value of a pydantic model."""

import json
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar, cast

from pydantic import BaseModel, ValidationError

from coach.errors import ModelAnswerUnusable
from coach.llm.model import ChatMessage

T = TypeVar("T", bound=BaseModel | str)

MAX_CHARS: Final = 400_000  # of an answer: the longest draft that is allowed is far below
MAX_CANDIDATES: Final = 50  # places in an answer where JSON may begin
_DECODER: Final = json.JSONDecoder()


def read_answer(model: str, content: str, output_type: type[T]) -> T:
    """Find the value in what `model` said. ModelAnswerUnusable: it is empty, too long or not of the form."""
    if len(content) > MAX_CHARS:
        raise ModelAnswerUnusable(f"{model} gave an answer that is too long: {len(content)} characters")
    content = content.strip()
    if not content:
        raise ModelAnswerUnusable(f"{model} gave an empty answer")
    if issubclass(output_type, str):
        return cast(T, content)
    problem = "no JSON"
    for candidate in _candidates(content):
        try:
            return cast(T, output_type.model_validate_json(candidate))
        except ValidationError as error:
            if error.errors(include_input=False)[0]["type"] != "json_invalid":
                problem = f"{error.error_count()} mistakes"
    raise ModelAnswerUnusable(f"{model} gave an answer that is not of the agreed form: {problem}")


def describe_schema(messages: Sequence[ChatMessage], output_type: type[BaseModel]) -> list[ChatMessage]:
    """Put the form of the answer in words, into the messages, for models that take no JSON schema."""
    schema = json.dumps(output_type.model_json_schema(), ensure_ascii=False)
    words = f"Answer with one JSON object and nothing else. It has to fit this JSON schema:\n{schema}"
    first, rest = messages[0], list(messages[1:])
    if first.role != "system":
        return [ChatMessage(role="system", content=words), first, *rest]
    return [ChatMessage(role="system", content=f"{first.content}\n\n{words}"), *rest]


def _candidates(content: str) -> Iterator[str]:
    """Where the JSON may be: the whole text, or an object anywhere in it, fenced or not."""
    yield content
    start = content.find("{")
    for _ in range(MAX_CANDIDATES):
        if start < 0:
            return
        try:
            _, end = _DECODER.raw_decode(content, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield content[start:end]
        start = content.find("{", end)
