"""The people who ask: local accounts of every role, and an access token of each, which counts for five minutes."""

from __future__ import annotations

import uuid
from pathlib import Path

from sqlalchemy import Engine

from twinev.adapters.database.accounts import DatabaseAccounts
from twinev.domain.login import Account, SessionKind
from twinev.domain.users import Role, User
from twinev.settings import Settings
from twinev.wiring.identity import IdentityParts

#: How many of each role.
PEOPLE = {Role.DRIVER: 100, Role.CHARGE_POINT_OPERATOR: 6, Role.GRID_OPERATOR: 6, Role.ADMINISTRATOR: 2}


class People:
    """Makes accounts and opens their sessions, in the same way as the API does."""

    def __init__(self, *, engine: Engine, secret: str, data_dir: Path) -> None:
        settings = Settings(data_dir=data_dir)
        self._desk = IdentityParts(settings=settings, engine=engine, secret=secret).desk()
        # They come with tokens: none of them needs a password.
        self._accounts = {
            role: [
                Account(user=User(id=uuid.uuid4().hex, username=f"{role}-{n}", roles=frozenset({role})))
                for n in range(count)
            ]
            for role, count in PEOPLE.items()
        }
        DatabaseAccounts(engine=engine).add(*(account for found in self._accounts.values() for account in found))

    def ids(self, role: Role) -> list[str]:
        return [account.user.id for account in self._accounts[role]]

    def tokens(self, role: Role) -> list[str]:
        """Open a session of each person of the role and return its access token."""
        found = []
        for account in self._accounts[role]:
            opened = self._desk.log_in.open_session(account, kind=SessionKind.TOKEN)
            found.append(self._desk.check_login.token_of(opened.login).text)
        return found


def _user(role: Role, number: int) -> User:
    return User(id=uuid.uuid4().hex, username=f"{role}-{number}", roles=frozenset({role}))
