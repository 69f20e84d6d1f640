"""The Flexibility tab without a browser: slots, what is wrong with them, the order, the list."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ipywidgets as widgets
import pytest
from hypothesis import given
from hypothesis import strategies as st
from widget_tree import button, every, html_of, named, shown

from twinev.errors import BadInput
from twinev.ui import texts
from twinev.ui import texts_flexibility as words
from twinev.ui.flexibility_input import SlotGrid, read_value, read_values, running_slot, signed
from twinev.ui.flexibility_orders import bars_html, range_text
from twinev.ui.flexibility_tab import FlexibilityTab
from twinev.wire.rest.flexibility import FlexibilityOrderOut
from twinev.wire.rest.series import SeriesOut

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 23, 12, 7, 30, tzinfo=UTC)


def order_out(**changed: object) -> FlexibilityOrderOut:
    fields = {
        "id": "f1", "site_id": "utrecht", "start": NOW, "end": NOW + timedelta(hours=1), "step_minutes": 15,
        "values_kw": (-10.0, -10.0, -5.0, 0.0), "state": "in_force", "ordered_by": "olga", "ordered_at": NOW,
        "revoked_by": None, "revoked_at": None,
    }  # fmt: skip
    return FlexibilityOrderOut(**fields | changed)


@dataclass
class FakeClient:
    """Knows one site's series and orders, and keeps what it was asked."""

    known_kw: float | None = None
    orders: list[FlexibilityOrderOut] = field(default_factory=list)
    error: Exception | None = None
    asked: list[tuple] = field(default_factory=list)

    def series(self, kind, subject, *, start, step_minutes, count) -> SeriesOut:
        values = (self.known_kw,) * count
        return SeriesOut(kind=kind, subject=subject, start=start, step_minutes=step_minutes, values=values)

    def flexibility_orders(self, *, at_most) -> list[FlexibilityOrderOut]:
        return self.orders[:at_most]

    def order_flexibility(self, site_id, values_kw, *, start, step_minutes) -> None:
        self.asked.append((site_id, values_kw, start, step_minutes))
        if self.error is not None:
            raise self.error

    def revoke_flexibility_order(self, order_id: str) -> None:
        self.asked.append(("revoke", order_id))
        self.orders = [order_out(state="revoked", revoked_by="olga", revoked_at=NOW)]


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def tab(client, live, snapshot) -> FlexibilityTab:
    live.snapshot = replace(snapshot, now=NOW)
    tab = FlexibilityTab(client=client, live=live)
    tab.update(live.snapshot)
    do(tab, tab.open)
    return tab


def do(tab: FlexibilityTab, act) -> None:
    async def acted() -> None:
        act()
        await tab.editor.background.finished()
        await tab.orders.background.finished()

    asyncio.run(acted())


def slots(tab: FlexibilityTab) -> list[widgets.Text]:
    return [part for part in every(tab.widget) if isinstance(part, widgets.Text) and ":" in part.description]


def give(tab: FlexibilityTab) -> None:
    button(tab.widget, words.ORDER).click()
    do(tab, button(tab.widget, words.ORDER_SURE).click)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("-10", -10), ("−10", -10), ("+2,5 kW", 2.5), ("", 0), ("0", 0), ("ten", None), ("1e3", None), ("nan", None)],
)
def test_offset_is_read_as_people_write_it(typed: str, value: float | None) -> None:
    assert read_value(typed) == value


@given(st.floats(-1000, 1000))
def test_offset_that_is_shown_is_read_back(value: float) -> None:
    assert read_value(signed(value).replace(",", "")) == pytest.approx(value, abs=0.051)


@pytest.mark.parametrize(("step", "minute"), [(15, 0), (30, 0), (60, 0)])
def test_running_slot_begins_at_a_round_minute(step: int, minute: int) -> None:
    assert running_slot(NOW, step).minute == minute
    assert running_slot(NOW.replace(minute=44), 15).minute == 30


def test_first_slot_that_cannot_be_used_is_named() -> None:
    grid = SlotGrid(start=NOW.replace(minute=0, second=0), step_minutes=15, count=3)
    read = {"grid": grid, "supply_max_kw": 66, "now": NOW, "zone": ZONE}
    assert read_values(["1", "x", "y"], **read) == (None, words.ERROR_NOT_A_NUMBER.format(start="13:15", text="x"))
    assert "moves the limit of 66 kW by more than itself" in read_values(["1", "2", "-67"], **read)[1]
    assert read_values(["1", "", "-66"], **read) == ((1, 0, -66), "")
    past = replace(grid, start=NOW - timedelta(hours=1))
    assert read_values(["1", "2", "3"], **read | {"grid": past}) == (None, words.ERROR_PAST)


def test_slots_begin_with_the_one_that_runs_and_hold_what_is_ordered(tab, client) -> None:
    client.known_kw = -4.5
    do(tab, button(tab.widget, words.READ_AGAIN).click)
    assert [field.description for field in slots(tab)][:3] == ["13:00", "13:15", "13:30"]
    assert {field.value for field in slots(tab)} == {"-4.5"}
    assert len(slots(tab)) == 8


def test_order_takes_two_clicks_and_sends_every_slot(tab, client, live) -> None:
    named(tab.widget, widgets.Text, words.ALL).value = "-20"
    button(tab.widget, words.ALL_SET).click()
    slots(tab)[-1].value = "0"
    button(tab.widget, words.ORDER).click()
    assert client.asked == []
    do(tab, button(tab.widget, words.ORDER_SURE).click)
    assert client.asked == [("utrecht", (-20,) * 7 + (0,), NOW.replace(minute=0, second=0), 15)]
    assert words.DONE in html_of(tab.widget)
    assert live.hurried == 1


def test_slot_that_is_no_number_is_told_and_nothing_is_sent(tab, client) -> None:
    slots(tab)[0].value = "much"
    give(tab)
    assert client.asked == []
    assert "“much” is not a number" in html_of(tab.widget)


def test_refusal_of_the_api_is_told(tab, client) -> None:
    client.error = BadInput("values_kw[0]", -66, "a power of at most 44 kW")
    give(tab)
    assert "a power of at most 44 kW" in html_of(tab.widget)
    assert not button(tab.widget, words.ORDER).disabled


def test_editing_after_the_first_click_asks_anew(tab, client) -> None:
    button(tab.widget, words.ORDER).click()
    slots(tab)[0].value = "3"
    assert button(tab.widget, words.ORDER)


def test_longer_time_has_more_slots(tab) -> None:
    do(tab, lambda: setattr(named(tab.widget, widgets.Dropdown, words.LASTS), "value", 480))
    assert len(slots(tab)) == 32
    do(tab, lambda: setattr(named(tab.widget, widgets.Dropdown, words.STEP), "value", 60))
    assert len(slots(tab)) == 8


def test_set_time_is_that_of_the_site(tab, client) -> None:
    do(tab, lambda: setattr(named(tab.widget, widgets.Dropdown, words.START), "value", True))
    assert words.ERROR_START_MISSING in html_of(tab.widget)
    picker = next(part for part in every(tab.widget) if isinstance(part, widgets.NaiveDatetimePicker))
    do(tab, lambda: setattr(picker, "value", datetime.fromisoformat("2026-11-24T08:00")))
    give(tab)
    assert client.asked[0][2] == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def test_order_in_force_is_revoked_by_two_clicks(tab, client) -> None:
    client.orders = [order_out()]
    do(tab, tab.orders.read)
    assert "−10 to 0 kW" in html_of(tab.widget)
    button(tab.widget, texts.LIMIT_REVOKE).click()
    do(tab, button(tab.widget, texts.LIMIT_REVOKE_SURE).click)
    assert client.asked == [("revoke", "f1")]
    assert "revoked by olga" in html_of(tab.widget)
    assert not shown(button(tab.widget, texts.LIMIT_REVOKE))


def test_list_says_that_nothing_was_ordered_yet(tab) -> None:
    assert words.ORDERS_NONE in html_of(tab.widget)


def test_offsets_are_told_in_short() -> None:
    assert range_text((-10.0, -10.0)) == "−10 kW"
    assert range_text((-10.0, 2.5)) == "−10 to +2.5 kW"
    assert bars_html((1.0, 1.0)) == ""
    assert bars_html((1.0, -1.0)).count("<rect") == 2
