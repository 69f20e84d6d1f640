"""The map under the stations."""

from __future__ import annotations

from itertools import pairwise

import pytest

from twinev import basemap

UTRECHT = (52.0851, 5.1054)
ROTTERDAM = (51.9217, 4.4723)


def _inside(position: tuple[float, float], ring: list[list[float]]) -> bool:
    """Ray casting: an odd number of crossings to the east."""
    latitude, longitude = position
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude) and longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def _on_land(position: tuple[float, float]) -> bool:
    return any(_inside(position, f["geometry"]["coordinates"][0]) for f in basemap.outline("land")["features"])


@pytest.mark.parametrize("town", basemap.TOWNS, ids=lambda town: town[0])
def test_town_lies_on_land(town: tuple[str, float, float]) -> None:
    assert _on_land(town[1:])


@pytest.mark.parametrize(
    "position", [(52.5, 3.5), (53.7, 6.0), (51.22, 4.4), (51.5, 7.4)], ids=["sea", "north", "Antwerp", "Dortmund"]
)
def test_outline_leaves_out_what_is_not_the_netherlands(position: tuple[float, float]) -> None:
    assert not _on_land(position)


@pytest.mark.parametrize("kind", ["neighbours", "land", "water"])
def test_rings_of_the_outline_are_closed(kind: str) -> None:
    for feature in basemap.outline(kind)["features"]:
        ring = feature["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1]


def test_car_park_encloses_its_stations_with_a_margin() -> None:
    positions = [(52.08521, 5.10516), (52.08499, 5.1058)]
    ring = basemap.car_park(positions)["geometry"]["coordinates"][0]
    longitudes, latitudes = zip(*ring, strict=True)
    margin_metres = (max(latitudes) - 52.08521) * basemap.METRES_PER_DEGREE
    assert margin_metres == pytest.approx(basemap.CAR_PARK_MARGIN_METRES)
    assert min(longitudes) < 5.10516
    assert max(longitudes) > 5.1058


def test_view_of_two_sites_shows_both() -> None:
    view = basemap.view_of([UTRECHT, ROTTERDAM], width_pixels=600, height_pixels=400)
    degrees_shown = 360 * 600 / (basemap.WORLD_PIXELS * 2**view.zoom)
    assert degrees_shown > 5.1054 - 4.4723
    assert view.longitude_degrees == pytest.approx((5.1054 + 4.4723) / 2)


def test_view_of_two_sites_leaves_room_for_their_labels() -> None:
    view = basemap.view_of([UTRECHT, ROTTERDAM], width_pixels=330, height_pixels=340, label_pixels=(190, 60))

    apart_pixels = (UTRECHT[1] - ROTTERDAM[1]) / 360 * basemap.WORLD_PIXELS * 2**view.zoom
    assert apart_pixels + 190 <= 330
    assert view.zoom < basemap.view_of([UTRECHT, ROTTERDAM], width_pixels=330, height_pixels=340).zoom


def test_view_of_one_station_is_as_close_as_allowed() -> None:
    assert basemap.view_of([UTRECHT], width_pixels=600, height_pixels=400, largest_zoom=19).zoom == 19
