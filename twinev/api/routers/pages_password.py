"""The page on which a person replaces a password, a temporary one above all; for local accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, status
from fastapi.responses import RedirectResponse, Response

from twinev.api.pages import PageRoute, page, sentence
from twinev.api.routers.auth import Desk, address_of
from twinev.api.routers.pages_login import enter, nonce_of
from twinev.errors import BadInput, NotAuthenticated, TooManyTries
from twinev.services.log_in import SHORTEST_PASSWORD

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/password", response_model=None)
def show_password(request: Request, desk: Desk, username: str = "", next: str = "/") -> Response:
    """Show the form."""
    if desk.elsewhere is not None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    return _form(request, desk, username=username[:64], next_address=next)


@router.post("/password", response_model=None)
def replace_password(
    *,
    request: Request,
    desk: Desk,
    username: Annotated[str, Form()] = "",
    old_password: Annotated[str, Form()] = "",
    new_password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
    form_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Replace the password and log in with the new one."""
    if desk.elsewhere is not None:
        return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    nonce = request.cookies.get(desk.form_cookie_name)
    try:
        _require(desk.check_login.form_is_ours(nonce, form_token), "This page was too old. Please try again.", 403)
        _require(new_password == again, "The two new passwords differ.", 422)
        opened = desk.log_in.replace_password(
            username[:64], old=old_password[:256], new=new_password[:257], address=address_of(request)
        )
    except (_Refused, BadInput, NotAuthenticated, TooManyTries) as error:
        problem, code = _told(error)
        response = _form(request, desk, username=username[:64], next_address=next, problem=problem, code=code)
        if isinstance(error, TooManyTries):
            response.headers["Retry-After"] = str(int(error.retry_after_seconds) + 1)
        return response
    return enter(request, desk, opened, next)


class _Refused(Exception):
    """The form cannot be taken: what to tell, and the status."""


def _require(holds: bool, problem: str, code: int) -> None:
    if not holds:
        raise _Refused(problem, code)


def _told(error: Exception) -> tuple[str, int]:
    if isinstance(error, _Refused):
        return error.args
    if isinstance(error, BadInput):
        return f"The new password must be {error.allowed}.", 422
    if isinstance(error, TooManyTries):
        return sentence(error), 429
    return "The username or the present password is wrong.", 401


def _form(
    request: Request, desk: Desk, *, username: str, next_address: str, problem: str = "", code: int = 200
) -> Response:
    nonce = nonce_of(request, desk)
    response = page(
        desk,
        "password.html",
        code=code,
        form_token=desk.check_login.form_token_of(nonce),
        next_address=desk.safe_next(next_address),
        problem=problem,
        reason="A password that somebody else gave you is for the first time only; any other may be changed here too.",
        shortest=SHORTEST_PASSWORD,
        username=username,
    )
    desk.set_form_cookie(response, nonce)
    return response
