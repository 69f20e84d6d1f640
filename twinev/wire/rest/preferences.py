"""A driver's preferences."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twinev.wire.base import WireModel

Profile = Literal["cheap", "fast", "green", "default"]


class PreferencesOut(WireModel):
    """What a driver prefers; the answer's ETag is its version."""

    profile: Profile
    min_target_soc: float
    max_distance_km: float
    language: str
    notify_reservation: bool
    notify_session_ended: bool
    notify_price: bool
    default_vehicle_id: str | None


class PreferencesIn(WireModel):
    """PATCH /preferences: what is left out stays; a null ``default_vehicle_id`` forgets it."""

    profile: Profile | None = None
    min_target_soc: float | None = Field(default=None, ge=0, le=1)
    max_distance_km: float | None = Field(default=None, ge=0, le=1000)
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
    notify_reservation: bool | None = None
    notify_session_ended: bool | None = None
    notify_price: bool | None = None
    default_vehicle_id: str | None = Field(default=None, max_length=64)
