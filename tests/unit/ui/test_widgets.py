"""The widgets without a browser: selection, list, map and the form that orders a limit, over a fake client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import ipywidgets as widgets
import pytest
from widget_tree import button, every, html_of, named

from twinev.errors import BadInput, ChangedMeanwhile
from twinev.ui import texts
from twinev.ui.restriction_form import RestrictionForm
from twinev.ui.station_list import StationList
from twinev.ui.station_map import StationMap
from twinev.wire.rest.stations import NotFollowing


@pytest.fixture
def form(client, live, selection) -> RestrictionForm:
    return RestrictionForm(client=client, live=live, selection=selection)


def _press(form: RestrictionForm, description: str) -> None:
    async def press() -> None:
        button(form.widget, description).click()
        await form.background.finished()

    asyncio.run(press())


def _type_limit(form: RestrictionForm, text: str) -> None:
    named(form.widget, widgets.Text, texts.FORM_LIMIT).value = text


def test_list_and_selection_follow_each_other(snapshot, selection) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    named(station_list.widget, widgets.Checkbox, "UTR-02").value = True
    assert selection.station_ids == {"UTR-02"}
    selection.clear()
    assert named(station_list.widget, widgets.Checkbox, "UTR-02").value is False


def test_box_of_a_site_selects_all_its_stations(snapshot, selection) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    named(station_list.widget, widgets.Checkbox, "Car park").value = True
    assert selection.station_ids == {"UTR-01", "UTR-02"}
    selection.remove(["UTR-01"])
    assert named(station_list.widget, widgets.Checkbox, "Car park").value is False
    assert selection.station_ids == {"UTR-02"}


def test_list_takes_in_a_station_that_is_new(snapshot, selection, make_station) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    station_list.update(replace(snapshot, stations=(*snapshot.stations, make_station("UTR-03"))))
    assert named(station_list.widget, widgets.Checkbox, "UTR-03")


def test_map_keeps_its_pins_when_only_powers_change(snapshot, selection, make_station) -> None:
    station_map = StationMap(selection=selection)
    station_map.update(snapshot)
    leaflet_map = next(w for w in every(station_map.widget) if "tv-leaflet" in getattr(w, "_dom_classes", ()))
    layers = leaflet_map.layers
    changed = tuple(station.model_copy(update={"power_kw": 5.0}) for station in snapshot.stations)
    station_map.update(replace(snapshot, stations=changed))
    assert leaflet_map.layers == layers
    assert '--value: "5"' in html_of(station_map.widget)


def test_form_asks_nothing_of_the_api_while_something_is_missing(form, client) -> None:
    _press(form, texts.FORM_PREVIEW)
    assert client.asked == []
    assert texts.ERROR_NO_STATION in html_of(form.widget)
    assert texts.ERROR_LIMIT_MISSING in html_of(form.widget)


def test_preview_shows_its_figures_and_explanations(form, client, selection) -> None:
    selection.add(["UTR-02", "UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_PREVIEW)
    assert client.asked == [("preview", ["UTR-01", "UTR-02"], 12.0)]
    html = html_of(form.widget)
    assert all(words in html for words in (texts.PREVIEW_EVS, "+€ 0.30", "EV7 leaves 1.5 kWh short", "<svg"))


def test_preview_of_what_was_changed_since_is_called_so(form, selection) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_PREVIEW)
    _type_limit(form, "13")
    assert texts.FORM_STALE in html_of(form.widget)


def test_refusal_of_the_api_stands_beside_its_field(form, client, selection) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    client.error = BadInput("limit_kw", 12, "at least 20")
    _press(form, texts.FORM_CONFIRM)
    limit_field = named(form.widget, widgets.Text, texts.FORM_LIMIT)
    children = form.widget.children
    assert "at least 20" in children[children.index(limit_field) + 1].value
    assert not button(form.widget, texts.FORM_CONFIRM).disabled


def test_confirmed_order_shows_its_progress_and_hurries_the_page(form, client, selection, live) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_CONFIRM)
    assert client.asked == [("restrict", ["UTR-01"], 12.0)]
    assert texts.STEP_UNDER_LIMIT in html_of(form.widget)
    assert live.hurried == 1


def test_first_view_of_the_map_is_fitted_once_to_the_size_that_the_browser_tells(
    selection, snapshot, make_site, make_station
) -> None:
    sites = (make_site(), make_site(id="rotterdam", latitude_degrees=51.923, longitude_degrees=4.4723))
    away = make_station("RTM-01", site_id="rotterdam", latitude_degrees=51.923, longitude_degrees=4.4723)
    station_map = StationMap(selection=selection)
    station_map.update(replace(snapshot, sites=sites, stations=(*snapshot.stations, away)))
    leaflet_map = station_map.widget.children[1]
    assumed_zoom = leaflet_map.zoom

    leaflet_map.set_trait("pixel_bounds", ((0, 0), (330, 340)))
    fitted_zoom = leaflet_map.zoom
    leaflet_map.zoom = 12
    leaflet_map.set_trait("pixel_bounds", ((5, 5), (335, 345)))

    assert fitted_zoom < assumed_zoom
    assert leaflet_map.zoom == 12


def test_list_and_map_mark_a_station_that_does_not_follow(snapshot, selection, make_station) -> None:
    fault = NotFollowing(cause="meter", reason="draws too much", since=snapshot.now)
    astray = replace(snapshot, stations=(make_station("UTR-01", not_following=fault), make_station("UTR-02")))
    station_list, station_map = StationList(selection=selection), StationMap(selection=selection)
    station_list.update(astray)
    station_map.update(astray)
    assert html_of(station_list.widget).count("⚠") == 1
    assert html_of(station_map.widget).count("--alert-shown: 1") == 1


def test_list_says_that_there_are_no_stations_yet(snapshot, selection) -> None:
    station_list = StationList(selection=selection)
    station_list.update(replace(snapshot, sites=(), stations=(), restrictions=()))
    assert texts.LIST_NONE in html_of(station_list.widget)


def test_order_that_is_changed_keeps_its_stations_its_begin_and_an_end_that_was_left(
    form, client, selection, make_restriction, now
) -> None:
    order = make_restriction(end=now + timedelta(minutes=61, seconds=7), version="v1")
    form.change(order)
    assert selection.station_ids == {"UTR-01", "UTR-02"}
    _type_limit(form, "8")
    _press(form, texts.FORM_PREVIEW)
    _press(form, texts.FORM_CONFIRM_CHANGE)
    assert client.asked == [
        ("preview", ["UTR-01", "UTR-02"], 8.0, "r1"),
        ("change", "v1", 8.0, order.end, False),
    ]
    assert texts.FORM_TITLE in html_of(form.widget)
    assert texts.STEP_UNDER_LIMIT in html_of(form.widget)


def test_change_by_somebody_else_is_told_and_the_new_state_is_shown(form, client, make_restriction) -> None:
    form.change(make_restriction(version="v1"))
    _type_limit(form, "8")
    client.error = ChangedMeanwhile("restriction r1")
    client.restriction_answer = make_restriction(limit_kw=20.0, version="v2")
    _press(form, texts.FORM_CONFIRM_CHANGE)
    assert texts.FORM_CHANGED_MEANWHILE in html_of(form.widget)
    assert "at most 20 kW" in html_of(form.widget)

    client.error = None
    _press(form, texts.FORM_CONFIRM_CHANGE)
    assert client.asked[-1][:3] == ("change", "v2", 8.0)


def test_selecting_other_stations_gives_up_the_change(form, selection, make_restriction) -> None:
    form.change(make_restriction())
    selection.toggle("UTR-02")
    assert button(form.widget, texts.FORM_CONFIRM)
    assert named(form.widget, widgets.Text, texts.FORM_LIMIT).value == ""
