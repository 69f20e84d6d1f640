"""Charging sessions and what was measured in them."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel


class SessionOut(WireModel):
    id: str
    site_id: str
    station_id: str
    evse_id: int
    ocpp_transaction_id: str
    id_token: str | None
    started_at: AwareDatetime
    ended_at: AwareDatetime | None
    stop_reason: str | None
    charging_state: str | None
    energy_kwh: float
    power_kw: float
    measured_at: AwareDatetime | None
    energy_requested_kwh: float | None
    departure_at: AwareDatetime | None
    profile: str
    planned_kw: float | None
    explanation: str | None = None
    missing_seq_nos: list[tuple[int, int]] = Field(
        default_factory=list,
        description="Numbers of the transaction's events that did not come: the first and the last of each run",
    )


class SessionNeedsIn(WireModel):
    """PATCH of a session: what the driver asks for; what is left out stays."""

    energy_kwh: float | None = Field(default=None, ge=0, le=1000)
    departure_at: AwareDatetime | None = None
    profile: str | None = None


class MeterValueOut(WireModel):
    station_id: str
    evse_id: int
    session_id: str | None
    timestamp: AwareDatetime
    measurand: str
    value: float
    unit: str
    phase: str | None


class SessionStartIn(WireModel):
    """POST /sessions: start charging from afar."""

    station_id: str
    evse_id: int = 1
    id_token: str
