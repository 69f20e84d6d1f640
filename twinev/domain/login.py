"""A login: the account that may log in, the session that it opens, and what a request carries of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from twinev.domain.checks import require_text, require_utc
from twinev.domain.users import Role, User


class SessionKind(StrEnum):
    """How a login is carried: by the browser's cookie, by a bearer token, or by a token of the identity server."""

    BROWSER = "browser"
    TOKEN = "token"  # the word, not a secret
    # No session is kept here for it: the identity server alone knows, and the token ends by itself.
    FOREIGN_TOKEN = "foreign_token"


class EndReason(StrEnum):
    """Why a login session ended before its time."""

    LOGGED_OUT = "logged_out"
    ROLES_CHANGED = "roles_changed"
    PASSWORD_CHANGED = "password_changed"
    DISABLED = "disabled"
    IDENTITY_SERVER = "identity_server"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user with what the platform keeps to check a login; no password hash means: logs in elsewhere.

    A temporary password, which somebody else chose, opens nothing but the page that replaces it.
    """

    user: User
    password_hash: str | None = None
    disabled: bool = False
    password_temporary: bool = False


@dataclass(frozen=True, kw_only=True)
class LoginSession:
    """From log in to log out. ``id`` is no secret; the cookie's secret is kept as ``secret_hash`` alone."""

    id: str
    user_id: str
    kind: SessionKind
    secret_hash: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    end_reason: EndReason | None = None

    def __post_init__(self) -> None:
        require_text("id", self.id, longest=64)
        require_utc("created_at", self.created_at)
        require_utc("expires_at", self.expires_at)

    def open_at(self, now: datetime) -> bool:
        """Whether it still counts at ``now``."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """Who is behind a request, and through which login session."""

    user: User
    session_id: str
    kind: SessionKind
    expires_at: datetime

    @property
    def roles(self) -> frozenset[Role]:
        """The user's roles as they are now, not as they were at log in."""
        return self.user.roles


def session_cookie_name(public_url: str) -> str:
    """Return the session cookie's name; under https the prefix makes browsers refuse one that another host set."""
    return "__Host-twinev_session" if urlsplit(public_url).scheme == "https" else "twinev_session"
