"""The form that describes a station anew; what somebody else has changed meanwhile is not written over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import ChangedMeanwhile, TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui.background import Background
from twinev.ui.fact_list import answer_html, busy_html, error_html
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut


class StationEdit:
    """Fields of one station, as it was when it was read.

    Parameters
    ----------
    on_done : callable
        Called when one goes back, with what was saved or None.
    """

    def __init__(self, *, client: Client, on_done: Callable[[StationOut | None], None]) -> None:
        self._client, self._on_done = client, on_done
        self._station: StationOut | None = None
        self._name = widgets.Text(description=texts.EDIT_NAME)
        self._site = widgets.Dropdown(description=texts.EDIT_SITE)
        self._latitude = widgets.Text(description=texts.EDIT_LATITUDE)
        self._longitude = widgets.Text(description=texts.EDIT_LONGITUDE)
        self._public = widgets.Checkbox(description=texts.EDIT_PUBLIC, indent=False)
        self._save = widgets.Button(description=texts.EDIT_SAVE, button_style="primary")
        cancel = widgets.Button(description=texts.EDIT_CANCEL)
        self._answer = widgets.HTML()
        self._save.on_click(lambda _: self._begin())
        cancel.on_click(lambda _: self._on_done(None))
        buttons = widgets.HBox([self._save, cancel])
        buttons.add_class("tv-buttons")
        fields = [self._name, self._site, self._latitude, self._longitude, self._public]
        self.widget = widgets.VBox([self._answer, *fields, buttons])
        self.widget.add_class("tv-edit")
        self.background = Background()

    def show(self, station: StationOut, sites: tuple[SiteOut, ...]) -> None:
        """Begin with the station as it is."""
        self._answer.value = ""
        self._site.options = [(site.name, site.id) for site in sites]
        self._fill(station)

    def _fill(self, station: StationOut) -> None:
        self._station = station
        self._name.value = station.name
        self._site.value = station.site_id
        self._latitude.value = f"{station.latitude_degrees:.6f}".rstrip("0")
        self._longitude.value = f"{station.longitude_degrees:.6f}".rstrip("0")
        self._public.value = station.public

    def _changes(self) -> dict[str, object]:
        """What differs from the station as it was read.

        Raises
        ------
        ValueError
            A coordinate is no number; its message is what was typed.
        """
        wanted: dict[str, object] = {
            "name": self._name.value.strip(),
            "site_id": self._site.value,
            "public": self._public.value,
            "latitude_degrees": _degrees(self._latitude.value),
            "longitude_degrees": _degrees(self._longitude.value),
        }
        return {key: value for key, value in wanted.items() if value != _as_shown(getattr(self._station, key))}

    def _begin(self) -> None:
        try:
            changes = self._changes()
        except ValueError as error:
            self._answer.value = error_html(texts.EDIT_NOT_A_NUMBER.format(text=error))
            return
        if changes:
            self.background.start(self._carry_out(changes))
        else:
            self._answer.value = answer_html(texts.EDIT_NOTHING, good=True)

    async def _carry_out(self, changes: dict[str, object]) -> None:
        station = self._station
        self._answer.value = busy_html(texts.SEND_SENDING)
        self._save.disabled = True
        try:
            saved = await asyncio.to_thread(
                lambda: self._client.change_station(station.id, version=station.version, **changes)
            )
        except ChangedMeanwhile:
            await self._reread(station.id)
        except TwinEVError as error:
            self._answer.value = error_html(error)
        else:
            self._on_done(saved)
        finally:
            self._save.disabled = False

    async def _reread(self, station_id: str) -> None:
        try:
            self._fill(await asyncio.to_thread(self._client.station, station_id))
        except TwinEVError as error:
            self._answer.value = error_html(error)
        else:
            self._answer.value = error_html(texts.EDIT_CONFLICT.format(station=station_id))


def _degrees(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(text) from None


def _as_shown(value: object) -> object:
    """Coordinates are shown to six places, a tenth of a metre."""
    return round(value, 6) if isinstance(value, float) else value
