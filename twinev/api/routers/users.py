"""Accounts and their roles, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, status
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import require_role
from twinev.api.pagination import PageAsk, WantedPage, page_of
from twinev.api.routers.auth import Desk, never_stored
from twinev.domain.login import Account
from twinev.domain.users import Role, User
from twinev.errors import BadInput
from twinev.services.administer_users import random_password
from twinev.wire.identity import AccountChangeIn, AccountIn, AccountOut, TemporaryPasswordOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/users", tags=["users"])

# Who was an administrator a moment ago must not change users now.
Administrator = Annotated[User, Depends(require_role(Role.ADMINISTRATOR, confirmed=True))]

LONGEST_SEARCH = 64


@router.get("")
def list_users(
    ask: WantedPage, desk: Desk, _by: Administrator, search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> Page[AccountOut]:
    """List the accounts, by username; with ``search`` those whose names contain it."""
    first = _first(ask)
    accounts = desk.users.page(search=search, first=first, limit=ask.one_more)
    return page_of(accounts, ask, out=_account, name=lambda _last: str(first + ask.limit))


@router.get("/{user_id}")
def show_user(user_id: str, desk: Desk, _by: Administrator) -> AccountOut:
    """Show one account."""
    return _account(desk.users.by_id(user_id))


@router.post("", status_code=status.HTTP_201_CREATED, response_model=AccountOut)
async def create_user(body: AccountIn, desk: Desk, _by: Administrator, only_once: OnlyOnce) -> Any:
    """Create an account; a username that is taken is a conflict."""

    async def create() -> AccountOut:
        account = await run_in_threadpool(
            desk.users.create,
            username=body.username,
            password=body.password,
            roles=body.roles,
            display_name=body.display_name,
            temporary=body.temporary,
        )
        return _account(account)

    return await only_once.answer(create)


@router.post("/{user_id}/password-reset", dependencies=[Depends(never_stored)])
def reset_password(user_id: str, desk: Desk, by: Administrator) -> TemporaryPasswordOut:
    """Give the user a random password, told once, that must be replaced at the next login."""
    password = random_password()
    desk.users.change(user_id, by=by, password=password, temporary=True)
    return TemporaryPasswordOut(password=password)


@router.patch("/{user_id}")
def change_user(user_id: str, body: AccountChangeIn, desk: Desk, by: Administrator) -> AccountOut:
    """Change what is given. New roles, a new password or disabling end the user's sessions at once."""
    return _account(
        desk.users.change(
            user_id,
            by=by,
            display_name=body.display_name,
            roles=body.roles,
            password=body.password,
            temporary=body.temporary,
            disabled=body.disabled,
        )
    )


def _first(ask: PageAsk) -> int:
    if ask.after is None:
        return 0
    if not ask.after.isascii() or not ask.after.isdecimal() or len(ask.after) > 9:
        raise BadInput("cursor", ask.after, "the next_cursor of an earlier page")
    return int(ask.after)


def _account(account: Account) -> AccountOut:
    user = account.user
    return AccountOut(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(sorted(user.roles)),
        disabled=account.disabled,
        password_temporary=account.password_temporary,
    )
