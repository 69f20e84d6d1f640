"""The technical state of a station: what matters most of it, for its row, its pin and the head of the page."""

from __future__ import annotations

from twinev.domain.charge_points import ConnectorStatus
from twinev.ui.data_table import Tone
from twinev.ui.station_state import IDLE_KW
from twinev.wire.rest.stations import StationOut

PROBLEMS = frozenset({"faulted", "not_following", "blocked"})
#: The levels of the map's colours.
_LEVELS = {
    "offline": "offline",
    "blocked": "high",
    "not_following": "high",
    "faulted": "full",
    "unavailable": "full",
    "charging": "medium",
    "occupied": "low",
    "reserved": "low",
}
_TONES: dict[str, Tone] = {
    "offline": "problem",
    "faulted": "problem",
    "blocked": "warn",
    "not_following": "warn",
    "unavailable": "warn",
    "charging": "good",
    "available": "good",
}


def technical_state(station: StationOut) -> str:
    """A key of `charge_points_texts.STATION_STATES`, the worst that is true first."""
    statuses = {evse.status for evse in station.evses}
    states = {
        "blocked": station.blocked_at is not None,
        "offline": not station.online,
        "faulted": ConnectorStatus.FAULTED in statuses or any(evse.error_code for evse in station.evses),
        "not_following": station.not_following is not None,
        "charging": abs(station.power_kw) > IDLE_KW,
        "occupied": ConnectorStatus.OCCUPIED in statuses,
        "reserved": ConnectorStatus.RESERVED in statuses,
        "available": ConnectorStatus.AVAILABLE in statuses,
    }
    return next((state for state, true in states.items() if true), "unavailable")


def level_of_state(station: StationOut) -> str:
    """The colour of its pin."""
    return _LEVELS.get(technical_state(station), "idle")


def tone_of_state(state: str) -> Tone:
    """The colour of the word."""
    return _TONES.get(state, "")
