"""The Historical tab without a browser: rows, what they unfold into, revoking, the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import ipywidgets as widgets
import pytest
from widget_tree import button, html_of, named, shown

from twinev.errors import Unavailable
from twinev.ui import texts
from twinev.ui import texts_history as words
from twinev.ui.enforcement_chart import enforcement_html
from twinev.ui.history_detail import limit_since
from twinev.ui.history_tab import HistoryTab, since_of
from twinev.wire.rest.restrictions import OrderedLimitOut, RestrictionActOut, RestrictionMeasured, StationEnforcement

ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def make_measured(now: datetime) -> Callable[..., RestrictionMeasured]:
    def make(**changed: object) -> RestrictionMeasured:
        fields = {
            "start": now - timedelta(minutes=4), "until": now, "step_seconds": 60.0,
            "measured_kw": (22.0, 11.0, 11.5, 11.0),
            "ordered": (OrderedLimitOut(start=now - timedelta(minutes=4), end=now, limit_kw=12.0),),
            "highest_kw": 22.0, "kept_share": 0.75, "excess_kwh": 0.17,
        }  # fmt: skip
        return RestrictionMeasured(**fields | changed)

    return make


@pytest.fixture
def history(client, live, snapshot) -> HistoryTab:
    tab = HistoryTab(client=client, live=live)
    tab.update(snapshot)
    return tab


def _press(history: HistoryTab, description: str) -> None:
    async def press() -> None:
        button(history.widget, description).click()
        for part in (history.revoke, *history._rows):
            await part.background.finished()

    asyncio.run(press())


def test_revoking_takes_two_clicks(history, client) -> None:
    _press(history, texts.LIMIT_REVOKE)
    assert client.asked == []
    _press(history, texts.LIMIT_REVOKE_SURE)
    assert client.asked == [("revoke", "r1")]
    assert texts.STATES["revoked"] in html_of(history.widget)
    assert not shown(button(history.widget, texts.LIMIT_REVOKE))


def test_revoking_that_fails_is_told(history, client) -> None:
    client.error = Unavailable("the API does not answer")
    _press(history, texts.LIMIT_REVOKE)
    _press(history, texts.LIMIT_REVOKE_SURE)
    assert "the API does not answer" in html_of(history.widget)


def test_filter_says_when_nothing_matches(history) -> None:
    named(history.widget, widgets.Text, words.SEARCH).value = "nobody"
    assert words.NO_MATCH in html_of(history.widget)
    assert "tv-button" not in html_of(history.widget)


def test_row_unfolds_into_what_was_measured_and_who_did_what(history, client, make_measured) -> None:
    client.measured = make_measured()
    _press(history, words.SHOW)
    told = html_of(history.widget)
    assert "75 %" in told
    assert "0.17" in told
    assert "changed by olga: at most 12 kW" in told
    assert "tv-line-limit" in told
    _press(history, words.HIDE)
    assert words.ACTS_TITLE not in html_of(history.widget)


def test_row_of_an_order_to_come_says_when_it_begins(history, client, make_measured, now) -> None:
    client.measured = make_measured(
        until=now - timedelta(minutes=4), measured_kw=(), ordered=(), highest_kw=None, kept_share=None, excess_kwh=0.0
    )
    _press(history, words.SHOW)
    assert "nothing is measured yet" in html_of(history.widget)


def test_silent_meter_is_named(history, client, make_measured) -> None:
    client.measured = make_measured(silent_station_ids=("UTR-02",))
    _press(history, words.SHOW)
    assert "Without UTR-02" in html_of(history.widget)


def test_row_that_shows_another_order_is_folded(history, client, make_measured, snapshot, make_restriction) -> None:
    client.measured = make_measured()
    _press(history, words.SHOW)
    later = make_restriction(id="r2", created_at=snapshot.now)
    history._take([later])
    history.update(snapshot)
    assert words.ACTS_TITLE not in html_of(history._rows[0].widget)


def test_file_is_sent_again_only_when_an_order_changed(history, snapshot, make_restriction) -> None:
    first = history._export.value
    history._take([make_restriction(power_kw=3.0)])
    history._show_again()
    assert history._export.value is first
    history._take([make_restriction(state="ended")])
    history._show_again()
    assert history._export.value != first


def test_orders_that_are_older_than_the_live_state_are_read_when_the_tab_is_opened(client, live, snapshot) -> None:
    tab = HistoryTab(client=client, live=live)

    async def open_twice() -> None:
        for _ in range(2):
            tab.open()
            await tab.background.finished()

    asyncio.run(open_twice())
    assert "Showing 1 of 1" in html_of(tab.widget)


def test_time_until_it_was_enforced_counts_from_the_last_change_of_the_limit(make_restriction, now) -> None:
    order = make_restriction(start=now - timedelta(minutes=9), created_at=now - timedelta(minutes=10))
    acts = [
        RestrictionActOut(at=now - timedelta(minutes=minutes), by="olga", act=act, limit_kw=kw, end=now, v2g=False)
        for minutes, act, kw in ((10, "ordered", 20), (5, "changed", 12), (2, "changed", 12))
    ]
    assert limit_since(order, acts[:1]) == order.start
    assert limit_since(order, acts) == now - timedelta(minutes=5)


def test_days_begin_at_the_sites_midnight(snapshot) -> None:
    assert since_of(0, snapshot) is None
    assert since_of(1, snapshot).isoformat() == "2026-11-23T00:00:00+01:00"
    assert since_of(7, snapshot).isoformat() == "2026-11-17T00:00:00+01:00"


def test_chart_says_in_words_what_it_shows(make_measured) -> None:
    label = ElementTree.fromstring(enforcement_html(make_measured(), zone=ZONE)).find("svg").get("aria-label")
    assert "at most 22.0 kW, within the limit for 75 % of the time" in label


def test_remark_on_a_station_that_follows_is_not_counted_against_it(history, make_restriction, snapshot) -> None:
    remark = StationEnforcement(station_id="UTR-02", state="enforced", reason="offline, without an EV")
    history._take([make_restriction(stations=(remark,))])
    history._show_again()
    assert "not following" not in html_of(history.widget)
