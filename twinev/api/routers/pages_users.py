"""The administrators' screen for users: find, create, give roles, disable, reset the password. It needs no script."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, status
from fastapi.responses import Response

from twinev.api.acting import note_user
from twinev.api.login_desk import LoginDesk
from twinev.api.pages import PageRoute, Turned, page, sentence, to_login
from twinev.api.routers.auth import Desk
from twinev.api.routers.users import LONGEST_SEARCH
from twinev.domain.login import Account, LoggedIn
from twinev.domain.users import Role
from twinev.errors import BadInput, Conflict, Forbidden, NotAuthenticated, NotFound
from twinev.services.administer_users import random_password

router = APIRouter(prefix="/admin/users", include_in_schema=False, route_class=PageRoute)

USERS_ON_A_PAGE = 25


def administrator(request: Request, desk: Desk) -> LoggedIn:
    """Return the administrator who looks; raise `Turned` for anybody else."""
    login = desk.visitor(request)
    if login is None:
        raise Turned(to_login(request, desk))
    if Role.ADMINISTRATOR not in login.roles:
        text = f"It is for the role administrator; {login.user.display_name or login.user.username} does not have it."
        raise Turned(_message(desk, "This page is not for you", text, code=status.HTTP_403_FORBIDDEN))
    note_user(request.scope["state"], login.user)
    return login


Administrator = Annotated[LoggedIn, Depends(administrator)]


@router.get("", response_model=None)
def show_users(
    desk: Desk,
    login: Administrator,
    search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    first: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """List the users."""
    return _list(desk, login, search=search, first=first)


@router.post("", response_model=None)
def create_user(
    *,
    request: Request,
    desk: Desk,
    login: Administrator,
    csrf_token: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    role: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Create a user with a password for the first time, which is shown once."""
    _confirm(request, desk, login, csrf_token)
    password = random_password()
    try:
        account = desk.users.create(
            username=username.strip(), password=password, roles=role or (), display_name=display_name, temporary=True
        )
    except (BadInput, Conflict) as error:
        return _list(desk, login, problem=sentence(error), code=422, username=username, display_name=display_name)
    return _show(desk, login, account, password=password, done="The user was created.")


@router.get("/{user_id}", response_model=None)
def show_user(user_id: str, desk: Desk, login: Administrator) -> Response:
    """Show one user, to be changed."""
    return _show(desk, login, _found(desk, user_id))


@router.post("/{user_id}", response_model=None)
def change_user(
    *,
    user_id: str,
    request: Request,
    desk: Desk,
    login: Administrator,
    csrf_token: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    role: Annotated[list[str] | None, Form()] = None,
    disabled: Annotated[bool, Form()] = False,
) -> Response:
    """Change the name, the roles, and whether the user may log in."""
    _confirm(request, desk, login, csrf_token)
    before = _found(desk, user_id)
    try:
        account = desk.users.change(
            user_id, by=login.user, display_name=display_name, roles=role or (), disabled=disabled
        )
    except (BadInput, Conflict) as error:
        return _show(desk, login, before, problem=sentence(error), code=422)
    return _show(desk, login, account, done="Saved.")


@router.post("/{user_id}/password", response_model=None)
def reset_password(
    user_id: str, request: Request, desk: Desk, login: Administrator, csrf_token: Annotated[str, Form()] = ""
) -> Response:
    """Give the user a password for the next login only, which is shown once."""
    _confirm(request, desk, login, csrf_token)
    before = _found(desk, user_id)
    password = random_password()
    try:
        account = desk.users.change(user_id, by=login.user, password=password, temporary=True)
    except (BadInput, Conflict) as error:
        return _show(desk, login, before, problem=sentence(error), code=422)
    return _show(desk, login, account, password=password, done="The password was reset.")


def _confirm(request: Request, desk: LoginDesk, login: LoggedIn, csrf_token: str) -> None:
    try:
        desk.check_csrf(login, csrf_token)
        desk.confirm(login, None)
    except Forbidden:
        text = "Nothing was changed. Open it again, then try once more."
        raise Turned(_message(desk, "That page was too old", text, code=status.HTTP_403_FORBIDDEN)) from None
    except NotAuthenticated:
        raise Turned(to_login(request, desk)) from None


def _found(desk: LoginDesk, user_id: str) -> Account:
    try:
        return desk.users.by_id(user_id)
    except NotFound:
        text = "Perhaps somebody else has removed it."
        raise Turned(_message(desk, "There is no such user", text, code=status.HTTP_404_NOT_FOUND)) from None


def _message(desk: LoginDesk, title: str, text: str, *, code: int) -> Response:
    back = {"link": "/", "link_text": "Back to the start page"}
    return page(desk, "message.html", code=code, title=title, text=text, **back)


def _list(
    desk: LoginDesk,
    login: LoggedIn,
    *,
    search: str = "",
    first: int = 0,
    problem: str = "",
    code: int = 200,
    username: str = "",
    display_name: str = "",
) -> Response:
    accounts = desk.users.page(search=search, first=first, limit=USERS_ON_A_PAGE + 1)
    return page(
        desk,
        "users.html",
        code=code,
        accounts=accounts[:USERS_ON_A_PAGE],
        search=search,
        earlier=max(0, first - USERS_ON_A_PAGE) if first else None,
        later=first + USERS_ON_A_PAGE if len(accounts) > USERS_ON_A_PAGE else None,
        roles=list(Role),
        problem=problem,
        username=username,
        display_name=display_name,
        csrf_token=desk.check_login.csrf_token_of(login),
    )


def _show(
    desk: LoginDesk,
    login: LoggedIn,
    account: Account,
    *,
    password: str = "",
    done: str = "",
    problem: str = "",
    code: int = 200,
) -> Response:
    return page(
        desk,
        "user.html",
        code=code,
        account=account,
        address=f"/admin/users/{quote(account.user.id, safe='')}",
        roles=list(Role),
        password=password,
        done=done,
        problem=problem,
        csrf_token=desk.check_login.csrf_token_of(login),
    )
