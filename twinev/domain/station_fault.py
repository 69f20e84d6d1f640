"""Why a station does not do what it was told: what an operator is shown, and alerted of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FaultCause(StrEnum):
    """How it showed."""

    REJECTED = "rejected"  # the station's own status says no
    NOT_SUPPORTED = "not_supported"
    CALL_ERROR = "call_error"
    TIMEOUT = "timeout"  # no answer in time
    OFFLINE = "offline"  # no socket, with an EV at one of its EVSEs
    READ_BACK = "read_back"  # its composite schedule allows more than it accepted
    METER = "meter"  # its meter shows more than it accepted


@dataclass(frozen=True, kw_only=True)
class StationFault:
    """A station that does not follow, since when and why.

    ``by_meter`` when only its meter can clear it: an accepted profile says nothing about what flows.
    """

    station_id: str
    cause: FaultCause
    reason: str
    since: datetime
    by_meter: bool = False
