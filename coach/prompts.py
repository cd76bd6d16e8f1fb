"""The prompts: ``prompts/*.md`` filled in.

A template's ``# system`` part is the same for every case, so that providers can cache it; the case follows in its
``# user`` part.

Words of customers and agents stand between fences whose mark is drawn from the text itself: no text can contain the
mark that fences it in.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from coach.errors import RuleError
from coach.llm import ChatMessage
from coach.rulebook import RuleBook
from coach.types import Context, Message, Noun

_PART = re.compile(r"^# (system|user)$", re.MULTILINE)
NAMES = ("read", "confirm", "write", "repair")
CHARACTERS = 24_000
"""How much of a conversation a prompt holds; the newest messages stay."""


class Prompt(Noun):
    """A rendered prompt. `id` is a hash of its template and of the rules: the same id, the same instructions."""

    id: str
    messages: tuple[ChatMessage, ...]


class PromptBook:
    """The templates of ``prompts/``. A variable that is not given, or not known, raises and is named."""

    def __init__(self, book: RuleBook) -> None:
        self._templates = {name: _template(book.folder / f"{name}.md") for name in NAMES}
        self._rules_hash = hashlib.sha256()
        for path in sorted(book.folder.rglob("*.toml")):
            self._rules_hash.update(path.name.encode() + path.read_bytes())

    def render(self, name: str, values: Mapping[str, str], fenced: Mapping[str, str] | None = None) -> Prompt:
        """The prompt `name` with `values` for its variables; `fenced` are texts that instruct nobody."""
        material = dict(fenced or {})
        fence = fence_for("".join(material.values()))
        variables = {**values, **material, "fence": fence}
        parts = self._templates[name]
        identity = self._rules_hash.copy()
        identity.update("".join(template.template for _, template in parts).encode())
        return Prompt(
            id=f"{name}-{identity.hexdigest()[:12]}",
            messages=tuple(
                ChatMessage(role=role, content=_fill(name, template, variables)) for role, template in parts
            ),
        )


def fence_for(text: str) -> str:
    """A mark that does not stand in `text`, the same for the same text."""
    salt = 0
    while (mark := hashlib.sha256(f"{salt}{text}".encode(errors="surrogatepass")).hexdigest()[:8]) in text:
        salt += 1
    return f"text-{mark}"


def conversation_text(conversation: Sequence[Message], most: int = CHARACTERS) -> tuple[str, str]:
    """The conversation as numbered lines, and what to say of the messages that were left out for lack of room.

    The first message stays, because it says what the matter is; then the newest ones as far as they fit.
    """
    lines = [f"[{index}] {message.author}: {message.text.strip()[:most]}" for index, message in enumerate(conversation)]
    kept: list[int] = []
    room = most - (len(lines[0]) if lines else 0)
    for index in range(len(lines) - 1, 0, -1):
        room -= len(lines[index])
        if room < 0:
            break
        kept.append(index)
    chosen = [0, *reversed(kept)] if lines else []
    left_out = len(lines) - len(chosen)
    note = f" ({left_out} messages after the first one are left out)" if left_out else ""
    return "\n".join(lines[index] for index in chosen), note


def listed(items: Sequence[str]) -> str:
    """Items as lines, or a word that there are none."""
    return "\n".join(f"- {item}" for item in items) if items else "- none"


def described(context: Context) -> dict[str, str]:
    """The case in the words of the prompts."""
    authority = (
        "not known"
        if context.authority is None
        else "; ".join(" ".join(entry.split()) for entry in context.authority) or "nothing"
    )
    return {
        "language": context.language,
        "channel": context.channel.value,
        "customer": " ".join((context.customer_name or "").split()) or "name not known",
        "agent": " ".join((context.agent_name or "").split()) or "name not known",
        "warnings": str(context.warnings_given),
        "authority": authority,
    }


def _template(path: Path) -> list[tuple[str, Template]]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RuleError(path, f"cannot be read: {error}") from error
    parts = _PART.split(text)[1:]
    if not parts:
        raise RuleError(path, "has neither a `# system` nor a `# user` part", line=1)
    return [(role, Template(body.strip())) for role, body in zip(parts[::2], parts[1::2], strict=True)]


def _fill(name: str, template: Template, variables: Mapping[str, str]) -> str:
    try:
        return template.substitute(variables)
    except KeyError as error:
        raise KeyError(f"prompt {name}: no value for ${error.args[0]}") from error
