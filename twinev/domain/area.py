"""Areas on the map: a polygon or a circle, and what lies in it.

A grid operator's areas are a district or a few streets: within one, degrees of longitude and latitude count as a plane
(GeoJSON's own reading of an edge, RFC 7946 §3.1.1), and an area does not reach across the antimeridian.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from twinev.domain.charge_points import Location
from twinev.domain.checks import require_finite
from twinev.errors import BadInput

#: Mean radius of the Earth, IUGG. [km]
EARTH_KM = 6371.0088


def distance_km(one: Location, other: Location) -> float:
    """Great-circle distance by the haversine formula. [km]"""
    lat, other_lat = math.radians(one.latitude_degrees), math.radians(other.latitude_degrees)
    half_lat = math.sin((other_lat - lat) / 2)
    half_lon = math.sin(math.radians(other.longitude_degrees - one.longitude_degrees) / 2)
    chord = half_lat**2 + math.cos(lat) * math.cos(other_lat) * half_lon**2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))


@dataclass(frozen=True, kw_only=True)
class Circle:
    """Everything within ``radius_km`` of the centre, its edge too."""

    centre: Location
    radius_km: float

    def __post_init__(self) -> None:
        require_finite("radius_km", self.radius_km, at_least=0)

    def contains(self, place: Location) -> bool:
        return distance_km(self.centre, place) <= self.radius_km


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """A closed ring of corners, its last the same as its first, at least four of them."""

    ring: tuple[Location, ...]

    def __post_init__(self) -> None:
        if len(self.ring) < 4 or self.ring[0] != self.ring[-1]:
            allowed = "a closed ring of at least four positions, the last the same as the first"
            raise BadInput("area.coordinates", f"{len(self.ring)} positions", allowed)

    def contains(self, place: Location) -> bool:
        """Whether a ray from the place to the east leaves the ring; a place on an edge may count either way."""
        inside = False
        x, y = place.longitude_degrees, place.latitude_degrees
        for a, b in pairwise(self.ring):
            if (a.latitude_degrees > y) != (b.latitude_degrees > y):
                along = (y - a.latitude_degrees) / (b.latitude_degrees - a.latitude_degrees)
                inside ^= x < a.longitude_degrees + along * (b.longitude_degrees - a.longitude_degrees)
        return inside


Area = Circle | Polygon


def area_to_json(area: Area) -> dict[str, Any]:
    """Return a polygon as GeoJSON; a circle, which GeoJSON does not have, by its centre and radius."""
    if isinstance(area, Polygon):
        ring = [[corner.longitude_degrees, corner.latitude_degrees] for corner in area.ring]
        return {"type": "Polygon", "coordinates": [ring]}
    centre = [area.centre.longitude_degrees, area.centre.latitude_degrees]
    return {"type": "Circle", "centre": centre, "radius_km": area.radius_km}


def area_from_json(data: Mapping[str, Any]) -> Area:
    """Read what `area_to_json` wrote."""
    if data["type"] == "Polygon":
        (ring,) = data["coordinates"]
        return Polygon(ring=tuple(_location(corner) for corner in ring))
    return Circle(centre=_location(data["centre"]), radius_km=data["radius_km"])


def _location(position: Sequence[float]) -> Location:
    longitude_degrees, latitude_degrees = position
    return Location(latitude_degrees=latitude_degrees, longitude_degrees=longitude_degrees)
