"""What the coach knows of a language model: one method that asks it, and two that say whether it is there."""

from collections.abc import Sequence
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from coach.types import Noun, Usage

T = TypeVar("T", bound=BaseModel | str)


class ChatMessage(Noun):
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Completion(Noun, Generic[T]):
    """An answer, which model gave it, and what all tries for it took."""

    output: T
    model: str
    usage: Usage


class ChatModel(Protocol):
    """A language model behind one method. Tests hand in their own."""

    @property
    def name(self) -> str:
        """As shown in the result."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether no text leaves the machine."""
        ...

    @property
    def reads(self) -> bool:
        """Whether its reading of a case is worth asking for."""
        ...

    @property
    def attempts(self) -> int:
        """How many candidates for a rewrite are worth asking for: the first and its repairs."""
        ...

    async def complete(self, messages: Sequence[ChatMessage], output_type: type[T], deadline: float) -> Completion[T]:
        """Ask once: `output_type` is a pydantic model, or `str` for plain text.

        `deadline` is a point on the clock of `time.monotonic()`. Raises a ModelError, at the latest at the deadline;
        cancelling the caller cancels the call.
        """
        ...

    async def ready(self) -> bool:
        """Whether a call has a chance now. Sends no text; what has to be loaded is loaded or begins to be."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and memory. The model is not asked again."""
        ...
