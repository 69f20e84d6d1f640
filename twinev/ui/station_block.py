"""Blocks a station, for a reason that staff reads, and lets it in again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.background import Background
from twinev.wire.rest.stations import StationOut


class StationBlock:
    """One button, which for blocking asks for the reason first.

    Parameters
    ----------
    on_done : callable
        Called with the station as it is then, or with what went wrong.
    """

    def __init__(self, *, client: Client, on_done: Callable[[StationOut | TwinEVError], None]) -> None:
        self._client, self._on_done = client, on_done
        self._station: StationOut | None = None
        self._button = widgets.Button(description=texts.BLOCK)
        self._words = widgets.HTML()
        self._reason = widgets.Text(description=texts.BLOCK_REASON, placeholder=texts.BLOCK_REASON_HINT)
        sure = widgets.Button(description=texts.BLOCK, button_style="danger")
        back = widgets.Button(description=texts.SEND_BACK)
        self._asked = widgets.HBox([self._words, self._reason, sure, back])
        self._asked.add_class("tv-sure")
        self.widget = widgets.HBox([self._button, self._asked])
        self.background = Background()
        self._button.on_click(lambda _: self._on_button())
        sure.on_click(lambda _: self._on_sure())
        back.on_click(lambda _: self._ask(asked=False))
        self._ask(asked=False)

    def show(self, station: StationOut) -> None:
        """Be about this station; whoever was asked about another one was not asked about this one."""
        if self._station is None or self._station.id != station.id:
            self._ask(asked=False)
        self._station = station
        self._button.description = texts.BLOCK if station.blocked_at is None else texts.UNBLOCK

    def _on_button(self) -> None:
        if self._station is None:
            return
        if self._station.blocked_at is None:
            self._ask(asked=True)
        else:
            self._start(self._client.unblock_station, self._station.id)

    def _ask(self, *, asked: bool, words: str = texts.BLOCK_HURTS) -> None:
        self._words.value = f'<p role="alert">{formats.safe(words)}</p>'
        self._button.layout.display = "none" if asked else None
        self._asked.layout.display = None if asked else "none"

    def _on_sure(self) -> None:
        reason = self._reason.value.strip()
        if not reason:
            self._ask(asked=True, words=texts.BLOCK_REASON_MISSING)
            return
        self._ask(asked=False)
        self._start(lambda station_id: self._client.block_station(station_id, reason=reason), self._station.id)

    def _start(self, act: Callable[[str], StationOut], station_id: str) -> None:
        self.background.start(self._carry_out(act, station_id))

    async def _carry_out(self, act: Callable[[str], StationOut], station_id: str) -> None:
        self._button.disabled = True
        try:
            self._on_done(await asyncio.to_thread(act, station_id))
        except TwinEVError as error:
            self._on_done(error)
        finally:
            self._button.disabled = False
