"""The parts of the page that turn the live state into HTML and style rules."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from widget_tree import html_of

from twinev.ui.history_rows import can_be_revoked, csv_text, matches, row_html
from twinev.ui.history_tab import export_html
from twinev.ui.limits_panel import LimitsPanel, limit_html
from twinev.ui.live import Connection
from twinev.ui.map_signs import pin_rule
from twinev.ui.order_effect import summary_html
from twinev.ui.page_header import clock_html, connection_html, person_html
from twinev.ui.revoke_order import RevokeOrder
from twinev.ui.site_cards import card_html
from twinev.ui.station_map import stations_within
from twinev.ui.station_state import level_of, status_text
from twinev.wire.rest.identity import UserOut

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SITES = {"UTR-01": "Car park, Utrecht", "UTR-02": "Car park, Utrecht"}


@pytest.mark.parametrize(
    ("power_kw", "level"),
    [(0, "idle"), (0.04, "idle"), (5.5, "low"), (11, "medium"), (16.5, "high"), (22, "full"), (-3, "discharging")],
)
def test_pin_colour_follows_the_load(make_station, power_kw: float, level: str) -> None:
    assert level_of(make_station(power_kw=power_kw)) == level


def test_offline_station_is_never_coloured_by_its_last_power(make_station) -> None:
    assert level_of(make_station(power_kw=22, online=False)) == "offline"


def test_status_says_since_when_a_station_is_away(make_station) -> None:
    assert status_text(make_station(online=False), AMSTERDAM) == "offline, last seen Mon 23 Nov 13:00"


def test_selected_pin_is_marked_by_more_than_its_colour(make_station, snapshot) -> None:
    rule = pin_rule(3, make_station(power_kw=11), snapshot, selected=True)
    assert ".tv-pin-3 {" in rule
    assert "--mark-shown: 1" in rule
    assert '--value: "11"' in rule


def test_area_selects_what_lies_in_it(make_station) -> None:
    inside, outside = make_station("A"), make_station("B", longitude_degrees=5.2)
    ring = [[5.1, 52.08], [5.1, 52.09], [5.11, 52.09], [5.11, 52.08], [5.1, 52.08]]
    assert stations_within([inside, outside], ring) == ["A"]


def test_area_is_what_was_drawn_and_not_the_box_around_it(make_station) -> None:
    inside, in_the_box = make_station("A", longitude_degrees=5.101), make_station("B", longitude_degrees=5.109)
    triangle = [[5.1, 52.08], [5.1, 52.09], [5.11, 52.08], [5.1, 52.08]]
    assert stations_within([inside, in_the_box], triangle) == ["A"]


def test_card_sums_evs_and_building_less_production(make_site, make_station) -> None:
    html = card_html(make_site(), [make_station(), make_station("UTR-02", online=False)])
    assert "<b>32.5</b> <span>kW of 66 kW</span>" in html
    assert "33.5 kW left" in html
    assert "1 of 2 stations online" in html


def test_card_says_how_far_over_the_limit_a_site_is(make_site) -> None:
    html = card_html(make_site(charging_kw=70.0), [])
    assert "tv-card-over" in html
    assert "6.5 kW over the supply limit" in html


@pytest.mark.parametrize(("offset_kw", "words"), [(-20, "66 kW less 20 kW"), (10, "66 kW and 10 kW")])
def test_card_counts_the_flexibility_that_is_ordered_now(make_site, offset_kw: float, words: str) -> None:
    html = card_html(make_site(flexibility_kw=offset_kw), [])
    assert f"kW of {66 + offset_kw} kW" in html
    assert words in html
    assert "tv-mark-faint" in html
    assert "tv-mark-faint" not in card_html(make_site(), [])


def test_names_from_the_api_cannot_bring_markup(make_site) -> None:
    assert "<script>" not in card_html(make_site(name="<script>alert(1)</script>"), [])


def test_limit_shows_power_against_it_and_its_state(make_restriction, snapshot) -> None:
    html = limit_html(make_restriction(), snapshot)
    assert "11.9 kW of at most 12 kW" in html
    assert "enforced" in html
    assert "until 14:00" in html


def test_limit_that_is_broken_stands_out(make_restriction, snapshot) -> None:
    assert "tv-over" in limit_html(make_restriction(power_kw=12.5), snapshot)
    assert "tv-over" not in limit_html(make_restriction(power_kw=12.05), snapshot)


def test_every_open_limit_is_listed_and_counted_also_on_the_same_stations(
    make_restriction, snapshot, client, live
) -> None:
    window = {"start": snapshot.now + timedelta(minutes=30), "end": snapshot.now + timedelta(hours=2)}
    limits = [make_restriction(id=str(kw), limit_kw=kw, state="scheduled", **window) for kw in (12.0, 14.0, 16.0)]
    over = make_restriction(id="over", limit_kw=9.0, state="revoked")
    panel = LimitsPanel(change=pytest.fail, revoke=RevokeOrder(client=client, live=live))

    panel.update(replace(snapshot, restrictions=(*limits, over)))

    told = html_of(panel.widget)
    assert "Limits now and to come: 3" in told
    assert told.count('<div class="tv-limit"') == 3
    assert all(f"of at most {kw} kW" in told for kw in (12, 14, 16))


def test_form_counts_the_selection_and_its_power(snapshot) -> None:
    html = summary_html(snapshot, frozenset({"UTR-01", "UTR-02", "gone"}))
    assert "2 stations selected, drawing 11.9 kW now (they can draw 44 kW)." in html


def test_clock_names_its_zone_and_an_accelerated_speed(snapshot) -> None:
    assert "13:00 CET (Europe/Amsterdam)" in clock_html(snapshot)
    assert "60× faster" in clock_html(replace(snapshot, speed=60.0))


def test_lost_connection_says_of_when_the_page_is(snapshot) -> None:
    assert connection_html(Connection(), snapshot) == ""
    assert "13:00:00" in connection_html(Connection(lost="refused"), snapshot)


@pytest.mark.parametrize(
    ("find", "state", "found"),
    [
        ("", None, True),
        ("OLGA", None, True),
        ("utr-02 park", None, True),
        ("piet", None, False),
        ("", "revoked", False),
    ],
)
def test_history_filter(make_restriction, find: str, state: str | None, found: bool) -> None:
    assert matches(make_restriction(), find=find, state=state, site_of_station=SITES) is found


def test_history_row_compares_what_was_measured_with_what_was_ordered(make_restriction) -> None:
    html = row_html(make_restriction(highest_kw=13.2), zone=AMSTERDAM, site_of_station=SITES)
    assert "13.2 kW" in html
    assert "1.2 kW over" in html
    # What was measured before the order was first kept is not in the figure, and the column's name says so.
    assert 'data-name="Highest measured once enforced"' in html


@pytest.mark.parametrize(
    ("state", "revocable"), [("enforced", True), ("scheduled", True), ("ended", False), ("revoked", False)]
)
def test_only_open_orders_can_be_revoked(make_restriction, state: str, revocable: bool) -> None:
    assert can_be_revoked(make_restriction(state=state)) is revocable


def test_csv_holds_what_the_table_shows(make_restriction, now) -> None:
    order = make_restriction(revoked_at=now + timedelta(minutes=1), state="revoked")
    [row] = csv.DictReader(io.StringIO(csv_text([order], site_of_station=SITES)))
    assert (row["ordered_by"], row["limit_kw"], row["state"]) == ("olga", "12.0", "revoked")
    assert row["station_ids"] == "UTR-01 UTR-02"
    assert row["sites"] == "Car park, Utrecht"


def test_csv_cell_is_never_taken_for_a_formula(make_restriction) -> None:
    [row] = csv.DictReader(io.StringIO(csv_text([make_restriction(created_by="=HYPERLINK()")], site_of_station=SITES)))
    assert row["ordered_by"] == "'=HYPERLINK()"


def test_download_holds_the_file_itself() -> None:
    assert 'href="data:text/csv;base64,' in export_html("a,b")


@pytest.mark.parametrize(("roles", "led"), [(("administrator",), True), (("grid_operator",), False)])
def test_administrators_alone_are_led_to_user_management(roles: tuple[str, ...], led: bool) -> None:
    user = UserOut(id="1", username="olga", display_name="Olga", roles=roles)
    assert ("/admin/users" in person_html(user, "/logout", "/admin/users")) is led


def test_history_filter_by_time_leaves_out_what_was_over_before(make_restriction, now) -> None:
    over = make_restriction(end=now - timedelta(hours=2), start=now - timedelta(hours=3), state="ended")
    filters = {"find": "", "state": None, "site_of_station": SITES}
    assert matches(over, **filters, since=now - timedelta(hours=4))
    assert not matches(over, **filters, since=now - timedelta(hours=1))
    revoked = make_restriction(revoked_at=now - timedelta(hours=2), state="revoked")
    assert not matches(revoked, **filters, since=now - timedelta(hours=1))
