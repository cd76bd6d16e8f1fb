"""What an operator sets: environment variables with the prefix ``COACH_``, or a file of them that COACH_ENV_FILE names.

Read once, in `coach.app` and `coach.cli`; everybody else is handed what he needs.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from coach.errors import ConfigurationError

PREFIX = "COACH_"
FILE_VARIABLE = "COACH_ENV_FILE"

List = Annotated[tuple[str, ...], NoDecode]
"""Values separated by commas."""


class Settings(BaseSettings):
    """The service's settings. Each has a default: with none of them set the coach runs on its rules alone."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    model: str = Field("none", description="`none`, `local`, a GGUF file, or a name that litellm knows.")
    model_api_base: str | None = Field(None, description="Address of the model's API, if not the provider's own.")
    model_api_key: SecretStr | None = Field(None, description="Key for it; without one the provider's variable counts.")
    model_timeout_s: float = Field(
        20, gt=0, le=600, description="Longest wait for one answer of the model, in seconds."
    )
    fallback_models: List = Field((), description="Models asked in turn when the first one cannot answer.")
    classifier: bool = Field(True, description="Learned rules beside the written ones: `on` or `off`.")
    weights_folder: Path | None = Field(None, description="Where the local model's weights lie; else the user's cache.")
    deadline_ms: int = Field(26_000, ge=50, le=600_000, description="Time for an answer where the request names none.")

    max_body_bytes: int = Field(1 << 20, ge=1_000)
    max_draft_chars: int = Field(20_000, ge=1)
    max_messages: int = Field(200, ge=1)
    max_message_chars: int = Field(20_000, ge=1)

    prompts_folder: Path | None = Field(None, description="Rules, ladder and prompts; else those of the package.")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535, description="0: any free port.")
    cors_origins: List = Field((), description="Origins whose pages may call the service; none: no page may.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("fallback_models", "cors_origins", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part for part in (p.strip() for p in value.split(",")) if part)

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def load(cls) -> Self:
        """The settings of this process's environment. Raises ConfigurationError, which names each bad variable."""
        file = os.environ.get(FILE_VARIABLE)
        if file and not Path(file).is_file():
            raise ConfigurationError(f"{FILE_VARIABLE}: there is no file {file}")
        try:
            return cls(_env_file=file or None)
        except ValidationError as error:
            # The values stay out of the message: one of them is a key.
            problems = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
            raise ConfigurationError("; ".join(problems)) from None

    @classmethod
    def unknown_variables(cls) -> tuple[str, ...]:
        """Variables with our prefix that mean nothing here: most likely a slip of the pen."""
        known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields} | {FILE_VARIABLE}
        return tuple(sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known))
