"""The routes and the one error handler. No logic: what is decided is decided in `coach.service`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from coach.errors import RequestError
from coach.problems import FieldProblem, Problem, field_problem, problem_response
from coach.rulebook import RuleBook
from coach.rules import Rule
from coach.service import ReplyCoach
from coach.types import LanguageCode, Noun, Request, Result


def _problem(description: str) -> dict[str, Any]:
    return {"model": Problem, "description": description}


BAD_REQUEST: dict[int | str, dict[str, Any]] = {
    400: _problem("The body is not JSON."),
    413: _problem("The body is larger than the service takes."),
    415: _problem("The body is of another media type than application/json."),
    422: _problem("A field is missing, unknown, of the wrong kind, too long or empty; `errors` names it."),
}

router = APIRouter()


class Health(Noun):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ModelState(Noun):
    """The language model; `reachable` null: there is none, rules and editor work alone."""

    name: str
    reachable: bool | None


class Readiness(Noun):
    """Whether requests are answered, and with what: `rules` counts the rules of each language."""

    status: Literal["ready"] = "ready"
    rules: dict[str, int]
    model: ModelState


def _coach(request: HttpRequest) -> ReplyCoach:
    coach: ReplyCoach = request.app.state.coach
    return coach


def _book(request: HttpRequest) -> RuleBook:
    book: RuleBook = request.app.state.book
    return book


Coach = Annotated[ReplyCoach, Depends(_coach)]
Book = Annotated[RuleBook, Depends(_book)]


@router.post("/v1/coach", tags=["coach"], responses=BAD_REQUEST)
async def coach(request: Request, coach: Coach) -> Result:
    """Check a draft before it is sent, and rewrite it.

    Says what is wrong in the draft, what is missing, what the customer's words show, which step comes next, and gives
    a rewrite that passed the checks. Without a model, or when it fails, the rules answer and `degraded` says so.
    """
    return await coach.coach(request)


@router.post("/v1/review", tags=["coach"], responses=BAD_REQUEST)
def review(request: Request, coach: Coach) -> Result:
    """Check a draft while it is typed: rules, promises and the verdict. No model is asked and nothing is rewritten."""
    return coach.review(request)


@router.get("/v1/rules", tags=["rules"], responses={422: BAD_REQUEST[422]})
def rules(
    book: Book,
    kind: Annotated[str | None, Query(description="finding, signal, withdrawal, omission or instruction")] = None,
    category: Annotated[str | None, Query(description="A category, a kind of signal or an omission.")] = None,
    language: Annotated[LanguageCode | None, Query(description="de or en")] = None,
) -> list[Rule]:
    """The rules: why each is one, what to write instead, the tips it rests on, and examples."""
    wanted = {"kind": kind, "category": category, "language": language}
    return [
        rule
        for rules in book.rules.values()
        for rule in rules
        if all(value is None or getattr(rule, key) == value for key, value in wanted.items())
    ]


@router.get("/v1/rules/{id}", tags=["rules"], responses={404: _problem("There is no such rule.")})
def rule(id: str, book: Book) -> list[Rule]:
    """One rule, in each language that has it."""
    found = book.find(id)
    if not found:
        raise HTTPException(404, "There is no rule of this id.")
    return list(found)


@router.get("/healthz", tags=["operation"])
def healthz() -> Health:
    """Whether the process answers."""
    return Health()


@router.get("/readyz", tags=["operation"])
async def readyz(request: HttpRequest, coach: Coach, book: Book) -> Readiness:
    """Whether requests are answered. They are without a model too, so an unreachable model changes no status code."""
    model = request.app.state.model
    return Readiness(
        rules={language: len(rules) for language, rules in book.rules.items()},
        model=ModelState(name=model.name if model else "none", reachable=await coach.ready() if model else None),
    )


async def answer_error(request: HttpRequest, error: Exception) -> Response:
    """Turn every error that is the caller's into a problem; the others end at the gate."""
    request_id = request.state.request_id
    match error:
        case RequestValidationError():
            problems = error.errors()
            if any(e["type"] == "json_invalid" for e in problems):
                return problem_response(400, "The body is not valid JSON.", request_id)
            fields = [field_problem(e["loc"], e["msg"]) for e in problems]
        case RequestError():
            fields = [FieldProblem(field=error.field, problem=error.problem)]
        case HTTPException():
            return problem_response(error.status_code, str(error.detail), request_id, headers=error.headers)
        case _:
            raise error
    detail = "; ".join(f"{f.field}: {f.problem}" for f in fields[:5])
    return problem_response(422, detail, request_id, errors=fields)


CALLERS_ERRORS = (RequestValidationError, RequestError, HTTPException)
