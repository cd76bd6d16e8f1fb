"""create_app: the one place where things are built."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from coach import __version__, api, openapi
from coach.classifier import Classifier
from coach.gate import HEADER, Gate
from coach.llm import ChatModel, Progress, build_model
from coach.rulebook import PROMPTS, RuleBook
from coach.service import Limits, ReplyCoach
from coach.settings import Settings

log = logging.getLogger("coach.app")

DESCRIPTION = """Checks a support agent's draft reply before it is sent, in German and English: what is wrong in it,
what is missing, what the customer's words show, which step comes next, and a rewrite that was checked."""


def create_app(settings: Settings | None = None, model: ChatModel | None = None) -> FastAPI:
    """Build the service. Without `settings` the environment is read; `model` stands in for the one they name.

    Everything is on ``app.state`` when this returns: ``book``, ``model`` (null for none), ``coach``. Raises
    ConfigurationError for a setting that cannot work and for a mistake in the rules.
    """
    settings = settings or Settings.load()
    for name in settings.unknown_variables():
        log.warning("%s is no setting of the coach; it is ignored", name)
    app = FastAPI(
        title="Reply Coach",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_life,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.book = RuleBook(settings.prompts_folder or PROMPTS)
    app.state.model = model or model_of(settings)
    app.state.coach = coach_of(settings, app.state.book, app.state.model)
    app.include_router(api.router)
    for error in api.CALLERS_ERRORS:
        app.add_exception_handler(error, api.answer_error)
    app.add_middleware(Gate, max_body_bytes=settings.max_body_bytes)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", HEADER],
            expose_headers=[HEADER],
        )
    openapi.describe(app)
    return app


def model_of(settings: Settings, progress: Progress | None = None) -> ChatModel | None:
    """The model that the settings name, null for none; `progress` hears of weights that are fetched, else the log."""
    key = settings.model_api_key
    return build_model(
        settings.model,
        api_base=settings.model_api_base,
        api_key=key.get_secret_value() if key else None,
        fallbacks=settings.fallback_models,
        timeout=settings.model_timeout_s,
        folder=settings.weights_folder,
        progress=progress or _logged_progress(),
    )


def coach_of(settings: Settings, book: RuleBook, model: ChatModel | None) -> ReplyCoach:
    """The coach as the settings want it. Raises ConfigurationError where the learned rules cannot be read."""
    limits = {name: getattr(settings, name) for name in Limits.__dataclass_fields__}
    return ReplyCoach(book, model, Limits(**limits), Classifier.load() if settings.classifier else None)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Begin to load the model, or its library, when the service starts; let go of it when the service stops."""
    warming = asyncio.create_task(app.state.model.ready()) if app.state.model else None
    yield
    if warming:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
    await app.state.coach.aclose()


def _logged_progress() -> Progress:
    """A line in the log for every tenth part."""
    shown: set[tuple[str, int]] = set()

    def progress(done: int, total: int, label: str) -> None:
        tenth = 10 * done // max(total, 1)
        if (label, tenth) not in shown:
            shown.add((label, tenth))
            log.info("%s: %d of %d MB", label, done // 10**6, total // 10**6)

    return progress
