"""What every request passes: it gets an id, its size and media type are checked, an error nobody expected ends here.

The log has a line a request: method, route, status, time, id. Nothing of what was sent or answered is in it.
"""

import logging
import re
import time
import traceback
import uuid

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coach.problems import problem_response

HEADER = "X-Request-ID"
log = logging.getLogger("coach.requests")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class Gate:
    """ASGI middleware. A body of more than `max_body_bytes` is refused, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app, self._limit = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        sent_id = request.headers.get(HEADER, "")
        request_id = sent_id if _ID.fullmatch(sent_id) else uuid.uuid4().hex
        request.state.request_id = request_id
        status, begin = 0, time.perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER.lower().encode(), request_id.encode())]
            await send(message)

        try:
            await self._answer(request, receive, send_on)
        except Exception as error:
            _report(error, request_id)
            if not status:
                response = problem_response(500, "Something went wrong inside the service.", request_id)
                await response(scope, receive, send_on)
        finally:
            # The path of a route, not of the request: what was typed into a path stays out of the log.
            route = getattr(scope.get("route"), "path", "-")
            took = 1000 * (time.perf_counter() - begin)
            log.info("%s %s %d %.0f ms %s", request.method, route, status, took, request_id)

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        """The application's answer, or a refusal before it is asked."""
        length = request.headers.get("Content-Length", "")
        try:
            if request.method == "POST" and not _JSON.fullmatch(request.headers.get("Content-Type", "")):
                raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
            if length.isdecimal() and int(length[:20]) > self._limit:
                raise self._too_large()
        except HTTPException as refusal:
            request_id, headers = request.state.request_id, {"Connection": "close"}
            response = problem_response(refusal.status_code, refusal.detail, request_id, headers=headers)
            await response(request.scope, receive, send)
        else:
            await self._app(request.scope, self._counted(receive), send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"The body is larger than {self._limit} bytes.")

    def _counted(self, receive: Receive) -> Receive:
        """`receive`, which stops at the limit."""
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._limit:
                raise self._too_large()
            return message

        return counted


def _report(error: Exception, request_id: str) -> None:
    """Log where an error came from, without its message: that may quote what was sent."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in request %s\n%s", type(error).__name__, request_id, frames)
