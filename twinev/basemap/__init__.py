"""The map under the stations: a coarse outline of our own, a graticule, towns, and the sites' car parks.

Nothing is fetched: `netherlands.geojson` was drawn by hand and a car park's outline follows from where its stations
stand. The dashboards and the drivers' app draw the same; colours are theirs, so that they follow light and dark.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OUTLINE_FILE = Path(__file__).with_name("netherlands.geojson")
METRES_PER_DEGREE = 111_320.0
GRATICULE_SPAN = {"west": -6, "east": 18, "south": 44, "north": 58}
CAR_PARK_MARGIN_METRES = 12.0
# Leaflet's world is 256 pixels wide at zoom 0 and doubles with each step.
WORLD_PIXELS = 256.0

TOWNS = (
    ("Amsterdam", 52.37, 4.90), ("Rotterdam", 51.92, 4.48), ("Den Haag", 52.08, 4.30), ("Utrecht", 52.09, 5.12),
    ("Eindhoven", 51.44, 5.47), ("Groningen", 53.22, 6.57), ("Zwolle", 52.51, 6.09), ("Arnhem", 51.98, 5.91),
    ("Maastricht", 50.85, 5.69), ("Breda", 51.59, 4.78), ("Leeuwarden", 53.20, 5.79), ("Enschede", 52.22, 6.89),
    ("Middelburg", 51.50, 3.61),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class View:
    """What a map shows: its centre and Leaflet's zoom."""

    latitude_degrees: float
    longitude_degrees: float
    zoom: int


def outline(kind: str) -> dict[str, Any]:
    """The features of one kind (``neighbours``, ``land``, ``water``) as a GeoJSON collection."""
    features = json.loads(OUTLINE_FILE.read_text(encoding="utf-8"))["features"]
    return _collection(feature for feature in features if feature["properties"]["kind"] == kind)


def graticule(step_degrees: int = 1) -> dict[str, Any]:
    """Lines of equal latitude and longitude over the region that the outline covers."""
    west, east, south, north = (GRATICULE_SPAN[side] for side in ("west", "east", "south", "north"))
    meridians = [[[x, south], [x, north]] for x in range(west, east + 1, step_degrees)]
    parallels = [[[west, y], [east, y]] for y in range(south, north + 1, step_degrees)]
    return _collection([_feature("MultiLineString", meridians + parallels)])


def car_park(positions: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """The outline of a car park: a rectangle around its stations, with a margin to drive in.

    Parameters
    ----------
    positions : sequence of (latitude, longitude)
        Where the stations stand. [degrees]
    """
    latitudes, longitudes = zip(*positions, strict=True)
    margin_y = CAR_PARK_MARGIN_METRES / METRES_PER_DEGREE
    margin_x = margin_y / math.cos(math.radians(sum(latitudes) / len(latitudes)))
    south, north = min(latitudes) - margin_y, max(latitudes) + margin_y
    west, east = min(longitudes) - margin_x, max(longitudes) + margin_x
    return _feature("Polygon", [[[west, south], [east, south], [east, north], [west, north], [west, south]]])


def view_of(
    positions: Sequence[tuple[float, float]],
    *,
    width_pixels: float,
    height_pixels: float,
    largest_zoom: int = 19,
    label_pixels: tuple[float, float] = (0.0, 0.0),
) -> View:
    """The view that shows all ``positions`` (latitude, longitude) with a margin of a quarter.

    It is wider where labels of ``label_pixels`` (width, height), centred on the outermost positions, need more.

    Leaflet can fit a map by itself, but only by sending zooms to and fro until one suits.
    """
    latitudes, longitudes = zip(*positions, strict=True)
    tops = [_mercator(latitude) for latitude in latitudes]
    span_x = (max(longitudes) - min(longitudes)) / 360
    span_y = max(tops) - min(tops)
    label_width, label_height = label_pixels
    room = min(
        largest_zoom,
        _zoom_of(span_x, min(0.75 * width_pixels, width_pixels - label_width)),
        _zoom_of(span_y, min(0.75 * height_pixels, height_pixels - label_height)),
    )
    return View(
        latitude_degrees=(min(latitudes) + max(latitudes)) / 2,
        longitude_degrees=(min(longitudes) + max(longitudes)) / 2,
        zoom=max(2, math.floor(room)),
    )


def _zoom_of(span: float, pixels: float) -> float:
    return math.log2(max(pixels, 1.0) / WORLD_PIXELS / span) if span > 0 else math.inf


def _mercator(latitude_degrees: float) -> float:
    """Height on a Web Mercator map whose whole height is 1."""
    return math.asinh(math.tan(math.radians(latitude_degrees))) / (2 * math.pi)


def _feature(kind: str, coordinates: list[Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": coordinates}}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
