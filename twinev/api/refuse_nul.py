"""Refuses the character NUL wherever a request may bring it: PostgreSQL keeps it in no text, and nobody means it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinev.api.problems import answer_to
from twinev.errors import BadInput

#: How a form writes it, and how JSON does; "%00" in JSON is a text like any other.
_FORM, _FORM_NUL, _JSON_NUL = b"application/x-www-form-urlencoded", b"%00", b"\\u0000"
_ALLOWED = "text without the character NUL"


class RefuseNul:
    """ASGI middleware: NUL in the address or in a body of text is answered with 422."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for where, text in (("path", scope["path"].encode()), ("query", unquote_to_bytes(scope["query_string"]))):
            if b"\0" in text:
                await answer_to(BadInput(where, text.decode(errors="replace").replace("\0", "\\0"), _ALLOWED))(
                    scope, receive, send
                )
                return
        is_form = dict(scope["headers"]).get(b"content-type", b"").startswith(_FORM)
        await self._app(scope, _watched(receive, _FORM_NUL if is_form else _JSON_NUL), send)


def _watched(receive: Receive, written: bytes) -> Receive:
    """Read as ``receive`` does, and raise 422 at a NUL, also where it is parted between two messages."""
    end = b""

    async def receive_text() -> Message:
        nonlocal end
        message = await receive()
        seen = end + message.get("body", b"")
        if written in seen or b"\0" in seen:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"body: allowed is {_ALLOWED}")
        end = seen[1 - len(written) :]
        return message

    return receive_text
