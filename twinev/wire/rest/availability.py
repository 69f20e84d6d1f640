"""What everybody may know of the public charge points."""

from __future__ import annotations

from pydantic import AwareDatetime

from twinev.wire.base import WireModel
from twinev.wire.rest.places import AddressBody, ConnectorOut


class EvseAvailabilityOut(WireModel):
    """A public EVSE: where it is, what can be plugged in, and whether one could charge there now.

    ``availability`` is Available, Occupied, Reserved, Unavailable, Faulted, or Unknown where the station is silent;
    ``open_now`` is whether its site can be entered.
    """

    station_id: str
    evse_id: int
    name: str
    site_id: str
    site_name: str
    address: AddressBody | None
    latitude_degrees: float
    longitude_degrees: float
    max_kw: float
    connectors: tuple[ConnectorOut, ...]
    availability: str
    open_now: bool


class AvailabilityChanged(WireModel):
    """An event of GET /availability/events."""

    station_id: str
    evse_id: int
    site_id: str
    availability: str
    at: AwareDatetime
