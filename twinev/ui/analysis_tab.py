"""The Analysis tab: how a month went beside the one before, day by day and hour by hour; to download and to print."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from twinev.analysis_view import texts
from twinev.analysis_view.cards import cards_html
from twinev.analysis_view.charts import CHARTED, days_chart_html, hours_chart_html, months_chart_html
from twinev.analysis_view.figures import is_over, month_before, month_name
from twinev.analysis_view.report import co2_text, state_text
from twinev.analysis_view.tables import days_table_html, figures_table_html
from twinev.client import Client
from twinev.errors import TwinEVError
from twinev.ui import formats
from twinev.ui.background import Background
from twinev.ui.live import Snapshot
from twinev.wire.rest.analysis import AnalysisOut, MonthFigures
from twinev.wire.rest.sites import SiteOut

MONTHS_BACK = 24
CHART_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is looked at; no month is the latest that is over, no site is all of them."""

    month: str | None = None
    site_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API says about a choice; no ``analysis`` where there is no month to analyse."""

    months: tuple[MonthFigures, ...]
    analysis: AnalysisOut | None = None
    csv: str = ""


class AnalysisTab:
    """Pickers of month and site, and what the chosen month comes to.

    Parameters
    ----------
    client : Client
        Reads the figures.
    api_url : str, optional
        Where the viewer's browser reaches the API, for the report to print; without it no report is offered.
    """

    def __init__(self, *, client: Client, api_url: str = "") -> None:
        self._client, self._api_url = client, api_url
        self._sites: tuple[SiteOut, ...] = ()
        self._choice = Choice()
        self._answer: Answer | None = None
        self._asked = 0
        self._quiet = False
        self.background = Background()
        self._build()
        self._month.observe(self._on_pick, "value")
        self._site.observe(self._on_pick, "value")
        self._figure.observe(lambda _change: self._show_charts(), "value")
        self._earlier.on_click(lambda _button: self._move(1))
        self._later.on_click(lambda _button: self._move(-1))
        self._again.on_click(lambda _button: self._load())

    def _build(self) -> None:
        self._site = widgets.Dropdown(description=texts.PICK_SITE, options=[(texts.ALL_SITES, "")], value="")
        self._month = widgets.Dropdown(description=texts.PICK_MONTH, options=[])
        self._earlier = widgets.Button(description=texts.EARLIER, disabled=True)
        self._later = widgets.Button(description=texts.LATER, disabled=True)
        figures = [(texts.LABELS[name], name) for name in CHARTED]
        self._figure = widgets.Dropdown(description=texts.PICK_FIGURE, options=figures, value=CHARTED[0])
        self._links, self._state = widgets.HTML(), widgets.HTML(_status(texts.COUNTING))
        self._again = widgets.Button(description=texts.AGAIN)
        self._cards, self._charts = widgets.HTML(), widgets.HTML()
        self._figures_table, self._days_table = widgets.HTML(), widgets.HTML()
        picks = widgets.HBox([self._site, self._month, self._earlier, self._later, self._links])
        picks.add_class("tv-analysis-tools")
        self._chart_tools = widgets.HBox([self._figure])
        self._chart_tools.add_class("tv-analysis-tools")
        self._result = widgets.VBox(
            [self._cards, self._chart_tools, self._charts, self._figures_table, self._days_table]
        )
        self._result.add_class("tv-analysis-result")
        self._result.layout.display = "none"
        self._again.layout.display = "none"
        self.widget = widgets.VBox([picks, self._state, self._again, self._result])
        self.widget.add_class("tv-analysis")

    def start(self) -> None:
        """Read the sites and the latest month, without waiting for it: the kernel's event loop must run."""
        self._load()

    def update(self, _snapshot: Snapshot, *, shown: bool) -> None:
        """Read when the tab is looked at for the first time: nothing of the live state is in a month that is over."""
        if shown and self._asked == 0:
            self.start()

    def _on_pick(self, _change: object) -> None:
        if not self._quiet:
            self._choose(Choice(month=self._month.value, site_id=self._site.value or None))

    def _move(self, places: int) -> None:
        """``places`` months back."""
        months = [value for _, value in self._month.options]
        place = months.index(self._month.value) + places if self._month.value in months else -1
        if 0 <= place < len(months):
            self._month.value = months[place]

    def _choose(self, choice: Choice) -> None:
        self._choice = choice
        self._load()

    def _load(self) -> None:
        self._asked += 1
        self._again.layout.display = "none"
        self._state.value = _status(texts.COUNTING)
        self.background.start(self._ask(self._asked, self._choice))

    async def _ask(self, number: int, choice: Choice) -> None:
        try:
            sites = self._sites or tuple(await asyncio.to_thread(lambda: list(self._client.sites())))
            answer = await asyncio.to_thread(ask, self._client, choice)
        except TwinEVError as error:
            if number == self._asked:
                self._fail(error)
            return
        # Somebody who picks faster than the API counts sees what was picked last.
        if number == self._asked:
            self._sites, self._answer = sites, answer
            self._show()

    def _fail(self, error: TwinEVError) -> None:
        words = formats.safe(texts.FAILED.format(error=error))
        self._state.value = f'<p class="tv-field-error" role="alert">{words}</p>'
        self._again.layout.display = None

    def _show(self) -> None:
        answer = self._answer
        self._show_picks(answer)
        self._result.layout.display = None if answer.analysis else "none"
        if answer.analysis is None:
            self._links.value = ""
            self._state.value = f'<p class="tv-help">{formats.safe(texts.EMPTY)}</p>'
            return
        month, over = answer.analysis.month, is_over(answer.analysis)
        before = month_before(answer.analysis, answer.months)
        notes = [state_text(answer.analysis, self._zone()), co2_text(answer.analysis)]
        self._state.value = _status(" ".join(note for note in notes if note))
        self._links.value = links_html(answer, self._choice, api_url=self._api_url)
        self._cards.value = cards_html(month, before if over else None)
        self._figures_table.value = _folded(texts.TABLE_FIGURES, figures_table_html(month, before, over=over))
        self._days_table.value = _folded(texts.TABLE_DAYS, days_table_html(answer.analysis))
        self._show_charts()

    def _show_picks(self, answer: Answer) -> None:
        """Offer the months and sites that there are; that is no pick of the viewer's."""
        self._quiet = True
        months = [(month_name(month.month), month.month) for month in answer.months]
        if tuple(months) != tuple(self._month.options):
            self._month.options = months
        self._month.value = answer.analysis.month.month if answer.analysis else None
        sites = [(texts.ALL_SITES, ""), *((site.name, site.id) for site in self._sites)]
        if tuple(sites) != tuple(self._site.options):
            self._site.options = sites
        self._site.value = self._choice.site_id or ""
        self._quiet = False
        values = [value for _, value in months]
        self._later.disabled = not values or self._month.value == values[0]
        self._earlier.disabled = not values or self._month.value == values[-1]

    def _show_charts(self) -> None:
        answer = self._answer
        if answer is None or answer.analysis is None:
            return
        name = self._figure.value
        recent = [month for month in answer.months if month.month <= answer.analysis.month.month][:CHART_MONTHS]
        charts = [days_chart_html(answer.analysis, name)]
        charts += [months_chart_html(recent, name)] if len(recent) > 1 else []
        charts += [hours_chart_html(answer.analysis)]
        self._charts.value = f'<div class="tv-charts">{"".join(charts)}</div>'

    def _zone(self) -> ZoneInfo:
        """Of the chosen site; of all of them where they share one."""
        zones = {site.time_zone for site in self._sites if self._choice.site_id in (None, site.id)}
        return formats.zone_of(zones.pop() if len(zones) == 1 else "UTC")


def ask(client: Client, choice: Choice) -> Answer:
    """Read a month with its days and table, and the months around it."""
    told = client.analysis_months(months=MONTHS_BACK, site_id=choice.site_id)
    known = [month.month for month in told.items]
    if not known:
        return Answer(months=())
    # What is over says more than the days that have come of this month; it is there to be picked.
    over = [month.month for month in told.items if month.end <= told.as_of]
    month = choice.month if choice.month in known else (over or known)[0]
    analysis = client.analysis(month, site_id=choice.site_id)
    return Answer(months=told.items, analysis=analysis, csv=client.analysis_csv(month, site_id=choice.site_id))


def links_html(answer: Answer, choice: Choice, *, api_url: str) -> str:
    """The table as a file that the link itself holds, and the report, which the browser asks the API for."""
    month = answer.analysis.month.month
    encoded = base64.b64encode(answer.csv.encode("utf-8-sig")).decode()
    links = [
        f'<a class="tv-button" download="analysis-{month}.csv" href="data:text/csv;base64,{encoded}">'
        f"{formats.safe(texts.DOWNLOAD)}</a>"
    ]
    if api_url:
        query = urlencode({"month": month} | ({"site_id": choice.site_id} if choice.site_id else {}))
        address = formats.safe(f"{api_url}/api/v1/analysis/report?{query}")
        links.append(
            f'<a class="tv-button" target="_blank" rel="noopener" href="{address}">{formats.safe(texts.PRINT)}</a>'
        )
    return "".join(links)


def _status(words: str) -> str:
    return f'<p class="tv-detail" role="status">{formats.safe(words)}</p>'


def _folded(title: str, table: str) -> str:
    return f'<details class="tv-fold"><summary>{formats.safe(title)}</summary>{table}</details>'
