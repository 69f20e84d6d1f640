"""Where an identity server keeps its users, for administrators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from twinev.domain.login import Account
from twinev.domain.users import Role


class UserDirectory(Protocol):
    """The identity server's users. Every method raises `Unavailable` when it does not answer."""

    def page(self, *, search: str, first: int, limit: int) -> list[Account]:
        """Return up to ``limit`` accounts from number ``first`` on, by username; all whose names contain ``search``."""

    def by_id(self, user_id: str) -> Account:
        """Raise `NotFound` for an unknown id."""

    def create(self, *, username: str, password: str, temporary: bool, display_name: str) -> str:
        """Return the id of the new user, who has no role yet; raise `Conflict` when the username is taken."""

    def describe(self, user_id: str, *, display_name: str, disabled: bool) -> None: ...
    def set_roles(self, user_id: str, *, add: Iterable[Role], remove: Iterable[Role]) -> None: ...
    def set_password(self, user_id: str, password: str, *, temporary: bool) -> None:
        """Raise `BadInput` when the identity server's own rules refuse the password."""

    def log_out(self, user_id: str) -> None:
        """End all logins of the user there."""
