"""Charging sessions and what was measured in them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment
from twinev.wire.rest.station_limits import LimitStep
from twinev.wire.rest.tariffs import Amount, SessionCostOut


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
    departure_at: Moment | None = None
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


class ChargingWishIn(WireModel):
    """How a driver wants to charge, from a reservation or at a private station that he may use.

    ``target_soc`` comes with ``soc``, the state of charge now, and ``battery_kwh`` or a ``vehicle_id``.
    """

    station_id: str | None = Field(default=None, max_length=48)
    evse_id: int = Field(default=1, ge=1, le=1000)
    reservation_id: str | None = Field(default=None, max_length=64)
    vehicle_id: str | None = Field(default=None, max_length=64)
    battery_kwh: float | None = Field(default=None, ge=1, le=1000)
    soc: float | None = Field(default=None, ge=0, le=1)
    target_soc: float | None = Field(default=None, ge=0, le=1)
    energy_kwh: float | None = Field(default=None, gt=0, le=1000)
    departure_at: Moment | None = None
    profile: Literal["cheap", "fast", "green", "default"] | None = None
    stop_at_target: bool = True


class SessionStartIn(ChargingWishIn):
    """POST /sessions: start charging from afar.

    An operator names a station and the ``id_token`` of whoever charges. Without an ``id_token`` the caller himself
    charges: from his reservation, or at a private station that he may use; the rest says how.
    """

    id_token: str | None = Field(default=None, max_length=255)


class PlannedStepOut(WireModel):
    """A stretch of the plan at one mean power. [kW]"""

    start: AwareDatetime
    end: AwareDatetime
    power_kw: float


class CourseSlotOut(WireModel):
    """One slot of a session: what flowed, at which mean power, what was planned for it, and what that cost.

    ``planned_kw`` is the mean of the charging profiles that the station had accepted; null where it had none.
    ``cost_excl_vat`` is without fees and rounding; null for staff that sees no bills.
    """

    start: AwareDatetime
    end: AwareDatetime
    energy_kwh: float
    power_kw: float
    planned_kw: float | None
    cost_excl_vat: Amount | None


class CourseReadingOut(WireModel):
    """The meter of a session: energy since it began."""

    at: AwareDatetime
    energy_kwh: float


class SessionCourseOut(WireModel):
    """How a session went, slot by slot, as far as it was measured.

    ``planned`` are the limits that the station had accepted, each until the next; null: none.
    ``other_excl_vat`` is what the slots' costs lack to the total: fees, whole blocks, a least or most, rounding.
    """

    session_id: str
    slot_minutes: int
    slots: tuple[CourseSlotOut, ...]
    readings: tuple[CourseReadingOut, ...]
    planned: tuple[LimitStep, ...]
    tariff_id: str | None
    currency: str
    other_excl_vat: Amount | None
    total_excl_vat: Amount | None
    total_incl_vat: Amount | None


class MeasuredStepOut(WireModel):
    """A stretch of what was measured, at its mean power. [kW]"""

    start: AwareDatetime
    end: AwareDatetime
    power_kw: float


class SessionProgressOut(WireModel):
    """How far a session has come.

    ``soc`` is what the EV tells (``soc_told``), or is reckoned from the driver's word and the energy; null: unknown.
    ``done_at`` is when, by the plan, the energy asked for will have flowed. ``stop_at`` is the end of the reservation.
    ``cost`` is what the session has cost as far as it was measured; null for staff that sees no bills. ``measured`` is
    the power since its begin, in at most some hundred stretches.
    """

    session_id: str
    active: bool
    charging_state: str | None
    energy_kwh: float
    energy_requested_kwh: float | None
    power_kw: float
    planned_kw: float | None
    soc: float | None
    soc_told: bool
    target_soc: float | None
    departure_at: AwareDatetime | None
    done_at: AwareDatetime | None
    reservation_id: str | None
    stop_at_target: bool
    stop_at: AwareDatetime | None
    cost: SessionCostOut | None
    measured: tuple[MeasuredStepOut, ...]
    plan: tuple[PlannedStepOut, ...]
    explanation: str | None


class ProfileOutcomeOut(WireModel):
    """What one profile would give by the departure.

    ``soc`` is the state of charge then; null without a word on the battery. ``done_at`` is when the energy asked for
    will have flowed; null where it will not. ``renewable_part`` is 0 to 1; null where no energy flows.
    """

    profile: Literal["cheap", "fast", "green", "default"]
    energy_kwh: float
    soc: float | None
    done_at: AwareDatetime | None
    cost: SessionCostOut
    renewable_part: float | None
    plan: tuple[PlannedStepOut, ...]
    explanation: str | None


class ChargingPreviewOut(WireModel):
    """What charging would come to with each profile, if it started ``now``."""

    station_id: str
    evse_id: int
    now: AwareDatetime
    departure_at: AwareDatetime
    wanted_kwh: float
    outcomes: tuple[ProfileOutcomeOut, ...]
