"""Errors as the caller sees them: RFC 9457, ``application/problem+json``. No value that was sent comes back."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import Response

from coach.types import Noun

MEDIA_TYPE = "application/problem+json"
LONGEST_NAME = 80
"""Characters of a field's name that are shown: an unknown key can be of any length."""


class FieldProblem(Noun):
    """What is wrong with one field of the request; `field` is a path like ``conversation.0.author``."""

    field: str
    problem: str


class Problem(Noun):
    """What every error answers with."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    request_id: str


def problem_response(
    status: int,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for an error: `status` gives the title, `detail` is a sentence for people."""
    problem = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=tuple(errors), request_id=request_id
    )
    return Response(problem.model_dump_json(), status, headers, MEDIA_TYPE)


def field_problem(location: Sequence[str | int], problem: str) -> FieldProblem:
    """The problem at `location`, as pydantic gives it below ``body``, ``query`` or ``path``."""
    parts = location[1:] if len(location) > 1 else location
    name = ".".join(str(part) for part in parts)
    return FieldProblem(field=name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…", problem=problem)
