"""Logins, accounts and the tickets of dashboards' kernels."""

from __future__ import annotations

from pydantic import Field

from twinev.wire.base import WireModel


class LoginIn(WireModel):
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class LoginOut(WireModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int


class UserOut(WireModel):
    id: str
    username: str
    display_name: str
    roles: tuple[str, ...]


class TicketOut(WireModel):
    """A single-use ticket for a dashboard's kernel, good for 30 s."""

    ticket: str
    expires_in: int


class TicketIn(WireModel):
    ticket: str = Field(min_length=1, max_length=256)
