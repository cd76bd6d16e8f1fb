"""Foreign errors in the coach's words: the one table, and how to look behind names that mislead.

litellm wraps whatever happens inside a call: a bug comes out as APIConnectionError, a refused connection as
InternalServerError. So where the name of an error says nothing, its causes are looked at. No text of an error is taken
over: providers repeat prompts and parts of keys in theirs.
"""

import email.utils
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Final

from coach.errors import (
    ModelAnswerUnusable,
    ModelError,
    ModelOverloaded,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)


class FormRefused(ModelRefused):
    """The provider objects to the form of the request (HTTP 400 or 422): it may not know JSON schemas."""


class CutOff(ModelAnswerUnusable):
    """The answer ends before its end."""


# By name, because litellm is imported late. None: the name says nothing, the status and the causes decide.
TABLE: Final[Mapping[str, type[ModelError] | None]] = {
    # litellm and openai, who share most names
    "APIConnectionError": None,
    "APIError": None,
    "APIResponseValidationError": ModelAnswerUnusable,
    "APIStatusError": None,
    "APITimeoutError": ModelTimeout,
    "AuthenticationError": ModelRefused,
    "BadGatewayError": ModelUnavailable,
    "BadRequestError": FormRefused,
    "BlockedPiiEntityError": ModelRefused,
    "BudgetExceededError": ModelRefused,
    "ConflictError": ModelUnavailable,
    "ContentFilterFinishReasonError": ModelRefused,
    "ContentPolicyViolationError": ModelRefused,
    "ContextWindowExceededError": ModelRefused,
    "GuardrailRaisedException": ModelRefused,
    "ImageFetchError": ModelRefused,
    "InternalServerError": None,
    "InvalidRequestError": FormRefused,
    "JSONSchemaValidationError": ModelAnswerUnusable,
    "LengthFinishReasonError": ModelAnswerUnusable,
    "LiteLLMUnknownProvider": ModelRefused,
    "MidStreamFallbackError": ModelUnavailable,
    "MockException": None,
    "ModelNotMappedError": ModelRefused,
    "ModifyResponseException": ModelRefused,
    "NotFoundError": ModelRefused,
    "OAuthError": ModelRefused,
    "OpenAIError": None,
    "PaymentRequiredError": ModelRefused,
    "PermissionDeniedError": ModelRefused,
    "RateLimitError": ModelOverloaded,
    "RejectedRequestError": ModelRefused,
    "SensitiveDataRouteException": ModelRefused,
    "ServiceUnavailableError": ModelOverloaded,
    "Timeout": ModelTimeout,
    "UnprocessableEntityError": FormRefused,
    "UnsupportedParamsError": FormRefused,
    "VectorStoreSearchError": ModelRefused,
    # what may come through unwrapped
    "ClientError": ModelUnavailable,
    "HTTPStatusError": None,
    "OSError": ModelUnavailable,
    "RequestError": ModelUnavailable,
    "TimeoutError": ModelTimeout,
    "JSONDecodeError": ModelAnswerUnusable,
    "ValidationError": ModelAnswerUnusable,
}

BUGS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    TypeError,
)
# Functions of litellm that turn a provider's answer into its own form: what fails in there is the answer's fault.
READERS: Final = {"transform_response", "convert_to_model_response_object"}
WORDS: Final[Mapping[type[ModelError], str]] = {
    FormRefused: "refused the request",
    ModelAnswerUnusable: "answered in no usable form",
    ModelOverloaded: "is overloaded",
    ModelRefused: "refused the request",
    ModelTimeout: "did not answer in time",
    ModelUnavailable: "cannot be reached",
}
MAY_PASS: Final = {408, 409, 425}
BUSY: Final = {429, 503, 529}


def translate(model: str, error: Exception) -> Exception:
    """Return a ModelError for `error`, or the bug that hides in it, or `error` itself where nobody knows it."""
    chain = tuple(_chain(error))
    if any(frame.name in READERS for link in chain for frame in traceback.extract_tb(link.__traceback__)):
        return ModelAnswerUnusable(_words(model, error, ModelAnswerUnusable))
    kind = _look_up(error)
    if kind is None:
        telling = next((link for link in chain if _is_telling(link)), error)
        if isinstance(telling, BUGS):
            return telling
        kind = _look_up(telling) or _by_status(error, telling)
    if kind is None:
        return error
    if issubclass(kind, ModelOverloaded):
        if _is_out_of_quota(chain):
            return ModelRefused(f"{model} refused the request: its quota is used up")
        return ModelOverloaded(_words(model, error, kind), _retry_after(chain))
    return kind(_words(model, error, kind))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _look_up(error: BaseException) -> type[ModelError] | None:
    return next((TABLE[base.__name__] for base in type(error).__mro__ if base.__name__ in TABLE), None)


def _is_telling(error: BaseException) -> bool:
    """Whether the search may stop here: a bug, a failed connection, an answer with a status, a broken body."""
    by_name = type(error).__name__ == "HTTPStatusError" or _look_up(error) is not None
    return by_name or isinstance(error, BUGS) or _is_about_credentials(error)


def _is_about_credentials(error: BaseException) -> bool:
    """Whether a key is missing: for nothing else does the OpenAI client raise its bare base class."""
    return type(error).__module__.partition(".")[0] == "openai" and type(error).__name__ == "OpenAIError"


def _by_status(error: Exception, telling: BaseException) -> type[ModelError] | None:
    if _is_about_credentials(telling):
        return ModelRefused
    status = _status(telling) or _status(error)
    if status is None:
        return ModelUnavailable if type(error).__name__ in TABLE else None
    if status in BUSY:
        return ModelOverloaded
    return ModelUnavailable if status >= 500 or status in MAY_PASS else ModelRefused


def _status(error: BaseException) -> int | None:
    """Return the HTTP status of the answer that an error is about, or what it claims for one."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _words(model: str, error: Exception, kind: type[ModelError]) -> str:
    seen = f"{type(error).__name__}, HTTP {_status(error)}" if _status(error) else type(error).__name__
    return f"{model} {WORDS[kind]} ({seen})"


def _is_out_of_quota(chain: tuple[BaseException, ...]) -> bool:
    return any("insufficient_quota" in (getattr(link, "code", None), getattr(link, "type", None)) for link in chain)


def _retry_after(chain: tuple[BaseException, ...]) -> float | None:
    """Seconds to wait, as the provider asked for in the header, which holds seconds or a date."""
    for link in chain:
        for headers in (
            getattr(link, "litellm_response_headers", None),
            getattr(getattr(link, "response", None), "headers", None),
        ):
            value = headers.get("retry-after") if isinstance(headers, Mapping) else None
            if value is not None:
                return _seconds(str(value))
    return None


def _seconds(value: str) -> float | None:
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
