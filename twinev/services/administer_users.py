"""What administrators do with users, whoever keeps them: the local accounts or an identity server."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

from twinev.domain.login import Account
from twinev.domain.users import User
from twinev.errors import Forbidden

# Letters and digits that nobody mistakes for another when reading them out.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class UserAdministration(Protocol):
    """Lists, creates and changes users."""

    def page(self, *, search: str, first: int, limit: int) -> list[Account]:
        """Return up to ``limit`` accounts from number ``first`` on, by username; all whose names contain ``search``."""

    def by_id(self, user_id: str) -> Account:
        """Raise `NotFound` for an unknown id."""

    def create(
        self, *, username: str, password: str, roles: Iterable[str], display_name: str = "", temporary: bool = False
    ) -> Account:
        """Create a user; raise `Conflict` when the username is taken, `BadInput` for what may not be."""

    def change(
        self,
        user_id: str,
        *,
        by: User,
        display_name: str | None = None,
        roles: Iterable[str] | None = None,
        password: str | None = None,
        temporary: bool = False,
        disabled: bool | None = None,
    ) -> Account:
        """Change what is given. New roles, a new password or disabling end the user's sessions at once.

        Raises
        ------
        NotFound
            No user has this id.
        Conflict
            Nobody would be left who may manage users.
        """


class NoUserAdministration:
    """Implements `UserAdministration` where users are managed elsewhere only: every method raises `Forbidden`.

    Parameters
    ----------
    why : str
        Where they are managed, and what would change that.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def page(self, **_asked: object) -> list[Account]:
        raise Forbidden(self._why)

    def by_id(self, user_id: str) -> Account:
        raise Forbidden(self._why)

    def create(self, **_asked: object) -> Account:
        raise Forbidden(self._why)

    def change(self, user_id: str, **_asked: object) -> Account:
        raise Forbidden(self._why)


def random_password() -> str:
    """Return a password of 79 random bits that can be read out and typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
