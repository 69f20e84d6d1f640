"""Accounts and their roles, for administrators."""

from __future__ import annotations

from fastapi import APIRouter, Depends, status

from twinev.api.identity import require_role
from twinev.api.routers.auth import Desk
from twinev.domain.login import Account
from twinev.domain.users import Role
from twinev.wire.identity import AccountChangeIn, AccountIn, AccountOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/users", tags=["users"], dependencies=[Depends(require_role(Role.ADMINISTRATOR))])


@router.get("")
def list_users(desk: Desk) -> Page[AccountOut]:
    """List all accounts, by username, on one page."""
    return Page[AccountOut](items=tuple(_account(account) for account in desk.users.list()))


@router.post("", status_code=status.HTTP_201_CREATED)
def create_user(body: AccountIn, desk: Desk) -> AccountOut:
    """Create an account; a username that is taken is a conflict, so trying again is harmless."""
    return _account(
        desk.users.create(
            username=body.username, password=body.password, roles=body.roles, display_name=body.display_name
        )
    )


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


def _account(account: Account) -> AccountOut:
    user = account.user
    return AccountOut(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(sorted(user.roles)),
        disabled=account.disabled,
    )
