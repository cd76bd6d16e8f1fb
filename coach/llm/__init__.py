"""The language model behind one method, `ChatModel.complete`, and the models there are.

Importing this package imports no model's library: litellm and llama.cpp come with the first call.
"""

from collections.abc import Sequence
from pathlib import Path

from coach.errors import ConfigurationError
from coach.llm.local import LocalModel
from coach.llm.model import ChatMessage, ChatModel, Completion
from coach.llm.providers import LiteLLMModel
from coach.llm.weights import Progress, cache_folder, fetch_weights, silent

__all__ = [
    "ChatMessage",
    "ChatModel",
    "Completion",
    "LiteLLMModel",
    "LocalModel",
    "Progress",
    "build_model",
    "cache_folder",
    "fetch_weights",
]


def build_model(
    name: str,
    *,
    api_base: str | None = None,
    api_key: str | None = None,
    fallbacks: Sequence[str] = (),
    timeout: float = 20.0,
    max_tokens: int | None = None,
    temperature: float = 0.2,
    folder: Path | None = None,
    progress: Progress = silent,
) -> ChatModel | None:
    """Return the model that a name stands for: "none", "local", the path of a GGUF file, or any litellm name.

    `timeout` is seconds for one try at a provider; `folder` and `progress` are for fetching the local model's weights.
    Raises ConfigurationError for settings that do not go together.
    """
    for fallback in fallbacks:
        if _kind(fallback) != "provider":
            raise ConfigurationError(f"{fallback!r} cannot be a fallback: only a provider's model can")
    kind = _kind(name)
    if kind == "provider":
        return LiteLLMModel(
            name,
            api_base=api_base,
            api_key=api_key,
            fallbacks=fallbacks,
            timeout=timeout,
            max_tokens=max_tokens,
            temperature=temperature,
        )
    if fallbacks or api_base:
        raise ConfigurationError(f"The model {name!r} has neither fallbacks nor an address: unset them")
    if kind == "none":
        return None
    return LocalModel(None if kind == "local" else Path(name).expanduser(), folder=folder, progress=progress)


def _kind(name: str) -> str:
    if name in ("none", "local"):
        return name
    if not name.strip():
        return "none"
    return "file" if name.endswith(".gguf") else "provider"
