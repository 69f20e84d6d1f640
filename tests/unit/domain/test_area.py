"""What lies in an area, and how far places are from each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.area import Circle, Polygon, area_from_json, area_to_json, distance_km
from twinev.domain.charge_points import Location
from twinev.errors import BadInput

places = st.builds(Location, latitude_degrees=st.floats(-90, 90), longitude_degrees=st.floats(-180, 180))


def at(longitude_degrees, latitude_degrees):
    return Location(latitude_degrees=latitude_degrees, longitude_degrees=longitude_degrees)


# The letter U, open to the north.
U_SHAPE = Polygon(ring=(at(0, 0), at(3, 0), at(3, 3), at(2, 3), at(2, 1), at(1, 1), at(1, 3), at(0, 3), at(0, 0)))


@pytest.mark.parametrize(
    ("place", "inside"),
    [(at(0.5, 2), True), (at(1.5, 2), False), (at(2.5, 2), True), (at(1.5, 0.5), True), (at(4, 1), False)],
)
def test_polygon_contains_what_its_ring_goes_round(place, inside):
    assert U_SHAPE.contains(place) is inside


def test_distance_of_amsterdam_and_paris_is_430_km():
    assert distance_km(at(4.9041, 52.3676), at(2.3522, 48.8566)) == pytest.approx(430, abs=1)


@given(one=places, other=places)
def test_distance_is_symmetric_and_at_most_half_the_equator(one, other):
    assert distance_km(one, other) == pytest.approx(distance_km(other, one), abs=1e-6)
    assert 0 <= distance_km(one, other) <= 20_016


@given(centre=places, radius_km=st.floats(0, 500))
def test_circle_contains_its_centre(centre, radius_km):
    assert Circle(centre=centre, radius_km=radius_km).contains(centre)


@pytest.mark.parametrize("area", [U_SHAPE, Circle(centre=at(5.1, 52.1), radius_km=2.5)])
def test_area_survives_its_json(area):
    assert area_from_json(area_to_json(area)) == area


def test_ring_that_is_not_closed_is_refused():
    with pytest.raises(BadInput, match="closed ring"):
        Polygon(ring=(at(0, 0), at(1, 0), at(1, 1), at(0, 1)))
