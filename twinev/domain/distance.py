"""The distance between two places on the map."""

from __future__ import annotations

import math

from twinev.domain.charge_points import Location

#: Mean radius of the Earth, IUGG. [km]
EARTH_KM = 6371.0088


def distance_km(one: Location, other: Location) -> float:
    """Great-circle distance by the haversine formula. [km]"""
    lat, other_lat = math.radians(one.latitude_degrees), math.radians(other.latitude_degrees)
    half_lat = math.sin((other_lat - lat) / 2)
    half_lon = math.sin(math.radians(other.longitude_degrees - one.longitude_degrees) / 2)
    chord = half_lat**2 + math.cos(lat) * math.cos(other_lat) * half_lon**2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))
