"""The pages for people: log in, log out, and the start page that lists what one may open. They need no script."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, status
from fastapi.responses import FileResponse, RedirectResponse, Response

from twinev.api.login_desk import LoginDesk
from twinev.api.pages import FOLDER, PageRoute, page, sentence, to_login
from twinev.api.routers.auth import Desk, address_of
from twinev.domain.login import SessionKind
from twinev.domain.users import Role
from twinev.errors import Forbidden, NotAuthenticated, PasswordExpired, TooManyTries
from twinev.services.check_login import CARRIED_TICKET_SECONDS
from twinev.services.log_in import OpenedSession

router = APIRouter(include_in_schema=False, route_class=PageRoute)

UNSTORED = {"Cache-Control": "no-store"}


@router.get("/", response_model=None)
def start(request: Request, desk: Desk) -> Response:
    """Show what this user may open; send who is not logged in to the login page."""
    login = desk.visitor(request)
    if login is None:
        return to_login(request, desk)
    dashboards = [dashboard for dashboard in desk.dashboards if dashboard.open_to(login.user)]
    return page(
        desk,
        "start.html",
        user=login.user,
        dashboards=dashboards,
        dashboards_url=desk.dashboards_url,
        manages_users=Role.ADMINISTRATOR in login.roles,
    )


@router.get("/login", response_model=None)
def show_login(request: Request, desk: Desk, next: str = "/") -> Response:
    """Show the login form, or lead to the identity server's; ``next`` is where to go afterwards."""
    if desk.elsewhere is not None:
        return _to_identity_server(request, desk, next)
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
    if desk.elsewhere is not None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    if not desk.check_login.form_is_ours(request.cookies.get(desk.form_cookie_name), form_token):
        return _login_page(
            request, desk, next_address=next, problem="This page was too old. Please try again.", code=403
        )
    try:
        opened = desk.log_in.with_password(
            username[:64], password[:256], address=address_of(request), kind=SessionKind.BROWSER
        )
    except PasswordExpired:
        return _to_password_page(desk, username=username[:64], next_address=next)
    except NotAuthenticated:
        problem = "The username or the password is wrong."
        return _login_page(request, desk, next_address=next, problem=problem, username=username[:64], code=401)
    except TooManyTries as error:
        response = _login_page(request, desk, next_address=next, problem=sentence(error), code=429)
        response.headers["Retry-After"] = str(int(error.retry_after_seconds) + 1)
        return response
    return enter(request, desk, opened, next)


@router.get("/logout", response_model=None)
def show_logout(request: Request, desk: Desk) -> Response:
    """Ask before logging out: a link somewhere must not do it."""
    login = desk.visitor(request)
    if login is None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    return page(desk, "logout.html", user=login.user, csrf_token=desk.check_login.csrf_token_of(login))


@router.post("/logout", response_model=None)
def log_out(request: Request, desk: Desk, csrf_token: Annotated[str, Form()] = "") -> Response:
    """End the session and take the cookie back."""
    login = desk.visitor(request)
    # Not straight on to the identity server, where who still has a session would be logged in again.
    after = "/login" if desk.elsewhere is None else "/logged-out"
    response = RedirectResponse(after, status.HTTP_303_SEE_OTHER, headers=UNSTORED)
    if login is None:
        return response
    try:
        desk.check_csrf(login, csrf_token)
    except Forbidden:
        token = desk.check_login.csrf_token_of(login)
        return page(desk, "logout.html", user=login.user, csrf_token=token, code=status.HTTP_403_FORBIDDEN)
    desk.end(login)
    desk.clear_cookie(response)
    return response


@router.get("/logged-out", response_model=None)
def show_logged_out(desk: Desk) -> Response:
    """Say that the login has ended."""
    return page(
        desk,
        "message.html",
        title="You are logged out",
        text="Your dashboards are closed too.",
        link="/login",
        link_text="Log in again",
    )


@router.get("/ticket", response_model=None)
def show_ticket(request: Request, desk: Desk) -> Response:
    """Offer a ticket that logs a notebook in."""
    login = desk.visitor(request)
    if login is None:
        return to_login(request, desk)
    return page(desk, "ticket.html", ticket=None, csrf_token=desk.check_login.csrf_token_of(login))


@router.post("/ticket", response_model=None)
def give_ticket(request: Request, desk: Desk, csrf_token: Annotated[str, Form()] = "") -> Response:
    """Give a ticket, once, on the page: it never stands in an address."""
    login = desk.visitor(request)
    if login is None:
        return to_login(request, desk)
    try:
        desk.check_csrf(login, csrf_token)
    except Forbidden:
        return RedirectResponse("/ticket", status.HTTP_303_SEE_OTHER)
    ticket = desk.check_login.issue_ticket(login, seconds=CARRIED_TICKET_SECONDS)
    return page(
        desk, "ticket.html", ticket=ticket.text, minutes=ticket.expires_in_seconds // 60, api_url=desk.public_url
    )


@router.get("/assets/pages.css", response_model=None)
def style() -> Response:
    """Serve the style of these pages."""
    return FileResponse(FOLDER / "static" / "pages.css", headers={"Cache-Control": "max-age=3600"})


def enter(request: Request, desk: LoginDesk, opened: OpenedSession, next_address: str) -> Response:
    """Give the browser its new session instead of the one before, and lead on."""
    cookie = request.cookies.get(desk.cookie_name)
    if cookie:
        desk.end_quietly(cookie)
    response = RedirectResponse(desk.safe_next(next_address), status.HTTP_303_SEE_OTHER, headers=UNSTORED)
    desk.set_cookie(response, opened)
    return response


def nonce_of(request: Request, desk: LoginDesk) -> str:
    """Return what a form without a session is bound to; a second tab must not make the first one's form worthless."""
    return request.cookies.get(desk.form_cookie_name) or secrets.token_urlsafe(24)


def _to_identity_server(request: Request, desk: LoginDesk, next_address: str) -> Response:
    login = desk.visitor(request)
    if login is not None:
        return page(desk, "logged_in.html", user=login.user, next_address=desk.safe_next(next_address))
    begun = desk.elsewhere.begin(desk.safe_next(next_address))
    response = RedirectResponse(begun.address, status.HTTP_303_SEE_OTHER, headers=UNSTORED)
    desk.keep_try(response, begun)
    return response


def _to_password_page(desk: LoginDesk, *, username: str, next_address: str) -> Response:
    query = urlencode({"username": username, "next": desk.safe_next(next_address)})
    return RedirectResponse(f"/password?{query}", status.HTTP_303_SEE_OTHER, headers=UNSTORED)


def _login_page(
    request: Request, desk: LoginDesk, *, next_address: str, problem: str = "", username: str = "", code: int = 200
) -> Response:
    nonce = nonce_of(request, desk)
    login = desk.visitor(request)
    response = page(
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
