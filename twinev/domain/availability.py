"""Whether a driver could charge at an EVSE now."""

from __future__ import annotations

from enum import StrEnum

from twinev.domain.charge_points import ChargingStation, Evse


class Availability(StrEnum):
    """The status of an EVSE as a driver meets it: what the station says, unless it is taken out of use or silent."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown"


def availability_of(station: ChargingStation, evse: Evse) -> Availability:
    """Tell an EVSE's availability; of a station without a connection only that nobody knows."""
    if station.blocked_at is not None or station.removed_at is not None:
        return Availability.UNAVAILABLE
    if not station.online:
        return Availability.UNKNOWN
    return Availability(evse.status)
