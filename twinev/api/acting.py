"""Carries with each request on whose behalf it changes something, for the audit log."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from twinev.domain.audit import Actor
from twinev.domain.users import User
from twinev.services.ports.audit import acting

PREFIX = "/api/v1/"
#: Where `twinev.api.identity` leaves who called.
USER = "audited_user"
_LONGEST_APP = 200


class Acting:
    """ASGI middleware: within a request `twinev.services.ports.audit.actor_now` tells who makes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Made here, so that whatever copies the scope on the way shares it.
        scope.setdefault("state", {})
        token = acting.set(lambda: _actor(scope))
        try:
            await self._app(scope, receive, send)
        finally:
            acting.reset(token)


def note_user(state: MutableMapping[str, Any], user: User) -> None:
    """Tell the rest of the request who makes it."""
    state[USER] = user


def _actor(scope: Scope) -> Actor | None:
    user: User | None = scope["state"].get(USER)
    if user is None:
        return None
    return Actor(
        user_id=user.id,
        username=user.username,
        roles=tuple(sorted(user.roles)),
        app=_app(scope),
        action=f"{scope['method']} {getattr(scope.get('route'), 'path', scope['path'])}",
        subject=scope["path"].removeprefix(PREFIX).strip("/"),
    )


def _app(scope: Scope) -> str | None:
    headers = dict(scope["headers"])
    return headers.get(b"user-agent", b"").decode("latin-1")[:_LONGEST_APP] or None
