"""Who reads a page of the API: by a bearer token, or by the cookie of a browser that is logged in."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, status
from fastapi.responses import RedirectResponse, Response

from twinev.api.identity import Authenticator
from twinev.domain.users import User
from twinev.errors import NotAuthenticated


def reader_of(request: Request) -> User:
    """Return who reads; raise `NotAuthenticated` when nobody is logged in."""
    authenticator: Authenticator = request.app.state.identity
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    if scheme.lower() == "bearer":
        return authenticator.of_token(token.strip()).user
    cookie = request.cookies.get(authenticator.cookie_name)
    if given or not cookie:
        raise NotAuthenticated("no login came with the request")
    return authenticator.of_cookie(cookie).user


def login_and_back(request: Request) -> Response:
    """Lead a browser to the login and back here; a program that sent a login of its own is refused."""
    if "authorization" in request.headers:
        raise NotAuthenticated("the login that came with the request does not count")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(here, safe='/')}", status.HTTP_303_SEE_OTHER)
