"""What logging in needs from outside: where accounts are kept, and the two crafts of secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from twinev.domain.login import Account, EndReason, LoginSession


class PasswordHasher(Protocol):
    """Slow on purpose; both methods take the same time for every input."""

    def hash(self, password: str) -> str: ...
    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; never for None, which still costs the time of a check."""


class Signer(Protocol):
    """Makes texts that nobody else can make; one made for a ``purpose`` is worth nothing for another."""

    def sign(self, purpose: str, text: str) -> str: ...
    def read(self, purpose: str, signed: str) -> str | None:
        """Return what was signed, None when it was not signed here for this purpose."""


class Sealer(Protocol):
    """Encrypts texts that only this platform may read; one sealed for a ``purpose`` opens for no other."""

    def seal(self, purpose: str, text: str) -> str: ...
    def unseal(self, purpose: str, sealed: str) -> str | None:
        """Return what was sealed, None when it was not sealed here for this purpose."""


class AccountStore(Protocol):
    """Accounts, login sessions and tickets. Every method is one transaction: all of it happened, or nothing."""

    def by_username(self, username: str) -> Account | None:
        """Upper and lower case are the same."""

    def by_id(self, user_id: str) -> Account:
        """Raise `NotFound` for an unknown id."""

    def list(self) -> list[Account]:
        """By username."""

    def add(self, *accounts: Account) -> None:
        """Raise `Conflict` when a username is taken; then none is added."""

    def save(self, account: Account, *, end_sessions: EndReason | None, at: datetime) -> None:
        """Replace an account and, with a reason, end all its open sessions."""

    def open_session(self, session: LoginSession) -> None: ...
    def session(self, session_id: str) -> tuple[LoginSession, Account] | None: ...
    def session_of_secret(self, secret_hash: str) -> tuple[LoginSession, Account] | None: ...
    def end_session(self, session_id: str, reason: EndReason, at: datetime) -> None: ...
    def add_ticket(self, ticket_hash: str, session_id: str, expires_at: datetime) -> None: ...
    def take_ticket(self, ticket_hash: str, at: datetime) -> str | None:
        """Return the ticket's session id and use the ticket up; None when it is unknown, expired or used."""

    def forget_expired(self, before: datetime) -> int:
        """Delete the sessions and tickets that expired before then; return how many rows that were."""
