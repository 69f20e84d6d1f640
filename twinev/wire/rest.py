"""Bodies of ``/api/v1``, shared by the API and its client."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.inbound import DeadLetter

Item = TypeVar("Item")


class Page(WireModel, Generic[Item]):
    """A page of a list; ``next_cursor`` is None on the last one."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class Problem(WireModel):
    """RFC 9457 problem details; ``key``, ``value`` and ``allowed`` come with bad input."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    key: str | None = None
    value: str | None = None
    allowed: str | None = None


# ── Login ────────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── Charge points ────────────────────────────────────────────────────────────────────────────────────────────────────


class SiteOut(WireModel):
    """A site with its live state: power of all its sessions, and what its supply point allows."""

    id: str
    name: str
    latitude_degrees: float
    longitude_degrees: float
    supply_max_kw: float
    supply_min_kw: float
    price_zone: str
    time_zone: str
    charging_kw: float
    demand_kw: float
    production_kw: float
    active_sessions: int


class SiteIn(WireModel):
    """PUT /sites/{id}; ``fallback_kw`` None shares the supply point evenly among the EVSEs."""

    name: str = Field(min_length=1, max_length=255)
    latitude_degrees: float = Field(ge=-90, le=90)
    longitude_degrees: float = Field(ge=-180, le=180)
    supply_max_kw: float = Field(ge=0, le=1_000_000)
    supply_min_kw: float = Field(default=0.0, ge=-1_000_000, le=0)
    fallback_kw: float | None = Field(default=None, ge=0, le=1_000_000)
    price_zone: str = Field(default="NL", min_length=1, max_length=64)
    time_zone: str = Field(default="Europe/Amsterdam", min_length=1, max_length=64)
    slot_minutes: int = Field(default=15, ge=1, le=60)
    horizon_slots: int = Field(default=96, ge=1, le=1000)
    accepts_unknown_tokens: bool = False


class EvseOut(WireModel):
    """An EVSE; ``power_kw`` and ``planned_kw`` are now's measured power and now's limit from the plan."""

    id: int
    connector_type: str
    max_kw: float
    phases: int
    status: str
    power_kw: float
    planned_kw: float | None
    session_id: str | None


class NotFollowing(WireModel):
    """Why a station does not do what it was told, and since when.

    ``cause`` is rejected, not_supported, call_error, timeout, offline, read_back or meter.
    """

    cause: str
    reason: str
    since: AwareDatetime


class StationOut(WireModel):
    """A station; ``not_following`` where it does not do what it was told."""

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


class LimitStep(WireModel):
    """From ``start`` to the next step, at most ``limit_kw``; null where nothing limits it."""

    start: AwareDatetime
    limit_kw: float | None


class InstalledProfile(WireModel):
    """A charging profile that the station accepted, as it was rounded for it."""

    id: int
    purpose: str
    stack_level: int
    evse_id: int
    ocpp_transaction_id: str | None
    ends_at: AwareDatetime | None
    steps: tuple[LimitStep, ...]


class LimitDifference(WireModel):
    """Where a report of the station differed from what it had accepted."""

    start: AwareDatetime
    end: AwareDatetime
    expected_kw: float
    reported_kw: float


class ExternalLimitOut(WireModel):
    """A limit that others set at the station (NotifyChargingLimit); ``evse_id`` 0 is the whole station."""

    evse_id: int
    source: str
    grid_critical: bool
    since: AwareDatetime
    ends_at: AwareDatetime | None
    steps: tuple[LimitStep, ...]


class EvseLimitsOut(WireModel):
    """One EVSE: ``expected`` is what its profiles come to over the next day, ``reported`` what it said at that time."""

    evse_id: int
    profiles: tuple[InstalledProfile, ...]
    unsure: tuple[str, ...]
    expected: tuple[LimitStep, ...]
    reported_at: AwareDatetime | None = None
    reported: tuple[LimitStep, ...] = ()
    differences: tuple[LimitDifference, ...] = ()


class StationLimitsOut(WireModel):
    """GET /stations/{id}/limits: what holds at the station, and what does not."""

    station_id: str
    not_following: NotFollowing | None
    external_limits: tuple[ExternalLimitOut, ...]
    evses: tuple[EvseLimitsOut, ...]


class StationIn(WireModel):
    """POST /stations: register a charging station whose EVSEs are alike."""

    id: str = Field(min_length=1, max_length=48)
    site_id: str
    name: str | None = Field(default=None, min_length=1, max_length=255)
    evse_count: int = Field(default=1, ge=1, le=50)
    max_kw: float = Field(default=22.0, gt=0, le=5000)
    phases: Literal[1, 3] = 3
    security_profile: int = Field(default=1, ge=0, le=3)


class StationCreated(WireModel):
    """``key`` is the station's password; it is told this once."""

    id: str
    key: str | None


class KeyRotated(WireModel):
    """How a station took its new key.

    ``outcome`` accepted: it comes back with the new one, and then the old one is refused (``status`` RebootRequired:
    after a restart). rejected, not_supported: the old one stays, alone. Anything else: both are valid until it comes
    with the new one.
    """

    station_id: str
    outcome: str
    status: str | None
    detail: str | None


class IdTokenIn(WireModel):
    """PUT /id-tokens/{id_token}: whether a card may charge (an OCPP AuthorizationStatus)."""

    status: str = "Accepted"
    user_id: str | None = None


class IdTokenOut(WireModel):
    id_token: str
    status: str


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


class CommandOut(WireModel):
    """A command that was sent to a station, and how it went.

    ``app`` is the program that the user sent it with, ``detail`` why it went so, ``response`` the station's answer.
    """

    id: str
    station_id: str
    action: str
    issued_by: str
    sent_at: AwareDatetime
    answered_at: AwareDatetime | None
    outcome: str | None
    status: str | None
    round_trip_ms: float | None
    plan_id: str | None
    restriction_id: str | None = None
    app: str | None = None
    detail: str | None = None
    payload: dict[str, Any]
    response: dict[str, Any] | None = None


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


# ── Plans, series, restrictions ──────────────────────────────────────────────────────────────────────────────────────


class PlanCreated(WireModel):
    """The answer to POST /plans: ``schedule`` is the schedule file."""

    id: str
    schedule: dict[str, Any]


class PlanAsked(WireModel):
    """What the Smart Charging Tool was asked for beside the scenario and the formulation."""

    profile: str | None
    solver: str
    gap: float
    time_limit_seconds: float


class PlanOut(WireModel):
    """A stored plan. ``scenario`` and ``schedule`` are the two files; left out in lists, as is ``asked``.

    ``solver`` and ``gap`` are the solver that was used and the gap that was reached.
    """

    id: str
    site_id: str | None
    made_at: AwareDatetime
    trigger: str
    formulation: str
    status: str
    solver: str
    gap: float | None
    objective: float | None
    solve_seconds: float
    scenario: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = None
    asked: PlanAsked | None = None


class SeriesIn(WireModel):
    """PUT /series/{kind}/{subject}: values of equal steps; a value replaces the one that was there."""

    start: AwareDatetime
    step_minutes: int = Field(ge=1, le=1440)
    values: tuple[float, ...] = Field(min_length=1, max_length=40_000)


class SeriesOut(WireModel):
    kind: str
    subject: str
    start: AwareDatetime
    step_minutes: int
    values: tuple[float | None, ...]


class RestrictionIn(WireModel):
    station_ids: tuple[str, ...] = Field(min_length=1, max_length=10_000)
    # Strict: true is no limit of 1 kW.
    limit_kw: float = Field(ge=0, le=1_000_000, strict=True)
    start: AwareDatetime
    end: AwareDatetime
    v2g: bool = False


class RestrictionCreated(WireModel):
    id: str


class StationEnforcement(WireModel):
    """One station under a restriction: ``state`` as for the whole, ``reason`` where it does not follow."""

    station_id: str
    state: str
    reason: str | None = None
    power_kw: float = 0.0


class RestrictionOut(WireModel):
    """``state`` is an Enforcement; ``power_kw`` the selected stations' measured sum now."""

    id: str
    station_ids: tuple[str, ...]
    limit_kw: float
    start: AwareDatetime
    end: AwareDatetime
    v2g: bool
    created_by: str
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None
    state: str
    power_kw: float
    stations: tuple[StationEnforcement, ...]
    first_enforced_at: AwareDatetime | None = None
    highest_kw: float | None = None


class RestrictionPreview(WireModel):
    """What the restriction would do: computed by planning the site with and without it.

    ``start`` and ``slot_minutes`` place the two curves (the selected stations' sum per slot), in kW.
    """

    evs_affected: int
    shortfall_kwh: float
    cost_eur: float
    start: AwareDatetime
    slot_minutes: float
    before_kw: tuple[float, ...]
    after_kw: tuple[float, ...]
    explanations: tuple[str, ...] = ()


# ── The system ───────────────────────────────────────────────────────────────────────────────────────────────────────


class PartHealth(WireModel):
    name: str
    ok: bool
    detail: str = ""


class HealthOut(WireModel):
    status: str
    version: str
    now: AwareDatetime
    parts: tuple[PartHealth, ...]


class DeadLetterOut(DeadLetter):
    """A message that was refused, with its number."""

    id: str


class EventOut(WireModel):
    """One server-sent event of GET /events; ``kind`` is the SSE event name."""

    id: str
    kind: str
    at: AwareDatetime
    data: dict[str, Any]
