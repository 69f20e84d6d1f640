"""From a plan to what stations are told: charging profiles. Pure.

A session's plan is a TxProfile; each EVSE has its fallback as TxDefaultProfile; each station has a maximum, which holds
whatever else it is told: its hardware's, or the restriction's in one. Ids and stack levels: `desired_profile`.

Limits are mean powers of their slot, rounded down to the watt, save where EVs take turns. The TxProfiles of a site end
together, with the last slot that is planned for any of its sessions, and from there the TxDefaultProfiles rule: these
fit into the limits together, but not beside the plans of others. An EV that stays longer than planned gets nothing
until the next plan, which is made as the slot ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from twinev.domain.charge_points import Evse
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.grid import Restriction
from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.sct import Schedule
from twinev.services.build_problem import BuiltProblem
from twinev.services.desired_profile import STACK_LEVEL, DesiredProfile, profile_id
from twinev.services.fit_room import fit_room
from twinev.services.site_state import SiteState
from twinev.services.take_turns import SLOTS_WITH_TURNS, Charger, Turn, take_turns

# A station's clock may lag: a schedule that begins a little in the past rules from the moment that it is accepted.
BEGIN_EARLY = timedelta(seconds=30)
# A solver's 3.9999999 kW is 4 kW, not 3.999.
SOLVER_NOISE_W = 1e-3


def translate_plan(schedule: Schedule, built: BuiltProblem, state: SiteState) -> list[DesiredProfile]:
    """Return every profile that the site's stations shall have by this plan, fallbacks and maxima included."""
    energy_kwh = {session.id: session.energy_kwh for session in schedule.sessions}
    turns = _turns(schedule, built, state)
    desired = fallback_profiles(state)
    last_slot = max((entry["departure_slot"] for entry in built.scenario["sessions"]), default=0)
    for session in built.decided:
        desired.append(
            DesiredProfile(
                key=(session.station_id, session.evse_id),
                profile=tx_profile(
                    session,
                    energy_kwh[session.id],
                    built.horizon,
                    last_slot=last_slot,
                    turns={slot: known[session.id] for slot, known in turns.items() if session.id in known},
                ),
                ceiling_kw=state.power_limit_kw(session),
                restriction_id=_first_restriction(state, session.station_id),
            )
        )
    return fit_room([*desired, *station_max_profiles(state)], state.room)


def standing_profiles(state: SiteState) -> list[DesiredProfile]:
    """Return what the stations shall have where no session is planned: fallbacks and maxima."""
    return fit_room([*fallback_profiles(state), *station_max_profiles(state)], state.room)


def tx_profile(
    session: ChargingSession,
    energy_kwh: Iterable[float],
    horizon: Horizon,
    *,
    last_slot: int,
    turns: Mapping[int, list[Turn]] | None = None,
) -> ChargingProfile:
    """Return the plan of one session as a TxProfile that ends with ``last_slot``.

    Parameters
    ----------
    energy_kwh : (n_slots,)
        Planned energy at the EVSE per slot; positive charges the EV. [kWh]
    turns : mapping of slot to list of Turn
        The slots in which it charges only at times.
    """
    start = _early(horizon.now)
    steps: dict[int, float] = {}
    for slot, energy in enumerate(list(energy_kwh)[: last_slot + 1]):
        offset = 0 if slot == 0 else _seconds(horizon.slot_end(slot - 1) - start)
        if turns and slot in turns:
            begin = offset if slot else _seconds(whole_second(horizon.now) - start)
            steps[offset] = 0.0
            for turn in turns[slot]:
                steps |= {begin + turn.start_seconds: round_down_kw(turn.power_kw), begin + turn.end_seconds: 0.0}
        else:
            steps[offset] = round_down_kw(energy / horizon.slot_hours[slot])
    end = _seconds(horizon.slot_end(last_slot) - start)
    periods: list[SchedulePeriod] = []
    for offset, limit_kw in sorted(steps.items()):
        if offset < end and (not periods or periods[-1].limit_kw != limit_kw):
            periods.append(SchedulePeriod(start_seconds=offset, limit_kw=limit_kw))
    return ChargingProfile(
        id=profile_id(session.evse_id, ProfilePurpose.TX),
        purpose=ProfilePurpose.TX,
        stack_level=STACK_LEVEL,
        evse_id=session.evse_id,
        schedule=ChargingSchedule(start=start, periods=tuple(periods), duration_seconds=end),
        ocpp_transaction_id=session.ocpp_transaction_id,
    )


def fallback_profiles(state: SiteState) -> list[DesiredProfile]:
    """Return the TxDefaultProfile of every EVSE: what rules when no plan does."""
    return [
        DesiredProfile(
            key=(station.id, evse.id),
            profile=fallback_profile(state, station.id, evse),
            ceiling_kw=evse.max_kw,
            restriction_id=_first_restriction(state, station.id),
        )
        for station in state.stations
        for evse in station.evses
    ]


def fallback_profile(state: SiteState, station_id: str, evse: Evse) -> ChargingProfile:
    """Return one EVSE's TxDefaultProfile: the site's fallback, in a restriction at most an even part of its limit."""
    restrictions = [restriction for restriction in state.restrictions if station_id in restriction.station_ids]
    own_kw = min(state.fallback_kw, evse.max_kw)
    return ChargingProfile(
        id=profile_id(evse.id, ProfilePurpose.TX_DEFAULT),
        purpose=ProfilePurpose.TX_DEFAULT,
        stack_level=STACK_LEVEL,
        evse_id=evse.id,
        schedule=_within(restrictions, own_kw, state.now, shared_by=state.evses_under),
    )


def station_max_profiles(state: SiteState) -> list[DesiredProfile]:
    """Return the ChargingStationMaxProfile of every station: its hardware's limit, in a restriction at most that one's.

    A restriction caps a sum: one station alone may take all of it, and the plan sees to the rest.
    """
    return [
        DesiredProfile(
            key=(station.id, 0),
            profile=ChargingProfile(
                id=profile_id(0, ProfilePurpose.STATION_MAX),
                purpose=ProfilePurpose.STATION_MAX,
                stack_level=STACK_LEVEL,
                evse_id=0,
                schedule=_within(
                    [restriction for restriction in state.restrictions if station.id in restriction.station_ids],
                    station.max_kw,
                    state.now,
                ),
            ),
            ceiling_kw=station.max_kw,
            restriction_id=_first_restriction(state, station.id),
        )
        for station in state.stations
    ]


def _within(
    restrictions: list[Restriction], own_kw: float, now: datetime, *, shared_by: Mapping[str, int] | None = None
) -> ChargingSchedule:
    """``own_kw`` without an end, in each restriction at most its limit, or an even part of it, to the second."""
    start = _early(now)
    edges = {start} | {
        edge for restriction in restrictions for edge in _whole_second_edges(restriction) if edge > start
    }
    periods: list[SchedulePeriod] = []
    for edge in sorted(edges):
        # What rules now rules from the early start on.
        limits_kw = _parts_kw(restrictions, shared_by or {}, max(edge, whole_second(now)) if edge == start else edge)
        limit_kw = round_down_kw(min([own_kw, *limits_kw]))
        if not periods or periods[-1].limit_kw != limit_kw:
            periods.append(SchedulePeriod(start_seconds=_seconds(edge - start), limit_kw=limit_kw))
    return ChargingSchedule(start=start, periods=tuple(periods))


def whole_second(instant: datetime) -> datetime:
    """Return ``instant`` without its fraction of a second: stations count whole ones."""
    return instant.replace(microsecond=0)


def round_down_kw(power_kw: float) -> float:
    """Return ``power_kw`` in whole watts, toward zero: neither charging nor discharging may grow."""
    noise = math.copysign(SOLVER_NOISE_W, power_kw)
    return math.trunc(power_kw * 1000 + noise) / 1000 + 0.0


def _turns(schedule: Schedule, built: BuiltProblem, state: SiteState) -> dict[int, dict[str, list[Turn]]]:
    """Who charges only at times in the next slots, for want of power. See `take_turns`."""
    scenario, hours = built.scenario, built.horizon.slot_hours
    energy_kwh = {session.id: session.energy_kwh for session in schedule.sessions}
    turns: dict[int, dict[str, list[Turn]]] = {}
    for slot in range(min(SLOTS_WITH_TURNS, built.horizon.slots)):
        power_kw = {session.id: energy_kwh[session.id][slot] / hours[slot] for session in built.decided}
        flow_kw = scenario["demand_kw"][slot] - scenario["production_kw"][slot] + sum(power_kw.values())
        chargers = [
            Charger(
                session_id=session.id,
                power_kw=power_kw[session.id],
                least_kw=state.least_power_kw(session),
                most_kw=state.power_limit_kw(session),
                groups=frozenset(g["id"] for g in scenario["groups"] if session.id in g["session_ids"]),
            )
            for session in built.decided
        ]
        turns[slot] = take_turns(
            chargers,
            slot_seconds=_slot_seconds(built.horizon, slot),
            spare_kw=scenario["supply_point"]["max_kw"] + min(scenario["flexibility_kw"][slot], 0.0) - flow_kw,
            group_spare_kw={
                g["id"]: g["max_kw"][slot] - sum(power_kw[session_id] for session_id in g["session_ids"])
                for g in scenario["groups"]
            },
        )
    return turns


def _slot_seconds(horizon: Horizon, slot: int) -> int:
    """Whole seconds of a slot, of the first one those that are left."""
    begin = whole_second(horizon.now) if slot == 0 else horizon.slot_end(slot - 1)
    return _seconds(horizon.slot_end(slot) - begin)


def _early(now: datetime) -> datetime:
    return whole_second(now) - BEGIN_EARLY


def _first_restriction(state: SiteState, station_id: str) -> str | None:
    return next((restriction.id for restriction in state.restrictions if station_id in restriction.station_ids), None)


def _parts_kw(restrictions: list[Restriction], shared_by: Mapping[str, int], edge: datetime) -> list[float]:
    return [
        restriction.limit_kw / max(shared_by.get(restriction.id, 1), 1)
        for restriction in restrictions
        if _whole_second_edges(restriction)[0] <= edge < _whole_second_edges(restriction)[1]
    ]


def _whole_second_edges(restriction: Restriction) -> tuple[datetime, datetime]:
    """The restriction's window in whole seconds, never shorter than it is."""
    end = whole_second(restriction.end)
    return whole_second(restriction.start), end if end == restriction.end else end + timedelta(seconds=1)


def _seconds(duration: timedelta) -> int:
    return round(duration.total_seconds())
