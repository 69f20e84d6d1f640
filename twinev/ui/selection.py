"""Which stations the operator has selected; the map, the list and the form watch it."""

from __future__ import annotations

from collections.abc import Iterable

from traitlets import HasTraits, Instance


class Selection(HasTraits):
    """An observable set of station ids: ``selection.observe(callback, "station_ids")``."""

    station_ids = Instance(frozenset, args=())

    def toggle(self, station_id: str) -> None:
        self.station_ids = self.station_ids ^ {station_id}

    def add(self, station_ids: Iterable[str]) -> None:
        self.station_ids = self.station_ids | frozenset(station_ids)

    def remove(self, station_ids: Iterable[str]) -> None:
        self.station_ids = self.station_ids - frozenset(station_ids)

    def clear(self) -> None:
        self.station_ids = frozenset()
