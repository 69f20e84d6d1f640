"""Accounts, login sessions and tickets in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from twinev.adapters.database.audit import audited
from twinev.adapters.database.engine import READ_ONLY
from twinev.adapters.database.identity_tables import login_sessions, login_tickets, users
from twinev.adapters.database.remembered import Remembered
from twinev.domain.login import Account, EndReason, LoginSession, SessionKind
from twinev.domain.users import Role, User
from twinev.errors import Conflict, NotFound

_USER_COLUMNS = tuple(column for column in users.c if column.name != "id")
# Read at every request: built once, and objects made of them only when a column has changed.
_WITH_USER = select(login_sessions, *_USER_COLUMNS).join(users)
_BY_ID = _WITH_USER.where(login_sessions.c.id == bindparam("named"))
_BY_SECRET = _WITH_USER.where(login_sessions.c.secret_hash == bindparam("named"))
_LOGINS: Remembered[tuple[LoginSession, Account]] = Remembered()


class DatabaseAccounts:
    """Implements `twinev.services.identity_ports.AccountStore`, a transaction for each call.

    Parameters
    ----------
    engine : Engine
        Of `twinev.adapters.database.engine.open_engine`.
    """

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine
        # A look-up happens at every request: on SQLite it must not wait for the write lock.
        self._reader = engine.execution_options(**{READ_ONLY: True})

    def by_username(self, username: str) -> Account | None:
        with self._reader.begin() as connection:
            row = connection.execute(select(users).where(users.c.username_key == username.casefold())).one_or_none()
        return None if row is None else _account(row, row.id)

    def by_id(self, user_id: str) -> Account:
        with self._reader.begin() as connection:
            row = connection.execute(select(users).where(users.c.id == user_id)).one_or_none()
        if row is None:
            raise NotFound("user", user_id)
        return _account(row, row.id)

    def list(self) -> list[Account]:
        with self._reader.begin() as connection:
            rows = connection.execute(select(users).order_by(users.c.username_key)).all()
        return [_account(row, row.id) for row in rows]

    def add(self, *accounts: Account) -> None:
        names = ", ".join(account.user.username for account in accounts)
        try:
            with audited(self._engine) as connection:
                connection.execute(insert(users), [account_values(account) for account in accounts])
        except IntegrityError as error:
            raise Conflict(f"a username of {names} is taken; choose another one") from error

    def save(self, account: Account, *, end_sessions: EndReason | None, at: datetime) -> None:
        with audited(self._engine) as connection:
            connection.execute(update(users).where(users.c.id == account.user.id).values(account_values(account)))
            if end_sessions is not None:
                end_open_sessions(connection, login_sessions.c.user_id == account.user.id, end_sessions, at)

    def open_session(self, session: LoginSession) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(login_sessions).values(session_values(session)))

    def session(self, session_id: str) -> tuple[LoginSession, Account] | None:
        return self._find_session(_BY_ID, session_id)

    def session_of_secret(self, secret_hash: str) -> tuple[LoginSession, Account] | None:
        return self._find_session(_BY_SECRET, secret_hash)

    def end_session(self, session_id: str, reason: EndReason, at: datetime) -> None:
        with self._engine.begin() as connection:
            end_open_sessions(connection, login_sessions.c.id == session_id, reason, at)

    def add_ticket(self, ticket_hash: str, session_id: str, expires_at: datetime) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                insert(login_tickets).values(ticket_hash=ticket_hash, session_id=session_id, expires_at=expires_at)
            )

    def take_ticket(self, ticket_hash: str, at: datetime) -> str | None:
        # One statement decides: of two that redeem at once, the second finds no row that is still unused.
        taken = (
            update(login_tickets)
            .where(login_tickets.c.ticket_hash == ticket_hash)
            .where(login_tickets.c.used_at.is_(None))
            .where(login_tickets.c.expires_at > at)
            .values(used_at=at)
            .returning(login_tickets.c.session_id)
        )
        with self._engine.begin() as connection:
            return connection.execute(taken).scalar_one_or_none()

    def forget_expired(self, before: datetime) -> int:
        with self._engine.begin() as connection:
            tickets = connection.execute(delete(login_tickets).where(login_tickets.c.expires_at < before))
            sessions = connection.execute(delete(login_sessions).where(login_sessions.c.expires_at < before))
            return tickets.rowcount + sessions.rowcount

    def _find_session(self, query: Select[Any], named: str) -> tuple[LoginSession, Account] | None:
        with self._reader.connect() as connection:
            row = connection.execute(query, {"named": named}).one_or_none()
        if row is None:
            return None
        return _LOGINS.of(row.id, row, lambda: (_session(row), _account(row, row.user_id)))


def end_open_sessions(connection: Connection, condition: ColumnElement[bool], reason: EndReason, at: datetime) -> int:
    """End the sessions that are still open of those meant; return how many."""
    ended = connection.execute(
        update(login_sessions)
        .where(condition, login_sessions.c.ended_at.is_(None), login_sessions.c.expires_at > at)
        .values(ended_at=at, end_reason=reason.value)
    )
    return ended.rowcount


def session_values(session: LoginSession) -> dict[str, Any]:
    """Return the columns of a new session."""
    return {
        "id": session.id,
        "user_id": session.user_id,
        "kind": session.kind.value,
        "secret_hash": session.secret_hash,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
    }


def account_values(account: Account) -> dict[str, Any]:
    """Return the columns of an account."""
    user = account.user
    return {
        "id": user.id,
        "username": user.username,
        "username_key": user.username.casefold(),
        "display_name": user.display_name,
        "roles": " ".join(sorted(user.roles)),
        "password_hash": account.password_hash,
        "disabled": account.disabled,
        "password_temporary": account.password_temporary,
    }


def _account(row: Row, user_id: str) -> Account:
    roles = frozenset(Role(name) for name in row.roles.split())
    user = User(id=user_id, username=row.username, roles=roles, display_name=row.display_name)
    return Account(
        user=user,
        password_hash=row.password_hash,
        disabled=row.disabled,
        password_temporary=row.password_temporary,
    )


def _session(row: Row) -> LoginSession:
    return LoginSession(
        id=row.id,
        user_id=row.user_id,
        kind=SessionKind(row.kind),
        secret_hash=row.secret_hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        end_reason=None if row.end_reason is None else EndReason(row.end_reason),
    )
