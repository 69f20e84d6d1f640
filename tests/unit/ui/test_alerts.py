"""What is wrong, how urgent it is, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from widget_tree import button, html_of, shown

from twinev.domain.station_fault import FaultCause
from twinev.ui import texts_alerts as words
from twinev.ui.alerts import alerts_of
from twinev.ui.alerts_tab import MOST_ROWS, AlertsTab, AlertStrip, tab_title
from twinev.wire.rest.restrictions import StationEnforcement
from twinev.wire.rest.stations import NotFollowing


@pytest.fixture
def fault(now) -> NotFollowing:
    return NotFollowing(cause="meter", reason="EVSE 1 draws 11.0 kW where it accepted 5.0 kW", since=now)


def test_nothing_is_wrong_while_limits_are_kept(snapshot) -> None:
    assert alerts_of(snapshot) == ()


def test_station_that_does_not_follow_under_a_limit_that_is_broken_is_urgent(
    snapshot, make_station, make_restriction, fault
) -> None:
    stations = (make_station("UTR-01", not_following=fault), make_station("UTR-02"))
    broken = make_restriction(state="not_enforced", stations=())
    _, alert = alerts_of(replace(snapshot, stations=stations, restrictions=(broken,)))
    assert (alert.level, alert.title, alert.station_ids) == ("critical", "UTR-01 does not follow", ("UTR-01",))
    assert alert.detail.startswith("EVSE 1 draws 11.0 kW where it accepted 5.0 kW. Car park, Utrecht")
    assert alert.advice == words.ADVICE["meter"]


def test_station_that_does_not_follow_while_its_limit_is_kept_is_to_be_looked_into(
    snapshot, make_station, fault
) -> None:
    stations = (make_station("UTR-01", not_following=fault),)
    [alert] = alerts_of(replace(snapshot, stations=stations))
    assert alert.level == "warning"


@pytest.mark.parametrize("cause", list(FaultCause))
def test_every_cause_comes_with_what_to_do(cause: FaultCause) -> None:
    assert words.ADVICE[cause]


def test_limit_that_is_not_kept_comes_before_its_stations(snapshot, make_restriction) -> None:
    told = StationEnforcement(station_id="UTR-02", state="not_enforced", reason="its meter is silent since 11:50 UTC")
    broken = make_restriction(state="not_enforced", power_kw=19.0, stations=(told,))
    limit, station = alerts_of(replace(snapshot, restrictions=(broken,)))
    assert (limit.level, limit.title) == ("critical", "A limit of 12 kW is not kept")
    assert "19.0 kW measured" in limit.detail
    assert "Its meter is silent since 11:50 UTC." in station.detail


def test_limit_that_is_kept_by_others_is_no_emergency(snapshot, make_restriction) -> None:
    [alert] = alerts_of(replace(snapshot, restrictions=(make_restriction(state="partly"),)))
    assert alert.level == "warning"


def test_site_above_its_limit_counts_the_flexibility_that_was_ordered(snapshot, make_site) -> None:
    assert alerts_of(replace(snapshot, sites=(make_site(charging_kw=60.0),))) == ()
    [alert] = alerts_of(replace(snapshot, sites=(make_site(charging_kw=60.0, flexibility_kw=-10.0),)))
    assert alert.title == "Car park, Utrecht draws 6.5 kW more than its supply limit"
    assert alert.detail == "62.5 kW of at most 56 kW."


def test_stations_that_are_only_offline_are_one_note_a_site(snapshot, make_station) -> None:
    stations = tuple(make_station(f"UTR-0{number}", online=False) for number in (1, 2))
    [alert] = alerts_of(replace(snapshot, stations=stations, restrictions=()))
    assert (alert.level, alert.title) == ("note", "2 stations at Car park, Utrecht are offline")
    assert not alert.urgent


def test_stations_that_lost_their_connection_with_an_ev_are_one_alert_a_site(
    snapshot, make_station, make_restriction
) -> None:
    told = tuple(
        StationEnforcement(station_id=f"UTR-0{number}", state="not_enforced", reason="offline") for number in (1, 2)
    )
    stations = tuple(make_station(f"UTR-0{number}", online=False) for number in (1, 2))
    partly = make_restriction(state="partly", stations=told)
    _, alert = alerts_of(replace(snapshot, stations=stations, restrictions=(partly,)))
    assert (alert.level, alert.title) == ("warning", "2 stations at Car park, Utrecht are offline")
    assert alert.detail == "UTR-01, UTR-02. An EV is there. It may charge on, and nothing is measured meanwhile."
    _, broken = alerts_of(
        replace(snapshot, stations=stations, restrictions=(partly.model_copy(update={"state": "not_enforced"}),))
    )
    assert broken.level == "critical"


def test_station_that_is_back_is_no_alert_any_longer(snapshot, make_station, now) -> None:
    was_away = NotFollowing(cause="offline", reason="offline: plans do not reach it", since=now)
    stations = (make_station("UTR-01", not_following=was_away), make_station("UTR-02"))
    assert alerts_of(replace(snapshot, stations=stations)) == ()


def test_strip_and_tab_count_what_is_urgent(snapshot, make_station, fault) -> None:
    stations = (make_station("UTR-01", not_following=fault), make_station("UTR-02", online=False))
    alerts = alerts_of(replace(snapshot, stations=stations))
    strip = AlertStrip(show=pytest.fail)
    strip.update(alerts)
    assert tab_title(alerts) == "Alerts (1)"
    assert "UTR-01 does not follow" in html_of(strip.widget)
    strip.update(())
    assert not shown(strip.widget)
    assert tab_title(()) == "Alerts"


def test_button_of_an_alert_leads_to_its_stations(snapshot, make_station, fault) -> None:
    looked: list[tuple[str, ...]] = []
    tab = AlertsTab(look=looked.append)
    astray = replace(snapshot, stations=(make_station("UTR-01", not_following=fault),))
    tab.update(alerts_of(astray), astray)
    button(tab.widget, words.SELECT_ONE).click()
    assert looked == [("UTR-01",)]


def test_tab_without_alerts_says_what_that_means(snapshot) -> None:
    tab = AlertsTab(look=pytest.fail)
    tab.update((), snapshot)
    assert words.NONE in html_of(tab.widget)


def test_tab_shows_the_most_urgent_of_very_many(snapshot, make_station, fault) -> None:
    stations = tuple(make_station(f"S{number:03}", not_following=fault) for number in range(MOST_ROWS + 7))
    many = replace(snapshot, stations=stations)
    tab = AlertsTab(look=pytest.fail)
    tab.update(alerts_of(many), many)
    assert "And 7 more" in html_of(tab.widget)


def test_reason_of_a_station_cannot_bring_markup(snapshot, make_station, now) -> None:
    fault = NotFollowing(cause="rejected", reason="<script>alert(1)</script>", since=now)
    astray = replace(snapshot, stations=(make_station("UTR-01", not_following=fault),))
    tab = AlertsTab(look=pytest.fail)
    tab.update(alerts_of(astray), astray)
    assert "<script>" not in html_of(tab.widget)
