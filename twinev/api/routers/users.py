"""Accounts and their roles, for administrators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, status
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import require_role
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.routers.auth import Desk
from twinev.domain.login import Account
from twinev.domain.users import Role
from twinev.wire.identity import AccountChangeIn, AccountIn, AccountOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/users", tags=["users"], dependencies=[Depends(require_role(Role.ADMINISTRATOR))])


@router.get("")
def list_users(ask: WantedPage, desk: Desk) -> Page[AccountOut]:
    """List the accounts, by username."""
    return page_of(rows_after(desk.users.list(), ask, name=_name), ask, out=_account, name=_name)


@router.post("", status_code=status.HTTP_201_CREATED, response_model=AccountOut)
async def create_user(body: AccountIn, desk: Desk, only_once: OnlyOnce) -> Any:
    """Create an account; a username that is taken is a conflict."""

    async def create() -> AccountOut:
        account = await run_in_threadpool(
            desk.users.create,
            username=body.username,
            password=body.password,
            roles=body.roles,
            display_name=body.display_name,
        )
        return _account(account)

    return await only_once.answer(create)


@router.patch("/{user_id}")
def change_user(user_id: str, body: AccountChangeIn, desk: Desk) -> AccountOut:
    """Change what is given. New roles, a new password or disabling end the user's sessions at once."""
    return _account(
        desk.users.change(
            user_id,
            display_name=body.display_name,
            roles=body.roles,
            password=body.password,
            disabled=body.disabled,
        )
    )


def _name(account: Account) -> str:
    return account.user.username.casefold()


def _account(account: Account) -> AccountOut:
    user = account.user
    return AccountOut(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(sorted(user.roles)),
        disabled=account.disabled,
    )
