"""Reservations of EVSEs, and who may use a private station."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

Status = Literal["active", "used", "expired", "cancelled", "no_show"]


class ReservationIn(WireModel):
    """POST /reservations: an EVSE for a time, any that fits, or one that is named.

    The window is widened to whole five minutes.
    """

    start: Moment
    end: Moment
    connector_type: str | None = Field(default=None, max_length=40, description="OCPP's, such as cType2 or cCCS2")
    site_id: str | None = Field(default=None, max_length=64)
    station_id: str | None = Field(default=None, max_length=48)
    evse_id: int | None = Field(default=None, ge=1, le=1000, description="only with station_id")


class ReservationOut(WireModel):
    """A reservation.

    ``expires_at`` is when it lapses unless its driver has come; ``station_answer`` what the station made of it: OCPP's
    status, offline, timeout, not_supported; None while it was not told.
    """

    id: str
    user_id: str
    site_id: str
    station_id: str
    evse_id: int
    connector_type: str
    start: AwareDatetime
    end: AwareDatetime
    grace_minutes: float
    expires_at: AwareDatetime
    made_at: AwareDatetime
    status: Status
    station_answer: str | None
    ended_at: AwareDatetime | None
    session_id: str | None


class AllowanceOut(WireModel):
    """What the caller may reserve, what he has, and how often he did not come in the last ``no_show_days``."""

    max_active: int
    active: int
    shortest_minutes: float
    longest_minutes: float
    horizon_days: float
    grace_minutes: float
    no_shows: int
    no_show_days: float


class StationAccessOut(WireModel):
    """Who may use a station; where somebody is named, or the station is not ``public``, it is private."""

    station_id: str
    private: bool
    user_ids: tuple[str, ...]
