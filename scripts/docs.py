"""Writes the answers under ``examples/answers``, as the real service gives them without a model: `make docs`.

usage: python -m scripts.docs
"""

import asyncio
import json
import sys

import httpx

from coach.app import create_app
from coach.openapi import EXAMPLES, LANGUAGES, example
from coach.settings import Settings

ANSWERS = EXAMPLES / "answers"

ASKED = {
    "rule.json": "/v1/rules/calm-down",
    "healthz.json": "/healthz",
    "readyz.json": "/readyz",
    **{f"rules.{code}.json": f"/v1/rules?kind=omission&category=boundary&language={code}" for code in LANGUAGES},
}
"""What is asked with GET, by the file that the answer goes to."""


async def answers() -> dict[str, str]:
    """The name of each file and what belongs into it."""
    app = create_app(Settings(model="none"))
    transport = httpx.ASGITransport(app)
    responses: dict[str, httpx.Response] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://coach") as client:
        for name, path in ASKED.items():
            responses[name] = await client.get(path)
        for code in LANGUAGES:
            for call in ("coach", "review"):
                responses[f"{call}.{code}.json"] = await client.post(f"/v1/{call}", json=example(f"{code}.json"))
    return {name: _readable(response.raise_for_status()) for name, response in responses.items()}


def _readable(response: httpx.Response) -> str:
    return json.dumps(response.json(), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write the files; files that no longer belong there go."""
    wanted = asyncio.run(answers())
    ANSWERS.mkdir(exist_ok=True)
    for path in ANSWERS.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (ANSWERS / name).write_text(content, "utf-8")
    print(f"docs: wrote {len(wanted)} answers to {ANSWERS.parent.name}/{ANSWERS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
