"""Refuses request bodies that are larger than anything that the API takes, before they fill the memory."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A scenario of some thousand EVs; NATS carries no more to the planner.
MOST_BYTES = 8_000_000


class LimitBody:
    """ASGI middleware: reading beyond ``most_bytes`` raises 413.

    Parameters
    ----------
    app : ASGIApp
        What it stands before.
    most_bytes : int
        The largest body.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def receive_counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most_bytes:
                text = f"the body is larger than {self._most_bytes / 1e6:g} MB; divide the request"
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text, headers={"Connection": "close"})
            return message

        await self._app(scope, receive_counted if scope["type"] == "http" else receive, send)
