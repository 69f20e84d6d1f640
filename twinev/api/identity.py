"""Who calls: the dependencies that every router asks for the user and for a role.

A request is authenticated by ``Authorization: Bearer <access token>`` or by the session cookie. A browser sends its
cookie by itself, so a cookie alone may read but not write: whatever changes something needs the session's CSRF token in
``X-CSRF-Token`` too. A bearer token is never sent by itself and needs none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from twinev.api.acting import note_user
from twinev.domain.login import LoggedIn
from twinev.domain.users import Role, User
from twinev.errors import Forbidden, NotAuthenticated

CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_log = logging.getLogger(__name__)
_bearer = HTTPBearer(
    auto_error=False, description="The access_token of POST /api/v1/auth/login, or one of the identity server"
)


class Authenticator(Protocol):
    """What `request.app.state.identity` offers to these dependencies; wiring sets it."""

    cookie_name: str
    #: Whether a login is looked up in this process alone, without waiting for anybody.
    at_once: bool

    def of_token(self, token: str) -> LoggedIn:
        """Raise `NotAuthenticated` for a token that is forged, expired, or whose session has ended."""

    def of_cookie(self, cookie: str) -> LoggedIn:
        """Raise `NotAuthenticated` for a cookie that is forged, or whose session has ended."""

    def is_open(self, login: LoggedIn) -> bool:
        """Whether a login still counts; a long-lived answer asks now and then, for its token may have expired."""

    def confirm(self, login: LoggedIn, token: str | None) -> None:
        """Ask whoever vouches for logins now; raise `NotAuthenticated` or `Unavailable`. ``token`` came with it."""

    def check_csrf(self, login: LoggedIn, token: str | None) -> None:
        """Raise `Forbidden` unless ``token`` belongs to this login session."""


async def current_login(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> LoggedIn:
    """Return who calls and through which session; raise `NotAuthenticated` when nobody is logged in."""
    if request.app.state.identity.at_once:
        login = _login_of(request, credentials)
    else:
        login = await run_in_threadpool(_login_of, request, credentials)
    note_user(request.scope["state"], login.user)
    return login


def _login_of(request: Request, credentials: HTTPAuthorizationCredentials | None) -> LoggedIn:
    authenticator: Authenticator = request.app.state.identity
    if credentials is not None:
        return authenticator.of_token(credentials.credentials)
    cookie = request.cookies.get(authenticator.cookie_name)
    if "authorization" in request.headers or not cookie:
        raise NotAuthenticated(
            "no login came with the request; log in at POST /api/v1/auth/login or on the page /login"
        )
    login = authenticator.of_cookie(cookie)
    if request.method not in SAFE_METHODS:
        authenticator.check_csrf(login, request.headers.get(CSRF_HEADER))
    return login


CurrentLogin = Annotated[LoggedIn, Depends(current_login)]


async def current_user(login: CurrentLogin) -> User:
    """Return the user who calls."""
    return login.user


CurrentUser = Annotated[User, Depends(current_user)]


def confirmed_user(
    request: Request,
    login: CurrentLogin,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> User:
    """Return the user who calls, after asking the identity server at once whether the login still counts."""
    authenticator: Authenticator = request.app.state.identity
    authenticator.confirm(login, credentials.credentials if credentials else None)
    return login.user


ConfirmedUser = Annotated[User, Depends(confirmed_user)]


def require_role(*roles: Role, confirmed: bool = False) -> Callable[[User], Awaitable[User]]:
    """Return a dependency that lets in whoever holds one of ``roles``, and answers `Forbidden` to the others.

    With ``confirmed``, a login that the identity server has ended does not count for what is left of its token's life.
    """
    allowed = frozenset(roles)

    async def user_with_role(user: CurrentUser) -> User:
        if user.roles.isdisjoint(allowed):
            names = " or ".join(sorted(allowed))
            _log.warning("user %s was refused: needs role %s", user.username, names)
            raise Forbidden(f"user {user.username} may not do this; it needs the role {names}")
        return user

    async def confirmed_user_with_role(user: ConfirmedUser) -> User:
        return await user_with_role(user)

    return confirmed_user_with_role if confirmed else user_with_role
