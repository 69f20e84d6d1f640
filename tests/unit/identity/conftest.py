"""Fakes of what logging in needs: a clock that waits to be moved, accounts in memory, quick passwords."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.adapters.identity.signing import SecretKeySigner
from twinev.domain.login import Account, EndReason, LoginSession
from twinev.domain.users import Role, User
from twinev.errors import Conflict, NotFound
from twinev.services.check_login import CheckLogin, Vouching
from twinev.services.log_in import LogIn
from twinev.services.manage_users import ManageUsers

PASSWORD = "correct horse battery"


class HandClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds

    def forward(self, **duration: float) -> None:
        self._now += timedelta(**duration)


class PlainPasswords:
    """Keeps passwords as they are, and counts the checks."""

    def __init__(self) -> None:
        self.checks = 0

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def matches(self, password: str, password_hash: str | None) -> bool:
        self.checks += 1
        return password_hash == f"plain:{password}"


class MemoryAccounts:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, LoginSession] = {}
        self.tickets: dict[str, tuple[str, datetime]] = {}

    def by_username(self, username: str) -> Account | None:
        key = username.casefold()
        return next((a for a in self.accounts.values() if a.user.username.casefold() == key), None)

    def by_id(self, user_id: str) -> Account:
        if user_id not in self.accounts:
            raise NotFound("user", user_id)
        return self.accounts[user_id]

    def list(self) -> list[Account]:
        return sorted(self.accounts.values(), key=lambda account: account.user.username.casefold())

    def add(self, *accounts: Account) -> None:
        if any(self.by_username(account.user.username) for account in accounts):
            raise Conflict("taken")
        self.accounts.update({account.user.id: account for account in accounts})

    def save(self, account: Account, *, end_sessions: EndReason | None, at: datetime) -> None:
        self.accounts[account.user.id] = account
        if end_sessions is not None:
            for session in list(self.sessions.values()):
                if session.user_id == account.user.id:
                    self.end_session(session.id, end_sessions, at)

    def open_session(self, session: LoginSession) -> None:
        self.sessions[session.id] = session

    def session(self, session_id: str) -> tuple[LoginSession, Account] | None:
        found = self.sessions.get(session_id)
        return found and (found, self.accounts[found.user_id])

    def session_of_secret(self, secret_hash: str) -> tuple[LoginSession, Account] | None:
        found = next((s for s in self.sessions.values() if s.secret_hash == secret_hash), None)
        return found and (found, self.accounts[found.user_id])

    def end_session(self, session_id: str, reason: EndReason, at: datetime) -> None:
        if self.sessions[session_id].ended_at is None:
            self.sessions[session_id] = replace(self.sessions[session_id], ended_at=at, end_reason=reason)

    def add_ticket(self, ticket_hash: str, session_id: str, expires_at: datetime) -> None:
        self.tickets[ticket_hash] = (session_id, expires_at)

    def take_ticket(self, ticket_hash: str, at: datetime) -> str | None:
        session_id, expires_at = self.tickets.pop(ticket_hash, (None, at))
        return session_id if at < expires_at else None

    def forget_expired(self, before: datetime) -> int:
        old = [session.id for session in self.sessions.values() if session.expires_at < before]
        for session_id in old:
            del self.sessions[session_id]
        return len(old)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The services over the fakes, with one account for each role."""

    clock: HandClock = field(default_factory=HandClock)
    passwords: PlainPasswords = field(default_factory=PlainPasswords)
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    secret_key: str = "k" * 64

    def __post_init__(self) -> None:
        for role in Role:
            user = User(id=f"id-{role}", username=role.value, roles=frozenset({role}))
            self.accounts.add(Account(user=user, password_hash=self.passwords.hash(PASSWORD)))

    @property
    def check_login(self) -> CheckLogin:
        return self.new_check()

    def new_check(self, vouching: Vouching | None = None) -> CheckLogin:
        signer = SecretKeySigner(secret_key=self.secret_key)
        return CheckLogin(accounts=self.accounts, signer=signer, clock=self.clock, vouching=vouching)

    @property
    def users(self) -> ManageUsers:
        return ManageUsers(accounts=self.accounts, passwords=self.passwords, clock=self.clock)

    def new_log_in(self) -> LogIn:
        return LogIn(accounts=self.accounts, passwords=self.passwords, clock=self.clock)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def log_in(desk: Desk) -> LogIn:
    return desk.new_log_in()
