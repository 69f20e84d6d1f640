"""The dialog of one station: its details, its own word on its schedule, its description, and whether it may connect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.answer_words import answer_of, round_trip_of
from twinev.ui.background import Background
from twinev.ui.dialog import Dialog
from twinev.ui.fact_list import answer_html, busy_html, error_html
from twinev.ui.live import Live
from twinev.ui.pace import Pace
from twinev.ui.station_block import StationBlock
from twinev.ui.station_details import StationRead, read_station, station_html
from twinev.ui.station_edit import StationEdit
from twinev.wire.rest.stations import StationOut

#: What a dialog shows is costly to read. [s]
READ_EVERY_SECONDS = 5.0


class StationDialog:
    """Shows a station in the page's dialog.

    Parameters
    ----------
    on_command : callable
        Called with a station's id by who wants to send it a command.
    """

    def __init__(self, *, client: Client, live: Live, dialog: Dialog, on_command: Callable[[str], None]) -> None:
        self._client, self._live, self._dialog, self._on_command = client, live, dialog, on_command
        self._content = widgets.HTML()
        self._answer = widgets.HTML()
        self._ask = widgets.Button(description=texts.ASK_COMPOSITE)
        self._edit_button = widgets.Button(description=texts.EDIT)
        command = widgets.Button(description=texts.COMMAND_THIS)
        self._edit = StationEdit(client=client, on_done=self._edited)
        self._block = StationBlock(client=client, on_done=self._blocked)
        self._buttons = widgets.HBox([self._ask, command, self._edit_button, self._block.widget])
        self._buttons.add_class("tv-buttons")
        self._station_id: str | None = None
        self._read: StationRead | None = None
        self._pace = Pace(READ_EVERY_SECONDS)
        self.background = Background()
        self._ask.on_click(lambda _: self._station_id and self.background.start(self._ask_composite(self._station_id)))
        self._edit_button.on_click(lambda _: self._begin_edit())
        command.on_click(lambda _: self._leave_for_command())

    def open(self, station_id: str) -> None:
        """Show this station."""
        self._read = None
        self._content.value = busy_html(texts.STATION_READING)
        self._answer.value = ""
        self._show_content(station_id)
        self._pace.begin()
        self.background.start(self._reread(station_id))

    def refresh(self) -> None:
        """Read it again while its details are open."""
        if self._station_id is not None and self._pace.due():
            self.background.start(self._reread(self._station_id))

    def _show_content(self, station_id: str) -> None:
        parts = [self._buttons, self._answer, self._content]
        self._dialog.show(station_id, parts, on_close=self._closed)
        self._station_id = station_id

    def _closed(self) -> None:
        self._station_id = None

    async def _reread(self, station_id: str) -> None:
        try:
            read = await asyncio.to_thread(read_station, self._client, station_id)
        except TwinEVError as error:
            if station_id == self._station_id:
                self._answer.value = error_html(error)
            return
        if station_id == self._station_id:
            self._read = read
            self._show(read)

    def _show(self, read: StationRead) -> None:
        station = read.station
        site = self._live.snapshot.site_of(station)
        self._dialog.rename(texts.STATION_TITLE.format(station=station.id, name=station.name))
        self._block.show(station)
        self._ask.disabled = not station.online
        self._content.value = station_html(
            read,
            site=site.name if site else station.site_id,
            zone=formats.zone_of(site.time_zone if site else "UTC"),
            now=self._live.now(),
        )

    async def _ask_composite(self, station_id: str) -> None:
        """Ask for every EVSE's schedule; what it says is drawn with the rest."""
        self._answer.value = busy_html(texts.ASKING)
        evses = [evse.id for evse in self._read.station.evses] if self._read else [1]
        try:
            told = [
                await asyncio.to_thread(self._client.ask_composite_schedule, station_id, evse_id=evse_id)
                for evse_id in evses
            ]
        except TwinEVError as error:
            self._answer.value = error_html(error)
            return
        silent = next((one for one in told if not one.steps), None)
        if silent is not None:
            words = texts.ASKED_NO_SCHEDULE.format(answer=answer_of(silent.command))
        else:
            words = texts.ASKED.format(ms=" + ".join(round_trip_of(one.command) for one in told))
        self._answer.value = answer_html(words, good=silent is None)
        await self._reread(station_id)

    def _leave_for_command(self) -> None:
        station_id = self._station_id
        self._dialog.close()
        if station_id is not None:
            self._on_command(station_id)

    def _begin_edit(self) -> None:
        if self._read is None:
            return
        station = self._read.station
        self._edit.show(station, self._live.snapshot.sites)
        self._dialog.show(texts.EDIT_TITLE.format(station=station.id), [self._edit.widget])

    def _edited(self, saved: StationOut | None) -> None:
        """Go back to the details, which say that it was saved."""
        station_id = saved.id if saved else self._read.station.id
        self._show_content(station_id)
        self._answer.value = answer_html(texts.EDIT_SAVED, good=True) if saved else ""
        self.background.start(self._reread(station_id))
        self._live.hurry()

    def _blocked(self, outcome: StationOut | TwinEVError) -> None:
        if isinstance(outcome, TwinEVError):
            self._answer.value = error_html(outcome)
            return
        self.background.start(self._reread(outcome.id))
        self._live.hurry()
