"""The grid operators' page as a whole, without a browser: opening it, its tabs, and an API that is away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import ipywidgets as widgets
import pytest
from widget_tree import button, every, html_of

from twinev.errors import NotAuthenticated, TwinEVError, Unavailable
from twinev.ui import texts, texts_alerts, texts_flexibility
from twinev.ui.grid_operator_page import ALERTS, FLEXIBILITY, HISTORY, STATUS, GridOperatorPage
from twinev.ui.live import Snapshot
from twinev.wire.rest.identity import UserOut
from twinev.wire.rest.series import SeriesOut
from twinev.wire.rest.system import HealthOut


@dataclass
class FakeApi:
    """Answers with a state that stands still; ``error`` is raised instead where it is set."""

    snapshot: Snapshot
    now: datetime
    error: TwinEVError | None = None
    asked: list[str] = field(default_factory=list)

    def me(self) -> UserOut:
        return UserOut(id="1", username="olga", display_name="Olga", roles=("grid_operator",))

    def health(self) -> HealthOut:
        if self.error is not None:
            raise self.error
        return HealthOut(status="ok", version="0", now=self.now, parts=())

    def sites(self) -> list:
        return list(self.snapshot.sites)

    def stations(self) -> list:
        return list(self.snapshot.stations)

    def restrictions(self, *, at_most: int | None = None, state: str | None = None) -> list:
        self.asked.append(f"restrictions {state or at_most}")
        return list(self.snapshot.restrictions)

    def series(self, kind, subject, *, start, step_minutes, count) -> SeriesOut:
        self.asked.append(f"series {subject}")
        return SeriesOut(kind=kind, subject=subject, start=start, step_minutes=step_minutes, values=(None,) * count)

    def flexibility_orders(self, *, at_most: int) -> list:
        self.asked.append("flexibility orders")
        return []


@pytest.fixture
def api(snapshot, now) -> FakeApi:
    return FakeApi(snapshot=snapshot, now=now)


@pytest.fixture
def page(api) -> GridOperatorPage:
    return GridOperatorPage(client=api, log_out_url="/logout", poll_seconds=0.01)


def run(page: GridOperatorPage, act=lambda: None) -> None:
    """Open the page, let ``act`` happen, and end as a login that has ended does."""

    async def opened() -> None:
        page.start()
        act()
        for part in (page.history, page.flexibility.editor, page.flexibility.orders):
            await part.background.finished()
        page._live._client.error = NotAuthenticated("the session has ended")
        page._live.hurry()
        await page._background.finished()

    asyncio.run(opened())


def _tabs(page: GridOperatorPage) -> widgets.Tab:
    return next(part for part in every(page.widget) if isinstance(part, widgets.Tab))


def test_page_shows_the_state_at_once_and_tells_the_end_of_the_login(page) -> None:
    run(page, lambda: pytest.fail("nothing is shown") if "tv-card-" not in html_of(page.widget) else None)
    assert texts.SESSION_ENDED in html_of(page.widget)
    assert "tv-lost" in page.widget._dom_classes


def test_page_that_is_opened_while_the_api_is_away_says_so_and_goes_on(page, api) -> None:
    api.error = Unavailable("the API does not answer")
    seen: list[str] = []
    run(page, lambda: seen.append(html_of(page.widget)))
    assert "Connection lost" in seen[0]


def test_orders_and_slots_are_read_when_their_tabs_are_opened_and_not_before(page, api) -> None:
    def open_tabs() -> None:
        assert set(api.asked) <= {"restrictions 50", "restrictions open"}
        _tabs(page).selected_index = FLEXIBILITY
        _tabs(page).selected_index = HISTORY

    run(page, open_tabs)
    assert {"series utrecht", "flexibility orders", "restrictions 2000"} <= set(api.asked)


def test_alert_leads_to_its_tab_and_from_there_to_the_station(page, api, make_restriction, snapshot) -> None:
    api.snapshot = Snapshot(
        now=snapshot.now, speed=1.0, sites=snapshot.sites, stations=snapshot.stations,
        restrictions=(make_restriction(state="partly"),),
    )  # fmt: skip

    def follow() -> None:
        assert _tabs(page).titles[ALERTS] == "Alerts (1)"
        button(page.widget, texts_alerts.STRIP_SHOW).click()
        assert _tabs(page).selected_index == ALERTS
        button(page.widget, texts_alerts.SELECT).click()
        assert _tabs(page).selected_index == STATUS
        assert page.status.selection.station_ids == {"UTR-01", "UTR-02"}

    run(page, follow)


def test_page_without_any_site_says_what_is_missing(page, api, snapshot) -> None:
    api.snapshot = Snapshot(now=snapshot.now, speed=1.0, sites=(), stations=(), restrictions=())
    run(page, lambda: setattr(_tabs(page), "selected_index", FLEXIBILITY))
    assert texts.SITES_NONE in html_of(page.widget)
    assert texts_flexibility.NO_SITES in html_of(page.widget)
