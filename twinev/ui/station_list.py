"""The stations as check boxes by site: the same selection as the map, by keyboard."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.ui import formats, texts
from twinev.ui.alerts import not_following_ids
from twinev.ui.live import Snapshot
from twinev.ui.selection import Selection
from twinev.ui.station_state import level_of, status_text
from twinev.wire.rest.stations import StationOut


class StationList:
    """Check boxes that follow the selection and change it.

    Parameters
    ----------
    selection : Selection
        Shared with the map and the form.
    """

    def __init__(self, *, selection: Selection) -> None:
        self._selection = selection
        self._boxes: dict[str, widgets.Checkbox] = {}
        self._states: dict[str, widgets.HTML] = {}
        self._site_boxes: dict[str, widgets.Checkbox] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._following = False
        self._none = widgets.HTML(f'<p class="tv-help">{formats.safe(texts.LIST_NONE)}</p>')
        self._rows = widgets.VBox([self._none])
        self._rows.add_class("tv-list-rows")
        clear = widgets.Button(description=texts.LIST_CLEAR)
        clear.on_click(lambda _: selection.clear())
        self.widget = widgets.VBox([widgets.HTML(f"<h2>{texts.LIST_TITLE}</h2>"), self._rows, clear])
        self.widget.add_class("tv-list")
        selection.observe(self._follow, "station_ids")

    def update(self, snapshot: Snapshot) -> None:
        """Show a new state; rows are made again only when stations came or went."""
        members = {
            site.id: frozenset(station.id for station in snapshot.stations if station.site_id == site.id)
            for site in snapshot.sites
        }
        if members != self._members:
            self._members = members
            self._make_rows(snapshot)
        astray = not_following_ids(snapshot)
        for station in snapshot.stations:
            if station.id in self._states:
                self._states[station.id].value = state_html(station, snapshot, astray=station.id in astray)

    def _make_rows(self, snapshot: Snapshot) -> None:
        rows: list[widgets.Widget] = []
        for site in snapshot.sites:
            site_box = widgets.Checkbox(description=texts.LIST_SITE.format(name=site.name), indent=False)
            site_box.add_class("tv-list-site")
            site_box.observe(self._site_callback(site.id), "value")
            self._site_boxes[site.id] = site_box
            rows.append(site_box)
            rows += [self._row(station) for station in snapshot.stations if station.site_id == site.id]
        self._rows.children = rows or [self._none]
        self._follow()

    def _row(self, station: StationOut) -> widgets.HBox:
        box = widgets.Checkbox(description=f"{station.id}  {station.name}", indent=False)
        box.observe(lambda change: self._set([station.id], chosen=change["new"]), "value")
        self._boxes[station.id] = box
        self._states[station.id] = widgets.HTML()
        row = widgets.HBox([box, self._states[station.id]])
        row.add_class("tv-list-row")
        return row

    def _site_callback(self, site_id: str):
        return lambda change: self._set(self._members[site_id], chosen=change["new"])

    def _set(self, station_ids, *, chosen: bool) -> None:
        # A box that follows the selection must not change it in turn.
        if self._following:
            return
        (self._selection.add if chosen else self._selection.remove)(station_ids)

    def _follow(self, _: object = None) -> None:
        chosen = self._selection.station_ids
        self._following = True
        try:
            for station_id, box in self._boxes.items():
                box.value = station_id in chosen
            for site_id, box in self._site_boxes.items():
                box.value = bool(self._members[site_id]) and self._members[site_id] <= chosen
        finally:
            self._following = False


def state_html(station: StationOut, snapshot: Snapshot, *, astray: bool = False) -> str:
    """Power and a dot of the pin's colour; the words when pointed at. ``astray`` when it does not follow."""
    site = snapshot.site_of(station)
    words = status_text(station, formats.zone_of(site.time_zone if site else "UTC"))
    level = level_of(station)
    if level == "offline":
        figure = texts.LEGEND_OFFLINE
    elif level == "idle":
        figure = texts.LIST_PLUGGED_IN if words == texts.STATUS_PLUGGED_IN else words
    else:
        figure = texts.LIST_POWER.format(power=formats.kw(station.power_kw))
    if astray:
        words = f"{texts.LEGEND_ALERT}, {words}"
        figure = f"⚠ {figure}"
    dot = f'<i style="background: var(--tv-{level})"></i>'
    return f'<span class="tv-list-state" title="{formats.safe(words)}">{formats.safe(figure)}{dot}</span>'
