"""The pages for people: log in, log out, and the start page that lists what one may open. They need no script."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, status
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twinev.api.login_desk import LoginDesk
from twinev.api.routers.auth import Desk, address_of
from twinev.domain.login import SessionKind
from twinev.errors import Forbidden, NotAuthenticated, TooManyTries

_FOLDER = Path(__file__).resolve().parent.parent
_pages = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)

router = APIRouter(include_in_schema=False)


@router.get("/", response_model=None)
def start(request: Request, desk: Desk) -> Response:
    """Show what this user may open; send who is not logged in to the login page."""
    login = desk.visitor(request)
    if login is None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    dashboards = [dashboard for dashboard in desk.dashboards if dashboard.open_to(login.user)]
    return _page(desk, "start.html", user=login.user, dashboards=dashboards, dashboards_url=desk.dashboards_url)


@router.get("/login", response_model=None)
def show_login(request: Request, desk: Desk, next: str = "/") -> Response:
    """Show the login form; ``next`` is where to go afterwards."""
    return _login_page(request, desk, next_address=next)


@router.post("/login", response_model=None)
def log_in(
    *,
    request: Request,
    desk: Desk,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    form_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Check the password, set the session's cookie and go on to ``next``."""
    if not desk.check_login.form_is_ours(request.cookies.get(desk.form_cookie_name), form_token):
        return _login_page(
            request, desk, next_address=next, problem="This page was too old. Please try again.", code=403
        )
    try:
        opened = desk.log_in.with_password(
            username[:64], password[:256], address=address_of(request), kind=SessionKind.BROWSER
        )
    except NotAuthenticated:
        problem = "The username or the password is wrong."
        return _login_page(request, desk, next_address=next, problem=problem, username=username[:64], code=401)
    except TooManyTries as error:
        response = _login_page(request, desk, next_address=next, problem=_sentence(error), code=429)
        response.headers["Retry-After"] = str(int(error.retry_after_seconds) + 1)
        return response
    before = desk.visitor(request)
    if before is not None:
        desk.log_in.log_out(before)
    response = RedirectResponse(desk.safe_next(next), status.HTTP_303_SEE_OTHER, headers={"Cache-Control": "no-store"})
    desk.set_cookie(response, opened)
    return response


@router.get("/logout", response_model=None)
def show_logout(request: Request, desk: Desk) -> Response:
    """Ask before logging out: a link somewhere must not do it."""
    login = desk.visitor(request)
    if login is None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    return _page(desk, "logout.html", user=login.user, csrf_token=desk.check_login.csrf_token_of(login))


@router.post("/logout", response_model=None)
def log_out(request: Request, desk: Desk, csrf_token: Annotated[str, Form()] = "") -> Response:
    """End the session and take the cookie back."""
    login = desk.visitor(request)
    response = RedirectResponse("/login", status.HTTP_303_SEE_OTHER, headers={"Cache-Control": "no-store"})
    if login is None:
        return response
    try:
        desk.check_csrf(login, csrf_token)
    except Forbidden:
        token = desk.check_login.csrf_token_of(login)
        return _page(desk, "logout.html", user=login.user, csrf_token=token, code=status.HTTP_403_FORBIDDEN)
    desk.log_in.log_out(login)
    desk.clear_cookie(response)
    return response


@router.get("/assets/pages.css", response_model=None)
def style() -> Response:
    """Serve the style of these pages."""
    return FileResponse(_FOLDER / "static" / "pages.css", headers={"Cache-Control": "max-age=3600"})


def _login_page(
    request: Request, desk: LoginDesk, *, next_address: str, problem: str = "", username: str = "", code: int = 200
) -> Response:
    # Kept where there is one: a second tab must not make the first one's form worthless.
    nonce = request.cookies.get(desk.form_cookie_name) or secrets.token_urlsafe(24)
    login = desk.visitor(request)
    response = _page(
        desk,
        "login.html",
        code=code,
        form_token=desk.check_login.form_token_of(nonce),
        next_address=desk.safe_next(next_address),
        problem=problem,
        username=username,
        user=login.user if login else None,
    )
    desk.set_form_cookie(response, nonce)
    return response


def _page(desk: LoginDesk, name: str, *, code: int = 200, **values: object) -> Response:
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {desk.allowed_form_targets()};"
        " frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_pages.get_template(name).render(**values), status_code=code, headers=headers)


def _sentence(error: TooManyTries) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
