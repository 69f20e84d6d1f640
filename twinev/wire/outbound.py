"""What TwinEV tells other modules on ``twinev.v1.evt.*``: sessions, plans, restrictions, series; the list of all kinds.

Every event comes at least once; who must not count one twice remembers its ``id``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from twinev.wire.base import WireModel
from twinev.wire.event_data import SITE, STATION, EventData, StationData, shown
from twinev.wire.pricing_events import PRICING_EVENTS
from twinev.wire.reservation_events import RESERVATION_EVENTS
from twinev.wire.station_events import STATION_EVENTS

_SESSION = STATION | {"evse_id": 1, "session_id": "5f0c2a8be1f54d3c9a6d1f7f3f0a8d11"}
_RESTRICTION = SITE | {
    "site_ids": ["car-park-east"],
    "restriction_id": "0b8f6c1d2e3f4a5b8c7d6e5f4a3b2c1d",
    "station_ids": ["RDAM-0815", "RDAM-0816"],
    "limit_kw": 18.0,
    "start": "2026-11-25T17:00:00+00:00",
    "end": "2026-11-25T19:00:00+00:00",
    "v2g": False,
    "created_by": "grid_operator",
}


class SessionData(StationData):
    """Base of what happened in a charging session."""

    evse_id: int = Field(ge=0, description="The EVSE within the station, from 1.")
    session_id: str


class SessionStarted(SessionData):
    """An EV plugged in and its transaction began."""

    model_config = shown(_SESSION | {"ocpp_transaction_id": "4711"})
    ocpp_transaction_id: str = Field(description="The transaction's id in OCPP.")


class SessionUpdated(SessionData):
    """A session's charging state changed."""

    model_config = shown(_SESSION | {"charging_state": "SuspendedEV"})
    charging_state: str = Field(description="ChargingStateEnumType of OCPP 2.0.1.")


class SessionNeeds(SessionData):
    """The driver asked for something else: energy, departure, profile."""

    model_config = shown(_SESSION)


class SessionEventsMissing(SessionData):
    """Events of the transaction have not come (yet), by their numbers; an empty list: all are there again."""

    model_config = shown(_SESSION | {"missing_seq_nos": [[3, 5]]})
    missing_seq_nos: tuple[tuple[int, int], ...] = Field(
        description="First and last seqNo of each run that is missing."
    )


class SessionEnded(SessionData):
    """The transaction ended."""

    model_config = shown(_SESSION | {"reason": "EVDisconnected", "energy_kwh": 18.42})
    reason: str = Field(description="ReasonEnumType of OCPP 2.0.1, or Superseded by a newer transaction.")
    energy_kwh: float = Field(description="Delivered energy, by the station's meter. [kWh]")


class SiteChanged(EventData):
    """A site was made or its settings changed."""

    model_config = shown(SITE)


class PlanMade(EventData):
    """A site has a new plan, verified and stored; it is being sent to the stations."""

    model_config = shown(
        SITE
        | {
            "plan_id": "c0ffee00c0ffee00c0ffee00c0ffee00",
            "trigger": "series.changed",
            "status": "optimal",
            "shortfall_kwh": 0.0,
            "start": "2026-11-25T17:00:00+00:00",
            "slot_minutes": 15,
            "charging_kw": [22.0, 22.0, 11.0, 0.0],
        }
    )
    plan_id: str
    trigger: str = Field(description="Which events led to it, joined by commas.")
    status: Literal["optimal", "feasible", "infeasible"] = Field(
        description="infeasible: no plan keeps the limits, this one breaks them least."
    )
    shortfall_kwh: float = Field(ge=0, description="Energy that drivers asked for and do not get. [kWh]")
    start: AwareDatetime = Field(description="Begin of slot 0.")
    slot_minutes: float = Field(gt=0, description="Length of a slot. [min]")
    charging_kw: tuple[float, ...] = Field(
        description="Mean power of all EVs of the plan in each slot, negative where they discharge; in slot 0 over "
        "what is left of it. [kW]"
    )


class PlanSent(EventData):
    """The plan's charging profiles were sent to the stations, or will not be taken."""

    model_config = shown(
        SITE
        | {
            "plan_id": "c0ffee00c0ffee00c0ffee00c0ffee00",
            "commands": 4,
            "not_following": {"RDAM-0816": "SetChargingProfile rejected"},
        }
    )
    plan_id: str | None = Field(description="null where there was nobody to plan and fallbacks were sent.")
    commands: int = Field(ge=0, description="How many profiles were sent.")
    not_following: dict[str, str] = Field(description="Stations that do not follow, each with the reason.")


class RestrictionCreated(EventData):
    """A grid operator limits the sum of the stations' power within [start, end)."""

    model_config = shown(_RESTRICTION)

    site_ids: tuple[str, ...] = Field(min_length=1)
    restriction_id: str
    station_ids: tuple[str, ...] = Field(min_length=1)
    limit_kw: float = Field(ge=0, description="Limit of the stations' sum. [kW]")
    start: AwareDatetime
    end: AwareDatetime
    v2g: bool = Field(default=False, description="Whether EVs there may give energy back within the window.")
    created_by: str


class RestrictionChanged(RestrictionCreated):
    """A restriction's limit, end or leave for V2G was changed; all that it says now."""

    model_config = shown(_RESTRICTION | {"changed_by": "olga"})

    changed_by: str


class RestrictionRevoked(RestrictionCreated):
    """A restriction was taken back before its end."""

    model_config = shown(_RESTRICTION)


class RestrictedStation(BaseModel):
    """One station under a restriction."""

    model_config = ConfigDict(extra="allow", frozen=True)

    station_id: str
    state: str
    reason: str | None = Field(default=None, description="Why it does not follow.")


class RestrictionState(EventData):
    """How far a restriction has come, from its order to the meter."""

    model_config = shown(
        SITE
        | {
            "site_ids": ["car-park-east"],
            "restriction_id": "0b8f6c1d2e3f4a5b8c7d6e5f4a3b2c1d",
            "state": "enforced",
            "stations": [{"station_id": "RDAM-0815", "state": "enforced", "reason": None}],
            "first_enforced_at": "2026-11-25T17:00:04+00:00",
            "highest_kw": 17.2,
        }
    )
    site_ids: tuple[str, ...] = Field(min_length=1)
    restriction_id: str
    state: Literal["scheduled", "pending", "enforced", "partly", "not_enforced", "ended", "revoked"]
    stations: tuple[RestrictedStation, ...] = Field(default=(), description="Each selected station.")
    first_enforced_at: AwareDatetime | None = None
    highest_kw: float | None = Field(default=None, description="The highest sum since it was enforced. [kW]")


class SeriesChanged(EventData):
    """A price, demand, production, renewable share or flexibility order of the site changed."""

    model_config = shown(
        SITE | {"kind": "price_eur_per_kwh", "subject": "NL", "source": "market.example", "message_id": "2026-11-25/1"}
    )
    kind: Literal["price_eur_per_kwh", "demand_kw", "production_kw", "flexibility_kw", "renewable_share"]
    subject: str = Field(description="The price zone, or the site.")
    source: str | None = Field(default=None, description="Who sent the message that changed it, if one did.")
    message_id: str | None = Field(default=None, description="That message's id.")


EVENTS: dict[str, type[BaseModel]] = {
    "session.started": SessionStarted,
    "session.updated": SessionUpdated,
    "session.needs": SessionNeeds,
    "session.ended": SessionEnded,
    "session.events_missing": SessionEventsMissing,
    "plan.made": PlanMade,
    "plan.sent": PlanSent,
    "restriction.created": RestrictionCreated,
    "restriction.changed": RestrictionChanged,
    "restriction.revoked": RestrictionRevoked,
    "restriction.state": RestrictionState,
    **RESERVATION_EVENTS,
    **STATION_EVENTS,
    **PRICING_EVENTS,
    "site.changed": SiteChanged,
    "series.changed": SeriesChanged,
}


class EventMessage(WireModel):
    """The envelope of every event; ``data`` depends on its kind."""

    id: str = Field(description="Unique; also the header Nats-Msg-Id.")
    kind: str = Field(description="What happened; the subject ends in it.")
    at: AwareDatetime = Field(description="When, by the platform's clock.")
    data: dict[str, Any]
