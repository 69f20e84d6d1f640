"""The Status tab: state above, the map and the list below it, and the form that orders a limit."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.client import Client
from twinev.ui.limits_panel import LimitsPanel
from twinev.ui.live import Live, Snapshot
from twinev.ui.restriction_form import RestrictionForm
from twinev.ui.revoke_order import RevokeOrder
from twinev.ui.selection import Selection
from twinev.ui.site_cards import SiteCards
from twinev.ui.station_list import StationList
from twinev.ui.station_map import StationMap


class StatusTab:
    """Composes the parts; they share one selection."""

    def __init__(self, *, client: Client, live: Live) -> None:
        self.selection = Selection()
        self.form = RestrictionForm(client=client, live=live, selection=self.selection)
        self._cards = SiteCards()
        self._limits = LimitsPanel(change=self.form.change, revoke=RevokeOrder(client=client, live=live))
        self._map = StationMap(selection=self.selection)
        self._list = StationList(selection=self.selection)
        state = widgets.HBox([self._cards.widget, self._limits.widget])
        state.add_class("tv-state-row")
        work = widgets.HBox([self._map.widget, self._list.widget, self.form.widget])
        work.add_class("tv-work-row")
        self.widget = widgets.VBox([state, work])
        self.widget.add_class("tv-status")

    def update(self, snapshot: Snapshot) -> None:
        """Show a new state everywhere."""
        for part in (self._cards, self._limits, self._map, self._list, self.form):
            part.update(snapshot)

    def look_at(self, station_ids: tuple[str, ...]) -> None:
        """Select those stations alone and bring them into view."""
        self.selection.station_ids = frozenset(station_ids)
        self._map.show_stations(station_ids)
