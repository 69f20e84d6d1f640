"""What each EVSE and each EV can do, as far as a file of past sessions shows it.

ACN-Data says neither an EVSE's nor an EV's power. Both are physical, so all sessions of the file may tell of them,
later ones too; the planner is told of the EVSE's alone.

An EVSE gives the usual power, or what it has shown where that is more: the 99th percentile over its sessions of 15 min
and longer of energy / stay. The percentile keeps a meter's slip out (a file of 2021 has 34 kWh in 2.5 min).

An EV draws at most the highest average power (energy / charging time) among its driver's sessions of 15 min and longer
at EVSEs of the same sort, usual or fast, this one included; a session that no driver claimed stands for itself. So the
EV of a session always can take what it took, and its last, slower minutes are levelled out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from twinev.services.replay.record import RecordedSession

# One phase of 32 A: 6.7 kW at 208 V, 7.4 kW at 230 V. Caltech's AC stations of 2021 show averages up to 7.0–7.2 kW.
USUAL_EVSE_KW = {1: 7.0, 3: 22.0}
_SHORTEST_TELLING_HOURS = 0.25
_FAST_RATIO = 1.5


def measure_evse_kw(sessions: Iterable[RecordedSession], usual_kw: float) -> dict[str, float]:
    """Return the power of each station's EVSE by station id. [kW]"""
    shown: dict[str, list[float]] = defaultdict(list)
    for session in sessions:
        averages = shown[session.station_id]
        if session.stay_hours >= _SHORTEST_TELLING_HOURS:
            averages.append(session.delivered_kwh / session.stay_hours)
    return {station_id: max(usual_kw, _percentile_99(averages)) for station_id, averages in sorted(shown.items())}


def measure_ev_kw(
    sessions: Iterable[RecordedSession], evse_kw: Mapping[str, float], usual_kw: float
) -> dict[str, float]:
    """Return the power that each session's EV can draw, by session id. [kW]"""
    sessions = [session for session in sessions if session.stay_hours > 0]
    best: dict[tuple[str, bool], float] = defaultdict(float)
    for session in sessions:
        if session.driver_id is not None and session.charging_hours >= _SHORTEST_TELLING_HOURS:
            key = (session.driver_id, _is_fast(evse_kw[session.station_id], usual_kw))
            best[key] = max(best[key], session.delivered_kwh / session.charging_hours)
    return {session.id: _ev_kw(session, best, evse_kw[session.station_id], usual_kw) for session in sessions}


def _ev_kw(session: RecordedSession, best: Mapping, evse_kw: float, usual_kw: float) -> float:
    own_kw = session.delivered_kwh / session.stay_hours
    if session.charging_hours >= _SHORTEST_TELLING_HOURS:
        own_kw = session.delivered_kwh / session.charging_hours
    shown_kw = best.get((session.driver_id, _is_fast(evse_kw, usual_kw)), 0.0)
    return max(0.0, min(evse_kw, max(own_kw, shown_kw)))


def _is_fast(evse_kw: float, usual_kw: float) -> bool:
    return evse_kw > _FAST_RATIO * usual_kw


def _percentile_99(values: list[float]) -> float:
    """Nearest rank; 0 for no values."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1] if values else 0.0
