"""A language model that says what a test tells it to: no network, nothing patched."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from coach.errors import ModelError
from coach.llm import ChatMessage, Completion
from coach.types import Usage

Answer = Callable[[Sequence[ChatMessage], type[Any]], Any]


class ScriptedModel:
    """Asks `answer` for each output; a ModelError it returns is raised. `asked` keeps the prompts."""

    name = "scripted"
    is_local = True

    def __init__(self, answer: Answer, *, reads: bool = True, attempts: int = 3) -> None:
        self._answer = answer
        self.reads, self.attempts = reads, attempts
        self.asked: list[tuple[str, Sequence[ChatMessage]]] = []

    async def complete(
        self, messages: Sequence[ChatMessage], output_type: type[Any], deadline: float
    ) -> Completion[Any]:
        """The scripted answer, as the type that was asked for."""
        self.asked.append((output_type.__name__, messages))
        answer = self._answer(messages, output_type)
        if isinstance(answer, ModelError):
            raise answer
        if isinstance(answer, dict) and issubclass(output_type, BaseModel):
            answer = output_type.model_validate(answer)
        usage = Usage(calls=1, prompt_tokens=10, completion_tokens=5, cost=0.001)
        return Completion[Any](output=answer, model=self.name, usage=usage)

    async def ready(self) -> bool:
        """Always."""
        return True

    async def aclose(self) -> None:
        """Nothing to let go of."""


def model_that(reads: Any = None, writes: Sequence[Any] = (), confirms: Any = None) -> ScriptedModel:
    """A model with one reading, candidates for the rewrite in turn (the last one again), and an answer to doubts."""
    left = list(writes)

    def answer(messages: Sequence[ChatMessage], output_type: type[Any]) -> Any:
        if output_type is str:
            return left.pop(0) if len(left) > 1 else left[0]
        if output_type.__name__ == "Confirmation":
            return confirms if confirms is not None else {"yes": False}
        nothing: dict[str, Any] = {"signals": [], "findings": [], "omissions": []}
        return nothing | reads if isinstance(reads, dict) else reads or nothing

    return ScriptedModel(answer)
