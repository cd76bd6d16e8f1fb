"""Everything that can go wrong, as one tree.

CoachError
├── ConfigurationError        the operator set something that cannot work; the start stops
│   └── RuleError             a file under prompts/ has a mistake; names the file and the line
├── RequestError              the caller sent something that cannot be coached; names the field
└── ModelError                the model gave no usable answer; the caller still gets one, without it
    ├── ModelUnavailable      not reachable, not loaded, or no longer asked: may pass
    │   ├── ModelTimeout      no complete answer before the deadline
    │   └── ModelOverloaded   429 or 503; carries how long to wait, where the provider said so
    ├── ModelRefused          the provider will not serve this request (key, quota, policy, size): will not pass
    └── ModelAnswerUnusable   an answer came and cannot be used: cut off, empty, not the agreed form

No message carries a text of a customer or an agent.
"""

from pathlib import Path


class CoachError(Exception):
    """The root: catching it catches every error that this package raises on purpose."""


class ConfigurationError(CoachError):
    """A setting, a file or the machine does not allow the service to start."""


class RuleError(ConfigurationError):
    """A file under ``prompts/`` has a mistake."""

    def __init__(self, path: Path, problem: str, *, line: int | None = None) -> None:
        self.path, self.problem, self.line = path, problem, line
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {problem}")


class RequestError(CoachError):
    """The request cannot be coached: `field` says which part of it, in the words of the API."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


class ModelError(CoachError):
    """The model gave no usable answer."""


class ModelUnavailable(ModelError):
    """The model cannot be reached at the moment."""


class ModelTimeout(ModelUnavailable):
    """No complete answer came before the deadline."""


class ModelOverloaded(ModelUnavailable):
    """The provider asks to come back later, after `retry_after` seconds where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class ModelRefused(ModelError):
    """The provider will not serve this request, however often it is asked."""


class ModelAnswerUnusable(ModelError):
    """An answer came, but it is cut off, empty or not of the agreed form."""
