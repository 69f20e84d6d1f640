"""What an administrator does with accounts: list, create, change; and the first accounts of a demonstration."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import replace

from twinev.domain.login import Account, EndReason
from twinev.domain.users import Role, User
from twinev.errors import BadInput, Conflict
from twinev.services.identity_ports import AccountStore, PasswordHasher
from twinev.services.log_in import require_password
from twinev.services.ports.clock import Clock

# Nothing that breaks a line of the log or hides in a page.
_USERNAME = re.compile(r"[\w.@+-]{1,64}")

_log = logging.getLogger(__name__)


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """Return the roles that the names mean, else raise `BadInput`."""
    names = tuple(names)
    try:
        return frozenset(Role(name) for name in names)
    except ValueError as error:
        raise BadInput("roles", list(names), "some of " + ", ".join(Role)) from error


def require_username(username: str) -> str:
    """Return a username that may be, else raise `BadInput`."""
    if not _USERNAME.fullmatch(username):
        raise BadInput("username", username, "1 to 64 letters, digits and the signs . _ @ + -")
    return username


class ManageUsers:
    """Implements `twinev.services.administer_users.UserAdministration` with local accounts.

    Parameters
    ----------
    accounts : AccountStore
        Where accounts are kept.
    passwords : PasswordHasher
        Makes password hashes.
    clock : Clock
        The wall's clock.
    """

    def __init__(self, *, accounts: AccountStore, passwords: PasswordHasher, clock: Clock) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    def list(self) -> list[Account]:
        """Return all accounts, by username."""
        return self._accounts.list()

    def page(self, *, search: str, first: int, limit: int) -> list[Account]:
        sought = search.casefold()
        found = [
            account
            for account in self._accounts.list()
            if sought in account.user.username.casefold() or sought in account.user.display_name.casefold()
        ]
        return found[first : first + limit]

    def by_id(self, user_id: str) -> Account:
        return self._accounts.by_id(user_id)

    def create(
        self, *, username: str, password: str, roles: Iterable[str], display_name: str = "", temporary: bool = False
    ) -> Account:
        account = self.new_account(username=username, password=password, roles=roles, display_name=display_name)
        account = replace(account, password_temporary=temporary)
        self._accounts.add(account)
        _log.info("account %s was created with the roles %s", account.user.username, sorted(account.user.roles))
        return account

    def create_first(self, *accounts: Account) -> bool:
        """Add these accounts if there is none at all; say whether they were added."""
        if self._accounts.list():
            return False
        self._accounts.add(*accounts)
        return True

    def new_account(self, *, username: str, password: str, roles: Iterable[str], display_name: str = "") -> Account:
        """Return an account with a new id and a hashed password; nothing is kept yet."""
        require_password("password", password)
        user = User(
            id=uuid.uuid4().hex,
            username=require_username(username),
            roles=roles_of(roles),
            display_name=display_name.strip(),
        )
        return Account(user=user, password_hash=self._passwords.hash(password))

    def change(
        self,
        user_id: str,
        *,
        by: User | None = None,
        display_name: str | None = None,
        roles: Iterable[str] | None = None,
        password: str | None = None,
        temporary: bool = False,
        disabled: bool | None = None,
    ) -> Account:
        before = self._accounts.by_id(user_id)
        user = replace(
            before.user,
            display_name=before.user.display_name if display_name is None else display_name.strip(),
            roles=before.user.roles if roles is None else roles_of(roles),
        )
        after = replace(before, user=user, disabled=before.disabled if disabled is None else disabled)
        if password is not None:
            password_hash = self._passwords.hash(require_password("password", password))
            after = replace(after, password_hash=password_hash, password_temporary=temporary)
        if _administers(before) and not _administers(after):
            self._require_another_administrator(user_id)
        self._accounts.save(after, end_sessions=_end_reason(before, after), at=self._clock.now())
        _log.info("account %s was changed by %s", after.user.username, by.username if by else "this machine")
        return after

    def _require_another_administrator(self, user_id: str) -> None:
        if not any(_administers(account) and account.user.id != user_id for account in self._accounts.list()):
            raise Conflict("this is the last administrator; give another account the role administrator first")


def _administers(account: Account) -> bool:
    return Role.ADMINISTRATOR in account.user.roles and not account.disabled


def _end_reason(before: Account, after: Account) -> EndReason | None:
    if after.disabled:
        return EndReason.DISABLED
    if before.user.roles != after.user.roles:
        return EndReason.ROLES_CHANGED
    if before.password_hash != after.password_hash:
        return EndReason.PASSWORD_CHANGED
    return None
