"""The form that sends a command to a station: choose, be asked where it hurts, and read what the station answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.answer_words import answer_of
from twinev.ui.background import Background
from twinev.ui.command_choices import BY_KEY, CHOICES, Choice, missing
from twinev.ui.command_response import response_html
from twinev.ui.fact_list import Markup, answer_html, busy_html, error_html
from twinev.ui.live import Live, Snapshot
from twinev.wire.commands import CommandIn
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.stations import StationOut


class CommandForm:
    """Sends one command at a time.

    Parameters
    ----------
    on_sent : callable
        Called when a station was told something.
    """

    def __init__(self, *, client: Client, live: Live, on_sent: Callable[[], None]) -> None:
        self._client, self._live, self._on_sent = client, live, on_sent
        self._station = widgets.Combobox(
            description=texts.SEND_STATION, placeholder=texts.SEND_STATION_HINT, ensure_option=False
        )
        self._choice = widgets.Dropdown(
            description=texts.SEND_COMMAND, options=[(choice.label, choice.key) for choice in CHOICES]
        )
        self._evse = widgets.Dropdown(description=texts.SEND_EVSE, options=[(texts.SEND_WHOLE_STATION, 0)])
        self._fields: dict[str, widgets.Widget] = {}
        self._parameters = widgets.HBox()
        self._parameters.add_class("tv-parameters")
        self._send = widgets.Button(description=texts.SEND, button_style="primary")
        self._question = widgets.HTML()
        sure = widgets.Button(description=texts.SEND_SURE, button_style="danger")
        back = widgets.Button(description=texts.SEND_BACK)
        self._sure = widgets.HBox([self._question, sure, back])
        self._sure.add_class("tv-sure")
        self._answer = widgets.HTML()
        row = widgets.HBox([self._station, self._choice, self._evse, self._parameters, self._send])
        row.add_class("tv-tools")
        self.widget = widgets.VBox([widgets.HTML(f"<h2>{texts.SEND_TITLE}</h2>"), row, self._sure, self._answer])
        self.widget.add_class("tv-send")
        self.background = Background()
        self._station.observe(lambda _: self._show_evses(), "value")
        self._choice.observe(lambda _: self._show_choice(), "value")
        self._send.on_click(lambda _: self._on_send())
        sure.on_click(lambda _: self._begin())
        back.on_click(lambda _: self._ask(None))
        self._show_choice()

    @property
    def choice(self) -> Choice:
        return BY_KEY[self._choice.value]

    def choose_station(self, station_id: str) -> None:
        """Take this station, as if it had been typed."""
        self._station.value = station_id
        self._answer.value = ""

    def update(self, snapshot: Snapshot) -> None:
        """Offer the stations that there are."""
        ids = tuple(station.id for station in snapshot.stations)
        if ids != self._station.options:
            self._station.options = ids
        self._show_evses()

    def _chosen(self) -> StationOut | None:
        snapshot, wanted = self._live.snapshot, self._station.value.strip()
        stations = snapshot.stations if snapshot else ()
        return next((station for station in stations if station.id == wanted), None)

    def _show_choice(self) -> None:
        self._fields = {field.key: _input(field.name, field.hint, field.options) for field in self.choice.fields}
        self._parameters.children = tuple(self._fields.values())
        self._show_evses()
        self._ask(None)

    def _show_evses(self) -> None:
        station, choice = self._chosen(), self.choice
        evses = [(str(evse.id), evse.id) for evse in station.evses] if station else []
        options = [] if choice.evse == "needed" and evses else [(texts.SEND_WHOLE_STATION, 0)]
        options += evses if choice.evse != "no" else []
        if tuple(options) != tuple(self._evse.options):
            self._evse.options = options
        self._evse.layout.display = "none" if choice.evse == "no" else None

    def _values(self) -> dict[str, str]:
        return {key: field.value for key, field in self._fields.items()}

    def _on_send(self) -> None:
        station, choice = self._chosen(), self.choice
        wrong = missing(choice, self._values()) if station else texts.SEND_NO_STATION
        if station and not wrong and not station.online:
            wrong = texts.SEND_OFFLINE.format(station=station.id)
        if wrong:
            self._answer.value = error_html(wrong)
        elif choice.hurts:
            self._ask(station)
        else:
            self._begin()

    def _ask(self, station: StationOut | None) -> None:
        """Ask whether it is meant, or no more."""
        self._answer.value = ""
        self._sure.layout.display = "none" if station is None else None
        self._send.disabled = station is not None
        if station is None:
            return
        words = self.choice.hurts
        charging = sum(evse.session_id is not None for evse in station.evses)
        if charging and self.choice.ends_charging:
            active = texts.HURTS_ACTIVE_ONE if charging == 1 else texts.HURTS_ACTIVE.format(count=charging)
            words = f"{active} {words}"
        question = f"{self.choice.label}, {station.id}: {words}"
        self._question.value = f'<p role="alert">{formats.safe(question)}</p>'

    def _begin(self) -> None:
        station, choice = self._chosen(), self.choice
        if station is None:
            self._answer.value = error_html(texts.SEND_NO_STATION)
            return
        try:
            body = choice.body(self._evse.value or None, self._values(), self._live.now())
        except TwinEVError as error:
            self._ask(None)
            self._answer.value = error_html(error)
            return
        self._ask(None)
        self.background.start(self._carry_out(station.id, body))

    async def _carry_out(self, station_id: str, body: CommandIn) -> None:
        self._answer.value = busy_html(texts.SEND_SENDING)
        self._send.disabled = True
        try:
            command = await asyncio.to_thread(self._client.command, station_id, body)
        except TwinEVError as error:
            self._answer.value = error_html(error)
        else:
            self._answer.value = answered_html(command)
            self._on_sent()
        finally:
            self._send.disabled = False


def answered_html(command: CommandOut) -> Markup:
    """What the station said, and the rest of its answer where there is one."""
    words = texts.SEND_ANSWER.format(station=command.station_id, action=command.action, answer=answer_of(command))
    if command.detail:
        words = f"{words} {texts.SEND_DETAIL.format(detail=command.detail)}"
    answer = answer_html(words, good=command.outcome == "accepted")
    told = response_html(command.response) if command.response else ""
    return Markup(f"{answer}{told}")


def _input(name: str, hint: str, options: tuple[str, ...]) -> widgets.Widget:
    if options:
        return widgets.Dropdown(description=name, options=options)
    return widgets.Text(description=name, placeholder=hint)
