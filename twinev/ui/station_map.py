"""The map: a pin per station with its power, a badge per site from afar; click or drag an area to select.

The live state of all pins is one style sheet in one widget: a poll sends one message, and no pin is ever replaced
under the pointer of the person who is about to click it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipyleaflet as leaflet
import ipywidgets as widgets

from twinev import basemap
from twinev.domain.area import area_from_json
from twinev.domain.charge_points import Location
from twinev.ui import formats, texts
from twinev.ui.alerts import not_following_ids
from twinev.ui.live import Snapshot
from twinev.ui.map_signs import badge_rule, legend_html, pin_rule
from twinev.ui.selection import Selection
from twinev.ui.station_state import level_of
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut

# From this zoom on the stations of a car park stand apart from each other.
PINS_FROM_ZOOM = 15
ASSUMED_SIZE_PIXELS = (560, 420)
# The badge of a site with a long name, and some air around it.
BADGE_SIZE_PIXELS = (224, 76)
# The light theme's colours. The style sheet finds the shapes by them and gives them their colours in the dark.
SHAPE_STYLES = {
    "neighbours": {"fillColor": "#e6e9e4", "color": "#b4c1b8", "weight": 1, "fillOpacity": 1},
    "land": {"fillColor": "#f6f6ef", "color": "#b4c1b8", "weight": 1, "fillOpacity": 1},
    "water": {"fillColor": "#d5e3ec", "color": "#b4c1b8", "weight": 1, "fillOpacity": 1},
    "graticule": {"fill": False, "color": "#c3d2db", "weight": 1, "dashArray": "3 4"},
    "carpark": {"fillColor": "#e4e8ea", "color": "#93a39a", "weight": 2, "fillOpacity": 1},
}


class StationMap:
    """A Leaflet map without tiles over our own outline.

    Parameters
    ----------
    selection : Selection
        Shared with the list and the form.
    level : callable
        The level, named in the style sheet, whose colour a station's pin has.
    legend : str, optional
        What the colours mean, as HTML.
    """

    def __init__(
        self, *, selection: Selection, level: Callable[[StationOut], str] = level_of, legend: str | None = None
    ) -> None:
        self._selection, self._level = selection, level
        self._pins: dict[str, int] = {}
        self._badges: dict[str, int] = {}
        self._snapshot: Snapshot | None = None
        self._map = leaflet.Map(
            layers=(), center=(52.1, 5.3), zoom=7, min_zoom=3, max_zoom=20, scroll_wheel_zoom=True,
            attribution_control=False, layout=widgets.Layout(height="100%"),
        )  # fmt: skip
        self._map.add_class("tv-leaflet")
        self._add_outlines()
        self._add_controls()
        self._live_style = widgets.HTML(layout=widgets.Layout(display="none"))
        self._zooms = widgets.HBox()
        self._zooms.add_class("tv-toolbar")
        words = widgets.HTML(legend_html() if legend is None else legend)
        self.widget = widgets.VBox([self._zooms, self._map, words, self._live_style])
        self.widget.add_class("tv-map")
        selection.observe(self._on_change, "station_ids")
        self._map.observe(self._on_change, "zoom")
        self._fitted = False
        self._map.observe(self._on_size, "pixel_bounds")

    def update(self, snapshot: Snapshot) -> None:
        """Show a new state; pins are made for stations that are new."""
        sites_before = len(self._badges)
        self._add_pins(snapshot)
        self._snapshot = snapshot
        if len(self._badges) > sites_before:
            self._zooms.children = self._zoom_buttons(snapshot.sites)
            self._show(snapshot.stations)
            self._fitted = self._size_pixels() != ASSUMED_SIZE_PIXELS
        self._on_change()

    def show_stations(self, station_ids: Sequence[str]) -> None:
        """Bring those stations into view."""
        if self._snapshot is not None and (stations := self._snapshot.selected(frozenset(station_ids))):
            self._show(stations)

    def _add_outlines(self) -> None:
        for kind in ("neighbours", "land", "water"):
            self._add_shape(basemap.outline(kind), kind)
        self._add_shape(basemap.graticule(), "graticule")
        for name, latitude, longitude in basemap.TOWNS:
            label = f'<span class="tv-town">{formats.safe(name)}</span>'
            self._map.add(_marker((latitude, longitude), label, z_index_offset=-1000))

    def _add_shape(self, data: dict[str, Any], kind: str) -> None:
        self._map.add(leaflet.GeoJSON(data=data, style=SHAPE_STYLES[kind]))

    def _add_controls(self) -> None:
        look = {"shapeOptions": {"color": "#1769c2", "weight": 2}, "metric": False}
        area = leaflet.DrawControl(
            position="topright",
            polyline={}, circle={}, circlemarker={}, marker={}, edit=False, remove=False,
            rectangle=look, polygon=look | {"showArea": False, "allowIntersection": True},
        )  # fmt: skip
        area.on_draw(self._on_draw)
        self._map.add(area)
        self._map.add(leaflet.ScaleControl(position="bottomleft", imperial=False))

    def _add_pins(self, snapshot: Snapshot) -> None:
        for site in snapshot.sites:
            stations = [station for station in snapshot.stations if station.site_id == site.id]
            if site.id in self._badges or not stations:
                continue
            self._badges[site.id] = len(self._badges)
            self._add_shape(basemap.car_park([_position(station) for station in stations]), "carpark")
            badge = _marker(
                (site.latitude_degrees, site.longitude_degrees),
                f'<span class="tv-badge tv-badge-{self._badges[site.id]}">{formats.safe(site.name)}</span>',
                title=texts.MAP_ZOOM_TO.format(name=site.name),
            )
            badge.on_click(self._zoom_callback(site.id))
            self._map.add(badge)
        for station in snapshot.stations:
            if station.id not in self._pins:
                self._add_pin(station)

    def _add_pin(self, station: StationOut) -> None:
        number = self._pins[station.id] = len(self._pins)
        name = f'<span class="tv-pin-name">{formats.safe(station.id)}</span>'
        marks = '<i class="tv-pin-mark"></i><i class="tv-pin-alert"></i>'
        label = f'<span class="tv-pin tv-pin-{number}">{marks}{name}</span>'
        pin = _marker(_position(station), label)
        pin.on_click(lambda **_: self._selection.toggle(station.id))
        self._map.add(pin)

    def _zoom_buttons(self, sites: Sequence[SiteOut]) -> list[widgets.Button]:
        everything = widgets.Button(description=texts.MAP_ALL, tooltip=texts.MAP_ALL)
        everything.on_click(lambda _: self._snapshot and self._show(self._snapshot.stations))
        buttons = [everything]
        for site in sites:
            button = widgets.Button(description=site.name, tooltip=texts.MAP_ZOOM_TO.format(name=site.name))
            button.on_click(self._zoom_callback(site.id))
            buttons.append(button)
        return buttons

    def _zoom_callback(self, site_id: str) -> Callable[..., None]:
        def zoom_to_site(*_: object, **__: object) -> None:
            if self._snapshot:
                self._show([station for station in self._snapshot.stations if station.site_id == site_id])

        return zoom_to_site

    def _show(self, stations: Sequence[StationOut]) -> None:
        width, height = self._size_pixels()
        # Where stations of several sites are shown, it is the sites' badges that must fit.
        badge = BADGE_SIZE_PIXELS if len({station.site_id for station in stations}) > 1 else (0, 0)
        view = basemap.view_of(
            [_position(s) for s in stations], width_pixels=width, height_pixels=height, label_pixels=badge
        )
        self._map.center = (view.latitude_degrees, view.longitude_degrees)
        self._map.zoom = view.zoom

    def _size_pixels(self) -> tuple[float, float]:
        """How large the map is in the browser, once the browser has told."""
        if len(self._map.pixel_bounds) < 2:
            return ASSUMED_SIZE_PIXELS
        (left, top), (right, bottom) = self._map.pixel_bounds
        return (right - left, bottom - top) if right > left and bottom > top else ASSUMED_SIZE_PIXELS

    def _on_size(self, _: object) -> None:
        """Fit the first view once more when the browser has told how large the map is."""
        if self._fitted or self._snapshot is None or self._size_pixels() == ASSUMED_SIZE_PIXELS:
            return
        self._fitted = True
        self._show(self._snapshot.stations)

    def _on_draw(self, control: leaflet.DrawControl, *, action: str, geo_json: dict[str, Any]) -> None:
        if action != "created" or self._snapshot is None:
            return
        control.clear()
        self._selection.add(stations_within(self._snapshot.stations, geo_json["geometry"]["coordinates"][0]))

    def _on_change(self, _: object = None) -> None:
        if self._snapshot is None:
            return
        rules = [f".tv-leaflet .{name} {{display: none}}" for name in _hidden_at(self._map.zoom)]
        astray = not_following_ids(self._snapshot)
        rules += [badge_rule(self._badges[site.id], site) for site in self._snapshot.sites if site.id in self._badges]
        for station in self._snapshot.stations:
            marks = {"selected": station.id in self._selection.station_ids, "alert": station.id in astray}
            level = self._level(station)
            rules.append(pin_rule(self._pins[station.id], station, self._snapshot, level=level, **marks))
        self._live_style.value = f"<style>{''.join(rules)}</style>"


def stations_within(stations: Sequence[StationOut], ring: Sequence[Sequence[float]]) -> list[str]:
    """The ids of the stations inside a closed ring of corners (longitude, latitude)."""
    area = area_from_json({"type": "Polygon", "coordinates": [ring]})
    return [
        station.id
        for station in stations
        if area.contains(
            Location(latitude_degrees=station.latitude_degrees, longitude_degrees=station.longitude_degrees)
        )
    ]


def _hidden_at(zoom: float) -> tuple[str, ...]:
    return ("tv-badge", "tv-town") if zoom >= PINS_FROM_ZOOM else ("tv-pin",)


def _position(station: StationOut) -> tuple[float, float]:
    return station.latitude_degrees, station.longitude_degrees


def _marker(position: tuple[float, float], label: str, **options: Any) -> leaflet.Marker:
    # A size of 0 puts the label's own box on the spot; the style sheet centres it.
    icon = leaflet.DivIcon(html=label, icon_size=[0, 0], icon_anchor=[0, 0])
    # By keyboard one uses the list and the buttons: a marker can be focused, but Enter on it does not reach the kernel.
    return leaflet.Marker(location=position, icon=icon, draggable=False, keyboard=False, **options)
