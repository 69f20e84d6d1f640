"""The Analysis tab without a browser, over a fake client."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import ipywidgets as widgets
import pytest
from analysed_bodies import analysis_body, month_figures

from twinev.analysis_view import texts
from twinev.errors import Unavailable
from twinev.ui.analysis_tab import AnalysisTab
from twinev.wire.rest.analysis import AnalysisMonths

AS_OF = datetime(2026, 12, 3, 5, tzinfo=UTC)


@dataclass
class FakeClient:
    """Three months of two sites; ``error`` is raised instead, ``gate`` holds an answer about a month back."""

    known_sites: list
    months: tuple[str, ...] = ("2026-12", "2026-11", "2026-10")
    error: Exception | None = None
    gates: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[tuple] = field(default_factory=list)

    def sites(self) -> list:
        return self.known_sites

    def analysis_months(self, *, months: int, site_id: str | None) -> AnalysisMonths:
        if self.error is not None:
            raise self.error
        return AnalysisMonths(site_id=site_id, as_of=AS_OF, items=tuple(map(month_figures, self.months)))

    def analysis(self, month: str, *, site_id: str | None):
        self.asked.append((month, site_id))
        if month in self.gates:
            assert self.gates[month].wait(20)
        return analysis_body(month, as_of=AS_OF, days=28)

    def analysis_csv(self, month: str, *, site_id: str | None) -> str:
        return f"period\n{month}\n"


@pytest.fixture
def client(make_site) -> FakeClient:
    return FakeClient(known_sites=[make_site(), make_site(id="rotterdam", name="<b>Quay</b>")])


@pytest.fixture
def tab(client) -> AnalysisTab:
    return AnalysisTab(client=client, api_url="http://api.test")


def _all(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


def _html(tab: AnalysisTab) -> str:
    return "".join(part.value for part in _all(tab.widget) if isinstance(part, widgets.HTML))


def _part(tab: AnalysisTab, description: str) -> widgets.Widget:
    return next(part for part in _all(tab.widget) if getattr(part, "description", "") == description)


def _do(tab: AnalysisTab, act: Callable[[], object]) -> None:
    async def acted() -> None:
        act()
        await tab.background.finished()

    asyncio.run(acted())


def _pick(tab: AnalysisTab, description: str, value: str) -> None:
    _do(tab, lambda: setattr(_part(tab, description), "value", value))


def test_last_month_that_is_over_is_shown_first(tab, client):
    _do(tab, tab.start)

    assert _part(tab, texts.PICK_MONTH).value == "2026-11"
    html = _html(tab)
    for words in ("16,383 kWh", "as in October", "Energy delivered by day, November 2026", "All figures", "Day by day"):
        assert words in html
    assert client.asked == [("2026-11", None)]


def test_month_under_way_is_shown_where_it_is_the_only_one(tab, client):
    client.months = ("2026-12",)

    _do(tab, tab.start)

    assert _part(tab, texts.PICK_MONTH).value == "2026-12"
    assert " on " not in re.sub(r"<[^>]+>", " ", tab._cards.value).replace("no restriction", "")


def test_buttons_go_month_by_month_and_end_where_months_end(tab, client):
    _do(tab, tab.start)
    earlier, later = _part(tab, texts.EARLIER), _part(tab, texts.LATER)

    _do(tab, earlier.click)
    assert (_part(tab, texts.PICK_MONTH).value, earlier.disabled, later.disabled) == ("2026-10", True, False)
    _do(tab, later.click)
    _do(tab, later.click)
    assert (_part(tab, texts.PICK_MONTH).value, earlier.disabled, later.disabled) == ("2026-12", False, True)
    assert [month for month, _ in client.asked] == ["2026-11", "2026-10", "2026-11", "2026-12"]


def test_picked_site_keeps_the_month(tab, client):
    _do(tab, tab.start)
    _pick(tab, texts.PICK_MONTH, "2026-10")

    _pick(tab, texts.PICK_SITE, "utrecht")

    assert client.asked[-1] == ("2026-10", "utrecht")
    assert "site_id=utrecht" in _html(tab)


def test_picked_figure_changes_the_charts_and_asks_nobody(tab, client):
    _do(tab, tab.start)
    asked = len(client.asked)

    _pick(tab, texts.PICK_FIGURE, "occupancy")

    assert "Occupancy by day, November 2026 (%)" in _html(tab)
    assert len(client.asked) == asked


def test_download_holds_the_table_and_the_report_is_a_page_of_the_api(tab):
    _do(tab, tab.start)

    html = _html(tab)
    [encoded] = re.findall(r"data:text/csv;base64,([^\"]+)", html)
    assert base64.b64decode(encoded).decode("utf-8-sig") == "period\n2026-11\n"
    assert 'href="http://api.test/api/v1/analysis/report?month=2026-11"' in html


def test_answer_to_an_older_pick_is_not_shown(tab, client):
    _do(tab, tab.start)
    client.gates["2026-12"] = threading.Event()

    async def pick_twice() -> None:
        _part(tab, texts.PICK_MONTH).value = "2026-12"
        _part(tab, texts.PICK_MONTH).value = "2026-10"
        while _part(tab, texts.EARLIER).disabled is False:
            await asyncio.sleep(0.01)
        client.gates["2026-12"].set()
        await tab.background.finished()

    asyncio.run(pick_twice())

    assert _part(tab, texts.PICK_MONTH).value == "2026-10"
    assert "by day, October 2026" in _html(tab)


def test_failure_is_told_and_can_be_tried_again(tab, client):
    client.error = Unavailable("the API <does> not answer")
    _do(tab, tab.start)
    assert 'role="alert">The figures could not be read: the API &lt;does&gt; not answer' in _html(tab)

    client.error = None
    _do(tab, _part(tab, texts.AGAIN).click)

    assert "16,383 kWh" in _html(tab)
    assert "could not be read" not in _html(tab)


def test_platform_without_months_says_so(tab, client):
    client.months = ()

    _do(tab, tab.start)

    assert texts.EMPTY in _html(tab)
    assert _part(tab, texts.EARLIER).disabled
    assert _part(tab, texts.LATER).disabled
