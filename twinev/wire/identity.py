"""Bodies of ``/api/v1/auth`` and ``/api/v1/users`` beside those of a plain log in."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.rest.identity import UserOut


class LoginSessionOut(WireModel):
    """Who is behind the session, until when, and the token that a change with the cookie needs."""

    session_id: str
    user: UserOut
    expires_at: AwareDatetime
    csrf_token: str


class PasswordChangeIn(WireModel):
    old_password: str = Field(min_length=1, max_length=256)
    new_password: str = Field(min_length=1, max_length=256)


class OwnNameIn(WireModel):
    """PATCH /auth/me: how somebody wants to be called; empty: by the username."""

    display_name: str = Field(max_length=255)


class AccountOut(WireModel):
    """A user as an administrator sees one."""

    id: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    disabled: bool
    password_temporary: bool


class AccountIn(WireModel):
    """A new user; a ``temporary`` password must be replaced by the user before it opens anything."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    roles: tuple[str, ...]
    display_name: str = Field(default="", max_length=255)
    temporary: bool = False


class AccountChangeIn(WireModel):
    """PATCH of a user: what is left out stays."""

    display_name: str | None = Field(default=None, max_length=255)
    roles: tuple[str, ...] | None = None
    password: str | None = Field(default=None, min_length=1, max_length=256)
    temporary: bool = False
    disabled: bool | None = None


class TemporaryPasswordOut(WireModel):
    """A new password, told once, that the user must replace at the next login."""

    password: str


class LoginMethodsOut(WireModel):
    """How one logs in here: with a password at this API, or at an identity server and its address for programs."""

    password: bool
    issuer: str | None = None
    token_endpoint: str | None = None
