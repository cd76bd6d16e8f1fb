"""The description of the API: real requests and real answers, in German and English, and problems as what they are.

The examples are files under ``examples/``: ``de.json`` and ``en.json`` are requests, ``answers/`` holds what the
service answers to them without a model (``make docs`` writes those).
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from coach.problems import MEDIA_TYPE, Problem

_INSTALLED = Path(__file__).parent / "examples"
EXAMPLES = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent / "examples"

LANGUAGES = {"de": "Deutsch", "en": "English"}

ANSWERED = {
    ("/v1/coach", "post"): "coach",
    ("/v1/review", "post"): "review",
    ("/v1/rules", "get"): "rules",
    ("/v1/rules/{id}", "get"): "rule",
    ("/healthz", "get"): "healthz",
    ("/readyz", "get"): "readyz",
}
"""The operations and the first part of the names of their examples."""


def describe(app: FastAPI) -> None:
    """Add the examples to the OpenAPI document of `app`, the first time that it is asked for."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for (path, method), name in ANSWERED.items():
                _add_examples(document["paths"][path][method], name)
            for operations in document["paths"].values():
                for operation in operations.values():
                    _mark_problems(operation["responses"])
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign]


def example(name: str) -> Any:
    """The content of the file `name` under ``examples/``."""
    return json.loads((EXAMPLES / name).read_text("utf-8"))


def _add_examples(operation: dict[str, Any], name: str) -> None:
    """Put the examples of both languages into one operation; one example where the language makes no difference."""
    found = {code: file for code in LANGUAGES if (file := EXAMPLES / "answers" / f"{name}.{code}.json").is_file()}
    answers = {code: {"summary": LANGUAGES[code], "value": example(f"answers/{name}.{code}.json")} for code in found}
    answers = answers or {"answer": {"value": example(f"answers/{name}.json")}}
    operation["responses"]["200"]["content"]["application/json"]["examples"] = answers
    if "requestBody" in operation:
        requests = {code: {"summary": LANGUAGES[code], "value": example(f"{code}.json")} for code in LANGUAGES}
        operation["requestBody"]["content"]["application/json"]["examples"] = requests


def _mark_problems(responses: dict[str, Any]) -> None:
    """Say that problems come as problem+json."""
    for response in responses.values():
        content = response.get("content", {})
        if content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith(f"/{Problem.__name__}"):
            content[MEDIA_TYPE] = content.pop("application/json")
