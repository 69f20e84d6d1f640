"""The editor of a flexibility order: a site, a time, and one field for each slot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats
from twinev.ui import texts_flexibility as words
from twinev.ui.background import Background
from twinev.ui.flexibility_chart import limit_chart_html
from twinev.ui.flexibility_input import SlotGrid, read_value, read_values, running_slot
from twinev.ui.live import Live, Snapshot
from twinev.ui.sure_button import SureButton
from twinev.wire.rest.sites import SiteOut

SERIES = "flexibility_kw"


class FlexibilityEditor:
    """Fields for the slots, filled with what is ordered so far, and the limit that comes of them.

    Parameters
    ----------
    client : Client
        Reads what is ordered, and orders.
    live : Live
        The sites and the platform's time.
    then : callable
        Called after an order.
    """

    def __init__(self, *, client: Client, live: Live, then: Callable[[], None]) -> None:
        self._client, self._live, self._then = client, live, then
        self._sites: dict[str, SiteOut] = {}
        self._grid: SlotGrid | None = None
        self._before: tuple[float, ...] = ()
        self._filling = False
        self.background = Background()
        self._site = widgets.Dropdown(description=words.SITE)
        later = [(words.START_NOW, False), (words.START_LATER, True)]
        self._later = widgets.Dropdown(description=words.START, options=later, value=False)
        self._start = widgets.NaiveDatetimePicker(description=words.START_AT)
        self._start.add_class("tv-datetime")
        self._lasts = widgets.Dropdown(description=words.LASTS, options=list(words.LASTS_OPTIONS), value=120)
        self._step = widgets.Dropdown(description=words.STEP, options=list(words.STEPS), value=15)
        self._all = widgets.Text(description=words.ALL, placeholder="0")
        self._slots: list[widgets.Text] = []
        self._arrange()
        for field in (self._site, self._later, self._start, self._lasts, self._step):
            field.observe(self._on_frame, "value")

    def _arrange(self) -> None:
        set_all, undo = widgets.Button(description=words.ALL_SET), widgets.Button(description=words.READ_AGAIN)
        set_all.on_click(self._set_all)
        undo.on_click(self._on_frame)
        self._order_button = SureButton(words=words.ORDER, question=words.ORDER_SURE, act=self._begin, style="primary")
        self._slot_help, self._chart = widgets.HTML(), widgets.HTML()
        self._error, self._told = widgets.HTML(), widgets.HTML()
        self._slot_box = widgets.HBox()
        self._slot_box.add_class("tv-slots")
        frame = widgets.HBox([self._site, self._later, self._start, self._lasts, self._step])
        frame.add_class("tv-slot-frame")
        tools = widgets.HBox([self._all, set_all, undo])
        tools.add_class("tv-slot-tools")
        self.widget = widgets.VBox([
            widgets.HTML(f"<h2>{words.EDITOR_TITLE}</h2><p class=tv-help>{formats.safe(words.HELP)}</p>"), frame,
            self._slot_help, tools, self._slot_box, self._chart, self._error, self._order_button.widget, self._told,
        ])  # fmt: skip
        self.widget.add_class("tv-flexibility-editor")
        self._start.layout.display = "none"

    @property
    def filled(self) -> bool:
        """Whether the slots show what is ordered."""
        return self._grid is not None

    def update(self, snapshot: Snapshot) -> None:
        """Take in sites that are new; what is being typed stays."""
        sites = {site.id: site for site in snapshot.sites}
        if sites.keys() != self._sites.keys():
            self._offer(sites)
        self._sites = sites

    def _offer(self, sites: Mapping[str, SiteOut]) -> None:
        """Sites to choose from; the slots are filled when the tab is opened, or when another one is chosen."""
        chosen = self._site.value
        self._filling = True
        # With the options the value is set to the first.
        self._site.options = [(site.name, site.id) for site in sites.values()]
        self._site.value = chosen if chosen in sites else next(iter(sites), None)
        self._filling = False

    def open(self) -> None:
        """The tab is looked at: show what is ordered from now on, unless something is being typed."""
        if self._grid is None or self._typed() == self._before:
            self._on_frame()

    def _typed(self) -> tuple[float, ...]:
        """What stands in the slots; a slot that is no number counts as it was before."""
        values = [read_value(field.value) for field in self._slots]
        return tuple(before if value is None else value for value, before in zip(values, self._before, strict=False))

    def _on_frame(self, _: object = None) -> None:
        """Another site or time: fill the slots anew."""
        if self._filling:
            return
        self._start.layout.display = None if self._later.value else "none"
        self._order_button.reset()
        if self._site.value not in self._sites:
            self._say(words.NO_SITES)
            return
        grid = self._chosen_grid()
        self._say("" if grid else words.ERROR_START_MISSING)
        if grid is not None:
            self.background.start(self._fill(self._site.value, grid))

    def _chosen_grid(self) -> SlotGrid | None:
        step = self._step.value
        count = max(1, self._lasts.value // step)
        if not self._later.value:
            return SlotGrid(start=running_slot(self._live.now(), step), step_minutes=step, count=count)
        if self._start.value is None:
            return None
        # In UTC, where every slot has its length: local clocks are changed twice a year.
        start = self._start.value.replace(tzinfo=self._zone()).astimezone(UTC)
        return SlotGrid(start=start, step_minutes=step, count=count)

    async def _fill(self, site_id: str, grid: SlotGrid) -> None:
        try:
            series = await asyncio.to_thread(
                self._client.series, SERIES, site_id, start=grid.start, step_minutes=grid.step_minutes,
                count=grid.count,
            )  # fmt: skip
        except TwinEVError as error:
            self._say(str(error))
            return
        self._grid, self._before = grid, tuple(value or 0.0 for value in series.values)
        self._fit_slots()
        self._draw()

    def _fit_slots(self) -> None:
        zone = self._zone()
        self._filling = True
        while len(self._slots) < self._grid.count:
            field = widgets.Text(continuous_update=False)
            field.observe(self._on_slot, "value")
            self._slots.append(field)
        del self._slots[self._grid.count :]
        for field, start, value in zip(self._slots, self._grid.starts(), self._before, strict=True):
            field.description = formats.clock(start, zone)
            ends = formats.clock(start + self._grid.step, zone)
            field.tooltip = words.SLOT_NAME.format(start=formats.clock(start, zone), end=ends)
            field.value = formats.plain_number(value)
        self._filling = False
        self._slot_box.children = self._slots
        limit = formats.limit_kw(self._sites[self._site.value].supply_max_kw)
        self._slot_help.value = f'<p class="tv-detail">{formats.safe(words.SLOTS_HELP.format(limit=limit))}</p>'

    def _set_all(self, _: object) -> None:
        self._filling = True
        for field in self._slots:
            field.value = self._all.value
        self._filling = False
        self._on_slot()

    def _on_slot(self, _: object = None) -> None:
        if self._filling or self._grid is None:
            return
        self._order_button.reset()
        self._told.value = ""
        self._read()
        self._draw()

    def _draw(self) -> None:
        site = self._sites.get(self._site.value)
        if site is not None and self._grid is not None:
            self._chart.value = limit_chart_html(
                self._grid, site_name=site.name, supply_max_kw=site.supply_max_kw, before_kw=self._before,
                after_kw=self._typed(), zone=self._zone(),
            )  # fmt: skip

    def _read(self) -> tuple[float, ...] | None:
        site = self._sites[self._site.value]
        values, error = read_values(
            [field.value for field in self._slots], self._grid, supply_max_kw=site.supply_max_kw,
            now=self._live.now(), zone=self._zone(),
        )  # fmt: skip
        self._say(error)
        return values

    def _begin(self) -> None:
        if self._grid is not None and self._site.value in self._sites and (values := self._read()) is not None:
            self.background.start(self._order(self._site.value, self._grid, values))

    async def _order(self, site_id: str, grid: SlotGrid, values: tuple[float, ...]) -> None:
        self._order_button.widget.disabled = True
        self._told.value = f'<p class="tv-busy" role="status">{formats.safe(words.SENDING)}</p>'
        try:
            await asyncio.to_thread(
                self._client.order_flexibility, site_id, values, start=grid.start, step_minutes=grid.step_minutes
            )
        except TwinEVError as error:
            self._say(str(error))
            self._told.value = ""
        else:
            self._told.value = f'<p class="tv-done" role="status">{formats.safe(words.DONE)}</p>'
            await self._fill(site_id, grid)
            self._then()
            self._live.hurry()
        finally:
            self._order_button.widget.disabled = False

    def _say(self, error: str) -> None:
        self._error.value = f'<p class="tv-field-error" role="alert">{formats.safe(error)}</p>' if error else ""

    def _zone(self) -> ZoneInfo:
        site = self._sites.get(self._site.value)
        return formats.zone_of(site.time_zone if site else "UTC")
