"""When a model is asked again: only after what may pass, never past the deadline, as patiently as it asks for."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import tenacity

from coach.errors import ModelAnswerUnusable, ModelError, ModelOverloaded, ModelTimeout, ModelUnavailable
from coach.llm.failures import CutOff, FormRefused

T = TypeVar("T")

PATIENCE: Final = 2.0  # seconds to wait for a busy model while another one could be asked
BACK_OFF: Final = tenacity.wait_random_exponential(multiplier=0.5, max=8)  # seconds, fully random


async def persist(once: Callable[[], Awaitable[T]], *, deadline: float, tries: int, patient: bool) -> T:
    """Call `once` until it returns; raise its last error.

    `tries` is for a model that cannot be reached. `patient` means that no other model could be asked instead.
    """
    rules = _Rules(deadline, tries, patient)
    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(ModelError),
        stop=rules.stop,
        wait=rules.wait,
        sleep=asyncio.sleep,
        reraise=True,
    )
    return await retrying(once)


class _Rules:
    def __init__(self, deadline: float, tries: int, patient: bool) -> None:
        self._deadline, self._tries, self._patient = deadline, tries, patient
        self._failures: Counter[type[BaseException]] = Counter()

    def wait(self, state: tenacity.RetryCallState) -> float:
        """Return seconds: what the provider asks for, else more with every try; none after a wrong answer."""
        match _error(state):
            case ModelOverloaded(retry_after=float(asked)):
                return asked + random.uniform(0, 0.25)
            case ModelUnavailable():
                return BACK_OFF(state)
            case _:
                return 0.0

    def stop(self, state: tenacity.RetryCallState) -> bool:
        """Give up when asked often enough, when no time is left, or when another model would answer sooner."""
        error = _error(state)
        self._failures[type(error)] += 1
        late = time.monotonic() + state.upcoming_sleep >= self._deadline
        too_long = state.upcoming_sleep > PATIENCE and not self._patient
        return late or too_long or self._failures[type(error)] >= self._allowed(error)

    def _allowed(self, error: BaseException) -> int:
        match error:
            case CutOff():
                return 1  # it would be cut off again
            case FormRefused() | ModelAnswerUnusable():
                return 2
            case ModelTimeout():
                return 2 if self._patient else 1
            case ModelUnavailable():
                return self._tries
            case _:
                return 1


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    assert error is not None  # only failures are tried again
    return error
