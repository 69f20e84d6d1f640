"""Logging in at an identity server (OpenID Connect): what it tells of a person, and where its grants are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from twinev.domain.login import Account, EndReason, LoginSession
from twinev.domain.users import User


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a login session lives with at the identity server.

    Parameters
    ----------
    refresh_token : str
        Asks whether the login still counts there. It never leaves the API.
    server_session_id : str
        The identity server's name of the login (``sid``); it ends logins by it.
    checked_until : datetime
        Until when its last answer counts: the end of the access token's life.
    """

    refresh_token: str = field(repr=False)
    server_session_id: str
    checked_until: datetime


@dataclass(frozen=True, kw_only=True)
class Identified:
    """A person with the roles that the identity server says, and the grant that came along."""

    user: User
    grant: Grant


@dataclass(frozen=True, kw_only=True)
class TokenHolder:
    """Who an access token of the identity server stands for, and until when."""

    user: User
    token_id: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class EndedLogin:
    """Whose logins the identity server has ended: one by its name there, or all of a user."""

    server_session_id: str | None
    user_id: str | None


class IdentityServer(Protocol):
    """The identity server. Every method raises `Unavailable` when it does not answer or refuses this platform."""

    def login_address(self, *, state: str, nonce: str, code_verifier: str) -> str:
        """Return where the browser logs in; not before the server was found to answer."""

    def identify(self, *, code: str, nonce: str, code_verifier: str) -> Identified:
        """Exchange the code that the browser brought; raise `NotAuthenticated` when it is worth nothing."""

    def refresh(self, refresh_token: str) -> Identified:
        """Ask whether the login still counts; raise `NotAuthenticated` when it does not."""

    def end(self, refresh_token: str) -> None:
        """End the login there too."""

    def holder_of(self, access_token: str) -> TokenHolder:
        """Check a token that a program brought; raise `NotAuthenticated` unless it was made for this API."""

    def require_active(self, access_token: str) -> None:
        """Ask whether the token's login counts at this moment; raise `NotAuthenticated` when it does not."""

    def ended_login(self, logout_token: str) -> EndedLogin:
        """Read the server's message that a login has ended; raise `NotAuthenticated` when it is not the server's."""


class GrantStore(Protocol):
    """Grants of login sessions, and the users that the identity server told of. Every method is one transaction."""

    def open_session(self, session: LoginSession, grant: Grant) -> None: ...
    def grant_of(self, session_id: str) -> Grant | None:
        """Return the session's grant, None when it was not opened at the identity server."""

    def replace_grant(self, session_id: str, grant: Grant) -> None: ...
    def keep_user(self, user: User) -> Account:
        """Add or update the user, by its id. A username that it took over from another is taken from that one here."""

    def meet_user(self, user: User) -> None:
        """Add the user if the id is unknown, and change nothing otherwise."""

    def end_sessions(self, ended: EndedLogin, reason: EndReason, at: datetime) -> int:
        """End the open sessions meant; return how many."""
