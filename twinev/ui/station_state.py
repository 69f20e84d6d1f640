"""What a station is doing, as a level for its colour and as words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from twinev.domain.charge_points import ConnectorStatus
from twinev.ui import formats, texts
from twinev.wire.rest.stations import StationOut

# Below this a meter shows noise, not charging.
IDLE_KW = 0.05
LEVELS = ("idle", "low", "medium", "high", "full")

_STATUS_WORDS = {
    ConnectorStatus.FAULTED: texts.STATUS_FAULTED,
    ConnectorStatus.OCCUPIED: texts.STATUS_PLUGGED_IN,
    ConnectorStatus.RESERVED: texts.STATUS_RESERVED,
    ConnectorStatus.AVAILABLE: texts.STATUS_FREE,
    ConnectorStatus.UNAVAILABLE: texts.STATUS_UNAVAILABLE,
}


def level_of(station: StationOut) -> str:
    """``offline``, ``discharging``, or one of `LEVELS` by quarters of what the station can give."""
    if not station.online:
        return "offline"
    if station.power_kw < -IDLE_KW:
        return "discharging"
    if station.power_kw <= IDLE_KW or station.max_kw <= 0:
        return "idle"
    share = station.power_kw / station.max_kw
    return LEVELS[1 + sum(share > quarter for quarter in (0.25, 0.5, 0.75))]


def status_text(station: StationOut, zone: ZoneInfo) -> str:
    """What the operator would say of the station."""
    if not station.online:
        if station.last_seen is None:
            return texts.STATUS_OFFLINE_NEVER
        return texts.STATUS_OFFLINE.format(time=formats.day_and_clock(station.last_seen, zone))
    if station.power_kw > IDLE_KW:
        return texts.STATUS_CHARGING
    if station.power_kw < -IDLE_KW:
        return texts.STATUS_DISCHARGING
    statuses = {evse.status for evse in station.evses}
    return next((words for status, words in _STATUS_WORDS.items() if status in statuses), texts.STATUS_UNAVAILABLE)
