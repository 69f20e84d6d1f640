"""Charging stations with their EVSEs, their keys and what they told of themselves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.rest.places import ConnectorOut, EvseIn


class EvseOut(WireModel):
    """An EVSE; ``power_kw`` and ``planned_kw`` are now's measured power and now's limit from the plan.

    ``error_code`` is what the station gave as the fault with its last status, at ``status_at``.
    """

    id: int
    connector_type: str
    max_kw: float
    phases: int
    status: str
    power_kw: float
    planned_kw: float | None
    session_id: str | None
    connectors: tuple[ConnectorOut, ...] = ()
    availability: str | None = None
    status_at: AwareDatetime | None = None
    error_code: str | None = None


class NotFollowing(WireModel):
    """Why a station does not do what it was told, and since when.

    ``cause`` is rejected, not_supported, call_error, timeout, offline, read_back or meter.
    """

    cause: str
    reason: str
    since: AwareDatetime


class StationOut(WireModel):
    """A station; ``not_following`` where it does not do what it was told.

    ``version`` is the station's ETag: it changes with what operators decide, not with what is measured.
    """

    id: str
    site_id: str
    name: str
    latitude_degrees: float
    longitude_degrees: float
    protocol: str | None
    vendor: str | None
    model: str | None
    online: bool
    last_seen: AwareDatetime | None
    max_kw: float
    power_kw: float
    not_following: NotFollowing | None = None
    evses: tuple[EvseOut, ...]
    security_profile: int | None = None
    firmware_version: str | None = None
    public: bool = True
    blocked_at: AwareDatetime | None = None
    block_reason: str | None = None
    version: str = ""


class StationIn(WireModel):
    """POST /stations: register a charging station, with its ``evses`` or with ``evse_count`` of them that are alike.

    Without coordinates it is where its site is.
    """

    id: str = Field(min_length=1, max_length=48)
    site_id: str
    name: str | None = Field(default=None, min_length=1, max_length=255)
    evse_count: int = Field(default=1, ge=1, le=50)
    max_kw: float = Field(default=22.0, gt=0, le=5000)
    phases: Literal[1, 3] = 3
    security_profile: int = Field(default=1, ge=0, le=3)
    latitude_degrees: float | None = Field(default=None, ge=-90, le=90)
    longitude_degrees: float | None = Field(default=None, ge=-180, le=180)
    public: bool = True
    evses: tuple[EvseIn, ...] = Field(default=(), max_length=50)


class StationChangeIn(WireModel):
    """PATCH of a station: what is left out stays; ``evses`` replaces all of them."""

    site_id: str | None = Field(default=None, min_length=1, max_length=64)
    name: str | None = Field(default=None, min_length=1, max_length=255)
    latitude_degrees: float | None = Field(default=None, ge=-90, le=90)
    longitude_degrees: float | None = Field(default=None, ge=-180, le=180)
    public: bool | None = None
    evses: tuple[EvseIn, ...] | None = Field(default=None, min_length=1, max_length=50)


class StationBlockIn(WireModel):
    """Why a station is refused from now on; staff reads it, and the station as its socket is closed."""

    reason: str = Field(min_length=1, max_length=255)


class StationKey(WireModel):
    """A station's new password; it is told this once, and null when the request is repeated."""

    station_id: str
    key: str | None


class StationCreated(WireModel):
    """``key`` is the station's password; it is told this once, and null when the request is repeated."""

    id: str
    key: str | None


class KeyRotated(WireModel):
    """How a station took its new key.

    ``outcome`` accepted: it comes back with the new one, and then the old one is refused (``status`` RebootRequired:
    after a restart). rejected, not_supported: the old one stays, alone; so it does when the station was not ``told``,
    because it is not connected. Anything else: both are valid until it comes with the new one.
    """

    station_id: str
    outcome: str
    status: str | None
    detail: str | None
    told: bool


class StationReportOut(WireModel):
    """Something that a station told of itself: ``content`` is the message that ``report`` names, in OCPP 2.x's words.

    ``request_id`` is that of the command it answers; of a long report's parts all but the last are ``to_be_continued``.
    """

    id: str
    station_id: str
    report: str
    timestamp: AwareDatetime
    received_at: AwareDatetime
    evse_id: int | None
    request_id: int | None
    seq_no: int | None
    to_be_continued: bool
    content: dict[str, Any]
