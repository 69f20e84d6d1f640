"""The Locations tab: the technical state of every station, on a map and in a list, each with its details."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.data_table import DataTable
from twinev.ui.dialog import Dialog
from twinev.ui.live import Live, Snapshot
from twinev.ui.location_rows import COLUMNS, location_rows, matches
from twinev.ui.selection import Selection
from twinev.ui.station_dialog import StationDialog
from twinev.ui.station_map import StationMap
from twinev.ui.technical_state import level_of_state
from twinev.wire.rest.stations import StationOut

PAGE_ROWS = 20


class LocationsTab:
    """The map at the left, the list at the right; what is selected on the map filters the list."""

    def __init__(self, *, client: Client, live: Live, dialog: Dialog, on_command: Callable[[str], None]) -> None:
        self._live = live
        self._page = 0
        self.details = StationDialog(client=client, live=live, dialog=dialog, on_command=on_command)
        self.selection = Selection()
        self._map = StationMap(selection=self.selection, level=level_of_state, legend=legend_html())
        self._find = widgets.Text(description=texts.FIND, placeholder=texts.LOCATIONS_FIND_HINT)
        states = [(texts.ANY, ""), *((words, state) for state, words in texts.STATION_STATES.items())]
        self._state = widgets.Dropdown(description=texts.STATE, options=states)
        self._site = widgets.Dropdown(description=texts.SITE, options=[(texts.ANY, "")])
        self._selected = widgets.HTML()
        self._show_all = widgets.Button(description=texts.LOCATIONS_SHOW_ALL)
        self._table = DataTable(COLUMNS, caption=texts.LOCATIONS_CAPTION, actions_name=texts.LIST_ACTIONS)
        self._place = widgets.HTML()
        self._back = widgets.Button(description=texts.LIST_BACK)
        self._more = widgets.Button(description=texts.LIST_MORE)
        self.widget = self._composed()
        self._connect()

    def update(self, snapshot: Snapshot, *, shown: bool) -> None:
        """Show a new state."""
        sites = [(texts.ANY, ""), *((site.name, site.id) for site in snapshot.sites)]
        if tuple(sites) != tuple(self._site.options):
            chosen = self._site.value
            self._site.options = sites
            self._site.value = chosen
        self._map.update(snapshot)
        if shown:
            self.show()
        self.details.refresh()

    def show(self) -> None:
        """Show the stations that are looked for."""
        snapshot = self._live.snapshot
        if snapshot is None:
            return
        found = self._found(snapshot)
        self._page = min(self._page, max(0, (len(found) - 1) // PAGE_ROWS))
        first = self._page * PAGE_ROWS
        page = found[first : first + PAGE_ROWS]
        empty = texts.LOCATIONS_NO_MATCH if snapshot.stations else texts.LOCATIONS_NONE
        self._table.show(location_rows(page, snapshot), empty=empty)
        place = texts.LIST_PLACE_OF.format(first=first + 1, last=first + len(page), total=len(found)) if page else ""
        self._place.value = f'<span class="tv-detail">{formats.safe(place)}</span>'
        self._back.disabled = self._page == 0
        self._more.disabled = first + PAGE_ROWS >= len(found)
        count = len(self.selection.station_ids)
        words = texts.LOCATIONS_SELECTED.format(count=count) if count else ""
        self._selected.value = f'<span class="tv-detail">{formats.safe(words)}</span>'
        self._show_all.layout.display = None if count else "none"

    def _found(self, snapshot: Snapshot) -> list[StationOut]:
        names = {site.id: site.name for site in snapshot.sites}
        chosen = self.selection.station_ids
        return [
            station
            for station in snapshot.stations
            if (not chosen or station.id in chosen)
            and matches(
                station,
                find=self._find.value,
                state=self._state.value,
                site_id=self._site.value,
                site=names.get(station.site_id, ""),
            )
        ]

    def _composed(self) -> widgets.VBox:
        tools = widgets.HBox([self._find, self._state, self._site, self._selected, self._show_all])
        tools.add_class("tv-tools")
        pager = widgets.HBox([self._back, self._place, self._more])
        pager.add_class("tv-pager")
        listed = widgets.VBox([tools, self._table, pager])
        listed.add_class("tv-locations-list")
        row = widgets.HBox([self._map.widget, listed])
        row.add_class("tv-locations")
        return widgets.VBox([row])

    def _connect(self) -> None:
        for field in (self._find, self._state, self._site):
            field.observe(self._restart, "value")
        self.selection.observe(self._restart, "station_ids")
        self._show_all.on_click(lambda _: self.selection.clear())
        self._back.on_click(lambda _: self._turn(-1))
        self._more.on_click(lambda _: self._turn(1))
        self._table.on_action(lambda station_id, _: self.details.open(station_id))

    def _restart(self, _: object) -> None:
        self._page = 0
        self.show()

    def _turn(self, pages: int) -> None:
        self._page = max(0, self._page + pages)
        self.show()


def legend_html() -> str:
    """What the colours of the pins mean here."""
    items = "".join(
        f'<li><i style="background: var(--tv-{level})"></i>{formats.safe(words)}</li>'
        for level, words in texts.LOCATIONS_LEGEND
    )
    return (
        f'<p class="tv-help">{formats.safe(texts.LOCATIONS_MAP_HELP)}</p>'
        f'<ul class="tv-legend"><li>{formats.safe(texts.LOCATIONS_LEGEND_TITLE)}</li>{items}</ul>'
    )
