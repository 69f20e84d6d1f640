"""What the map and the search of the drivers' app offer to choose from, and begin with."""

from __future__ import annotations

from typing import Any

from twinev import basemap
from twinev.api.driver_texts import connector_name
from twinev.domain.charge_points import Location, Site
from twinev.domain.login import LoggedIn
from twinev.services.find_places import PublicPlace, public_places
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.wish_of_driver import wish_of_driver

DISTANCES_KM = (1, 2, 5, 10, 25, 50, 100)


def search_choices(work: UnitOfWork, login: LoggedIn | None) -> dict[str, Any]:
    """The values of both pages' templates."""
    places = public_places(work)
    # Where it is looked for is chosen later.
    anywhere = Location(latitude_degrees=0, longitude_degrees=0)
    usual = wish_of_driver({"place": anywhere}, user=login and login.user, work=work)
    types = sorted({*usual.connectors, *(kind for place in places for kind in place.connector_types)})
    nearest_km = min(DISTANCES_KM, key=lambda km: (abs(km - usual.max_distance_km), km))
    return {
        "connectors": [(kind, connector_name(kind)) for kind in types],
        "distances_km": DISTANCES_KM,
        "distance_km": nearest_km,
        "of_vehicle": bool(usual.connectors),
        "usual": {"energy_kwh": usual.energy_kwh, "stay_minutes": usual.stay_minutes},
        "start_place": _place(places[0]) if places else None,
        "zone": places[0].site.time_zone if places else Site.time_zone,
    }


def places_out(work: UnitOfWork) -> dict[str, Any]:
    """The public sites, to be found by name, and the outlines of their car parks."""
    places = public_places(work)
    return {
        "places": [_place(place) for place in places],
        "car_parks": [
            basemap.car_park(
                [(one.location.latitude_degrees, one.location.longitude_degrees) for one in place.stations]
            )
            for place in places
        ],
    }


def _place(place: PublicPlace) -> dict[str, Any]:
    site = place.site
    return {
        "site_id": site.id,
        "name": site.name,
        "latitude_degrees": site.location.latitude_degrees,
        "longitude_degrees": site.location.longitude_degrees,
        "address": f"{site.address.street}, {site.address.city}" if site.address else None,
    }
