"""From a site's state to the problem that the Smart Charging Tool solves. Pure.

Energy is counted from the plug-in: a session's ``soc_kwh`` is what has been delivered, its capacity what the driver
asked for, so that the EV's true state of charge, which no station reports, is not needed. A restriction becomes a group
of sessions with a cap on their sum; a slot that it touches only in part is bound as a whole. What cannot be steered (a
station that is offline or does not do as it is told, an EVSE whose station has no room for its profile) is no decision:
what it may draw is added to the site's demand and taken off the caps of its groups. What others limit a station to
(OCPP NotifyChargingLimit) caps its sessions, whatever it was told. An EV gives energy back only where its EVSE declares
that it discharges on command and the EV said how much, and within a restriction only where that allows V2G; what it
brought is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.domain.tariff import PLANNED_WITH, SeriesKind
from twinev.sct import Problem
from twinev.services.evse_limits import EvseKey
from twinev.services.fill_series import fill_missing
from twinev.services.limit_groups import capped_kw, discharge_caps_kw, restriction_groups, station_groups
from twinev.services.site_state import OUT_OF_SERVICE_AFTER, SiteState

# A battery must have some room, or the problem refuses it.
LEAST_ROOM_KWH = 0.001


@dataclass(frozen=True, kw_only=True)
class BuiltProblem:
    """A problem and what its plan's reader must know: who is decided on, what is reserved, what stands in for data.

    ``reserved_kw`` is, per EVSE that cannot be steered, what it may draw in each slot.
    """

    problem: Problem
    scenario: dict[str, Any]
    formulation: str
    horizon: Horizon
    decided: tuple[ChargingSession, ...]
    reserved_kw: Mapping[EvseKey, tuple[float, ...]]
    notes: tuple[str, ...] = ()


def build_problem(state: SiteState) -> BuiltProblem:
    """Return the problem of one site as it stands."""
    horizon = state.horizon
    decided = tuple(session for session in state.sessions if _is_decided(state, session))
    reserved_kw = reserved_kw_of(state, horizon)
    series, notes = _fill_series(state, horizon)
    groups, group_notes = restriction_groups(state, horizon, decided, reserved_kw)
    groups += station_groups(state, horizon, decided)
    formulation = _formulation(state, series, decided)
    reserved_sum_kw = [sum(slot) for slot in zip(*reserved_kw.values(), strict=True)] or [0.0] * horizon.slots
    demand_kw = [
        max(demand, 0.0) + held for demand, held in zip(series[SeriesKind.DEMAND], reserved_sum_kw, strict=True)
    ]
    scenario = {
        "slot_minutes": horizon.slot_minutes,
        "first_slot_minutes": horizon.first_slot_minutes,
        "slots": horizon.slots,
        # Explanations tell their times in the zone of this offset: the drivers' own.
        "start": horizon.start.astimezone(ZoneInfo(state.site.time_zone)).isoformat(),
        "supply_point": {"max_kw": state.site.supply_max_kw, "min_kw": state.site.supply_min_kw},
        "demand_kw": demand_kw,
        "production_kw": [max(value, 0.0) for value in series[SeriesKind.PRODUCTION]],
        "flexibility_kw": list(series[SeriesKind.FLEXIBILITY]),
        "price_eur_per_kwh": list(series[SeriesKind.PRICE]),
        "renewable_share": [min(max(value, 0.0), 1.0) for value in series[SeriesKind.RENEWABLE_SHARE]],
        "groups": groups,
        "sessions": [_session_entry(state, session, horizon) for session in decided],
    }
    return BuiltProblem(
        problem=Problem.from_dict(scenario),
        scenario=scenario,
        formulation=formulation,
        horizon=horizon,
        decided=decided,
        reserved_kw=reserved_kw,
        notes=(*notes, *group_notes, *_reservation_notes(reserved_kw), *_external_notes(state)),
    )


def _formulation(
    state: SiteState, series: Mapping[SeriesKind, tuple[float, ...]], decided: tuple[ChargingSession, ...]
) -> str:
    """The smallest formulation that knows all that this problem has in it."""
    if any(series[SeriesKind.FLEXIBILITY]):
        return "grid"
    return "v2g" if any(state.discharge_limit_kw(session) > 0 for session in decided) else "cpo"


def _is_decided(state: SiteState, session: ChargingSession) -> bool:
    return state.steerable(session) and state.power_limit_kw(session) > 0


def _session_entry(state: SiteState, session: ChargingSession, horizon: Horizon) -> dict[str, Any]:
    delivered_kwh = max(session.energy_kwh, 0.0)
    target_kwh = delivered_kwh + needed_kwh(state, session)
    capacity_kwh = max(target_kwh, delivered_kwh + LEAST_ROOM_KWH)
    target_slot = target_slot_of(state, session, horizon)
    entry: dict[str, Any] = {}
    if (discharge_kw := state.discharge_limit_kw(session)) > 0:
        entry["evse_discharge_power_kw"] = discharge_kw
        if (caps := discharge_caps_kw(state, session, horizon)) is not None:
            entry["max_discharge_kw"] = caps
    caps_kw = capped_kw(state, (session.station_id, session.evse_id), horizon)
    if any(kw is not None for kw in caps_kw):
        power_kw = state.power_limit_kw(session)
        entry["max_kw"] = [power_kw if kw is None else min(max(kw, 0.0), power_kw) for kw in caps_kw]
    return entry | {
        "id": session.id,
        "capacity_kwh": capacity_kwh,
        "soc_kwh": delivered_kwh,
        "evse_power_kw": state.power_limit_kw(session),
        "target_soc": min(target_kwh / capacity_kwh, 1.0),
        "target_slot": target_slot,
        "departure_slot": target_slot,
        "profile": str(session.needs.profile),
    }


def needed_kwh(state: SiteState, session: ChargingSession) -> float:
    """What is still to be delivered; none where the EV takes nothing though it may. [kWh]"""
    if session.id in state.idle_session_ids:
        return 0.0
    asked_kwh = session.needs.energy_kwh
    wanted_kwh = state.site.default_energy_kwh if asked_kwh is None else asked_kwh
    return max(wanted_kwh - max(session.energy_kwh, 0.0), 0.0)


def target_slot_of(state: SiteState, session: ChargingSession, horizon: Horizon) -> int:
    """The last slot that ends by the departure; an EV that stays past it is served by the end of the next slot."""
    departure = session.departure(stay_minutes=state.site.default_stay_minutes)
    if departure <= state.now:
        return min(1, horizon.slots - 1)
    return max(horizon.last_slot_ending_by(departure), 0)


def reserved_kw_of(state: SiteState, horizon: Horizon) -> dict[EvseKey, tuple[float, ...]]:
    """What each EVSE that cannot be steered may draw in each slot. [kW]"""
    reserved: dict[EvseKey, tuple[float, ...]] = {}
    for station in state.stations:
        for evse in station.evses:
            key = (station.id, evse.id)
            session = state.session_at(key)
            unsteered = not station.online or station.id in state.unresponsive
            if not unsteered and session is not None and state.follows_common_fallback(session):
                reserved[key] = _common_fallback_kw(state, session, horizon)
            if not unsteered or (session is None and _out_of_service(state, station.id)):
                continue
            ceiling_kw = state.power_limit_kw(session) if session else min(state.fallback_kw, evse.max_kw)
            reserved[key] = may_draw_kw(state, key, horizon, otherwise_kw=ceiling_kw)
    return reserved


def _common_fallback_kw(state: SiteState, session: ChargingSession, horizon: Horizon) -> tuple[float, ...]:
    """What an EVSE that shares its station's one TxDefaultProfile may draw in each slot. [kW]

    What the station will be told, not what it was: nothing rises before this is accepted.
    """
    station = state.station(session.station_id)
    lowest_kw = min(min(state.fallback_kw, evse.max_kw) for evse in station.evses)
    own_kw = min(lowest_kw, state.power_limit_kw(session))
    restrictions = [r for r in state.restrictions if station.id in r.station_ids]
    edges = {edge for r in restrictions for edge in (r.start, r.end)}

    def at_kw(instant: datetime) -> float:
        parts = (r.limit_kw / max(state.evses_under.get(r.id, 1), 1) for r in restrictions if r.in_force(instant))
        return min([own_kw, *parts])

    highest_kw: list[float] = []
    for slot in range(horizon.slots):
        start, end = max(horizon.slot_start(slot), state.now), horizon.slot_end(slot)
        highest_kw.append(max(at_kw(instant) for instant in (start, *(e for e in edges if start < e < end))))
    return tuple(highest_kw)


def _out_of_service(state: SiteState, station_id: str) -> bool:
    """A station without an EV counts while one may plug in unseen: not when online, nor after a day of silence."""
    station = state.station(station_id)
    return station.online or station.last_seen is None or state.now - station.last_seen > OUT_OF_SERVICE_AFTER


def may_draw_kw(state: SiteState, key: EvseKey, horizon: Horizon, *, otherwise_kw: float) -> tuple[float, ...]:
    """What one EVSE may draw in each slot: by what it was told, or more where its meter says so. [kW]"""
    session = state.session_at(key)
    limits = state.limits_of(key)
    transaction = session.ocpp_transaction_id if session else None
    measured_kw = session.power_kw if session and key[0] in state.unresponsive else 0.0
    told = [
        limits.highest_kw(
            horizon.slot_start(slot), horizon.slot_end(slot), ocpp_transaction_id=transaction, otherwise_kw=otherwise_kw
        )
        for slot in range(horizon.slots)
    ]
    # A station keeps the limits of others by itself, whatever it was told.
    caps = [capped_kw(state, place, horizon) for place in (key, (key[0], 0))]
    bounded = [
        min(kw for kw in (told[slot], *(cap[slot] for cap in caps)) if kw is not None) for slot in range(len(told))
    ]
    # Nobody counts on an EV giving energy back that no plan reaches.
    return tuple(max(kw, measured_kw, 0.0) for kw in bounded)


def _fill_series(state: SiteState, horizon: Horizon) -> tuple[dict[SeriesKind, tuple[float, ...]], list[str]]:
    filled: dict[SeriesKind, tuple[float, ...]] = {}
    notes: list[str] = []
    for kind in PLANNED_WITH:
        yesterday = state.price_yesterday if kind is SeriesKind.PRICE else ()
        filled[kind], note = fill_missing(kind, state.series.get(kind, ()), slots=horizon.slots, yesterday=yesterday)
        notes += [note] if note else []
    return filled, notes


def _reservation_notes(reserved_kw: Mapping[EvseKey, tuple[float, ...]]) -> list[str]:
    return [
        f"EVSE {evse_id} of station {station_id} cannot be steered: {max(kw):.1f} kW are reserved for it."
        for (station_id, evse_id), kw in reserved_kw.items()
        if max(kw) > 0
    ]


def _external_notes(state: SiteState) -> list[str]:
    limited = {(limit.station_id, limit.source): None for limit in state.external_limits}
    return [
        f"Station {station_id} is limited by {source}, which is kept beside this plan's own limits."
        for station_id, source in limited
    ]
