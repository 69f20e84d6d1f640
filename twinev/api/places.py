"""Reads and tells what operators describe: versions, places, opening hours, EVSEs and their connectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from twinev.api.etags import etag_of
from twinev.domain.charge_points import Address, ChargingStation, Evse, Location, Site
from twinev.domain.connectors import Connector
from twinev.domain.opening_hours import ExceptionalPeriod, OpeningHours, RegularHours
from twinev.errors import BadInput
from twinev.wire.rest.places import AddressBody, ConnectorOut, EvseIn, OpeningHoursBody


def station_version(station: ChargingStation) -> str:
    """The ETag of what operators decide of a station."""
    return etag_of(
        [station.site_id, station.name, station.public, station.security_profile],
        station.location,
        [station.blocked_at, station.block_reason],
        [[evse.id, evse.max_kw, evse.phases, evse.connectors] for evse in station.evses],
    )


def site_version(site: Site) -> str:
    """The ETag of a site; all of it is an operator's decision."""
    return etag_of(site)


def connectors_out(evse: Evse) -> tuple[ConnectorOut, ...]:
    """Tell an EVSE's connectors with what each really gives."""
    return tuple(
        ConnectorOut(
            id=connector.id,
            type=connector.type,
            format=connector.format,
            max_kw=evse.max_kw if connector.max_kw is None else min(connector.max_kw, evse.max_kw),
            phases=connector.phases or evse.phases,
        )
        for connector in evse.connectors
    )


def evses_of(bodies: Iterable[EvseIn]) -> tuple[Evse, ...]:
    """The EVSEs that an operator describes, by id."""
    evses = (
        Evse(
            id=body.id,
            max_kw=body.max_kw,
            phases=body.phases,
            connectors=tuple(Connector(**connector.model_dump()) for connector in body.connectors),
        )
        for body in bodies
    )
    return tuple(sorted(evses, key=lambda evse: evse.id))


def with_location(given: dict[str, Any], known: Location | None = None) -> dict[str, Any]:
    """Put ``location`` in the place of the two coordinates.

    Raises
    ------
    BadInput
        One of them is missing, and nothing is known.
    """
    names = ("latitude_degrees", "longitude_degrees")
    coordinates = {name: value for name in names if (value := given.pop(name, None)) is not None}
    if not coordinates:
        return given
    if known is None and len(coordinates) < len(names):
        missing = next(name for name in names if name not in coordinates)
        raise BadInput(missing, None, "both coordinates, or none of them")
    before = asdict(known) if known else {}
    return given | {"location": Location(**before | coordinates)}


def address_of(body: AddressBody | None) -> Address | None:
    return None if body is None else Address(**body.model_dump())


def address_out(address: Address | None) -> AddressBody | None:
    return None if address is None else AddressBody(**asdict(address))


def opening_hours_of(body: OpeningHoursBody | None) -> OpeningHours | None:
    if body is None:
        return None
    return OpeningHours(
        regular=tuple(RegularHours(**hours.model_dump()) for hours in body.regular),
        openings=tuple(ExceptionalPeriod(**period.model_dump()) for period in body.openings),
        closings=tuple(ExceptionalPeriod(**period.model_dump()) for period in body.closings),
    )


def opening_hours_out(hours: OpeningHours | None) -> OpeningHoursBody | None:
    return None if hours is None else OpeningHoursBody.model_validate(asdict(hours))
