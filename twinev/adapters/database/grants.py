"""Grants of login sessions, and the users whom the identity server tells of, in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from twinev.adapters.database.accounts import account_values, end_open_sessions, session_values
from twinev.adapters.database.engine import READ_ONLY
from twinev.adapters.database.identity_server_tables import login_grants
from twinev.adapters.database.identity_tables import login_sessions, users
from twinev.domain.login import Account, EndReason, LoginSession
from twinev.domain.users import User
from twinev.services.identity_ports import Sealer
from twinev.services.ports.identity_server import EndedLogin, Grant

_PURPOSE = "refresh-token"
# No username has this sign: a name that is given up cannot meet one that somebody has.
_GIVEN_UP = "~"


class DatabaseGrants:
    """Implements `twinev.services.ports.identity_server.GrantStore`, a transaction for each call.

    Parameters
    ----------
    engine : Engine
        Of `twinev.adapters.database.engine.open_engine`.
    sealer : Sealer
        Encrypts refresh tokens: a copy of the database must not be a set of logins.
    """

    def __init__(self, *, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{READ_ONLY: True})
        self._sealer = sealer

    def open_session(self, session: LoginSession, grant: Grant) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(login_sessions).values(session_values(session)))
            connection.execute(insert(login_grants).values(session_id=session.id, **self._values(grant)))

    def grant_of(self, session_id: str) -> Grant | None:
        with self._reader.begin() as connection:
            row = connection.execute(select(login_grants).where(login_grants.c.session_id == session_id)).one_or_none()
        refresh_token = None if row is None else self._sealer.unseal(_PURPOSE, row.refresh_token_sealed)
        if row is None or refresh_token is None:
            # Sealed with another secret key: the session cannot go on.
            return None
        return Grant(
            refresh_token=refresh_token, server_session_id=row.server_session_id, checked_until=row.checked_until
        )

    def replace_grant(self, session_id: str, grant: Grant) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(login_grants).where(login_grants.c.session_id == session_id).values(self._values(grant))
            )

    def keep_user(self, user: User) -> Account:
        kept = Account(user=user)
        with self._reader.begin() as connection:
            if _same(connection, kept):
                return kept
        self._write_user_surely(kept)
        return kept

    def meet_user(self, user: User) -> None:
        with self._reader.begin() as connection:
            known = connection.execute(select(users.c.id).where(users.c.id == user.id)).one_or_none()
        if known is None:
            self._write_user_surely(Account(user=user))

    def _write_user_surely(self, account: Account) -> None:
        try:
            self._write_user(account)
        except IntegrityError:
            # Another process met the user at the same moment: now there is a row to update.
            self._write_user(account)

    def _write_user(self, account: Account) -> None:
        values = account_values(account)
        with self._engine.begin() as connection:
            # The identity server keeps usernames apart; whoever has this one here has lost it there.
            connection.execute(
                update(users)
                .where(users.c.username_key == values["username_key"], users.c.id != account.user.id)
                .values(username=_GIVEN_UP + users.c.id, username_key=_GIVEN_UP + users.c.id)
            )
            changed = connection.execute(update(users).where(users.c.id == account.user.id).values(values))
            if changed.rowcount == 0:
                connection.execute(insert(users).values(values))

    def end_sessions(self, ended: EndedLogin, reason: EndReason, at: datetime) -> int:
        if ended.server_session_id is not None:
            meant = login_sessions.c.id.in_(
                select(login_grants.c.session_id).where(login_grants.c.server_session_id == ended.server_session_id)
            )
        elif ended.user_id is not None:
            meant = login_sessions.c.user_id == ended.user_id
        else:
            return 0
        with self._engine.begin() as connection:
            return end_open_sessions(connection, meant, reason, at)

    def _values(self, grant: Grant) -> dict[str, object]:
        return {
            "server_session_id": grant.server_session_id,
            "refresh_token_sealed": self._sealer.seal(_PURPOSE, grant.refresh_token),
            "checked_until": grant.checked_until,
        }


def _same(connection: Connection, account: Account) -> bool:
    values = account_values(account)
    row = connection.execute(select(users).where(users.c.id == account.user.id)).mappings().one_or_none()
    return row is not None and all(row[name] == value for name, value in values.items())
