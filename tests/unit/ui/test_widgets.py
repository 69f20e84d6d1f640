"""The widgets without a browser: selection, list, form and history, over a fake client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import ipywidgets as widgets
import pytest

from twinev.errors import BadInput
from twinev.ui import texts
from twinev.ui.history_tab import HistoryTab
from twinev.ui.restriction_form import RestrictionForm
from twinev.ui.selection import Selection
from twinev.ui.station_list import StationList
from twinev.ui.station_map import StationMap
from twinev.wire.rest.restrictions import RestrictionCreated, RestrictionPreview


@dataclass
class FakeLive:
    """The live state, standing still."""

    snapshot: object
    hurried: int = 0

    def now(self) -> datetime:
        return self.snapshot.now

    def hurry(self) -> None:
        self.hurried += 1


@dataclass
class FakeClient:
    """Keeps what it was asked; ``error`` is raised instead of an answer."""

    restriction_answer: object
    now: datetime
    error: Exception | None = None
    asked: list[tuple] = field(default_factory=list)

    def preview_restriction(self, station_ids, limit_kw, **window) -> RestrictionPreview:
        self._note("preview", station_ids, limit_kw)
        return RestrictionPreview(
            evs_affected=2, shortfall_kwh=1.5, cost_eur=0.3, start=self.now, slot_minutes=15,
            before_kw=(22.0,) * 8, after_kw=(12.0,) * 8, explanations=("EV7 leaves 1.5 kWh short",),
        )  # fmt: skip

    def restrict(self, station_ids, limit_kw, **window) -> RestrictionCreated:
        self._note("restrict", station_ids, limit_kw)
        return RestrictionCreated(id="r1")

    def restriction(self, restriction_id: str) -> object:
        return self.restriction_answer

    def plans(self, *, at_most: int) -> list:
        return []

    def commands(self, *, at_most: int) -> list:
        return []

    def restrictions(self, *, at_most: int | None = None, state: str | None = None) -> list:
        return [self.restriction_answer]

    def revoke_restriction(self, restriction_id: str) -> object:
        self._note("revoke", restriction_id)
        self.restriction_answer = self.restriction_answer.model_copy(update={"state": "revoked"})
        return self.restriction_answer

    def _note(self, *call: object) -> None:
        self.asked.append(call)
        if self.error is not None:
            raise self.error


@pytest.fixture
def live(snapshot) -> FakeLive:
    return FakeLive(snapshot)


@pytest.fixture
def client(make_restriction, now) -> FakeClient:
    return FakeClient(restriction_answer=make_restriction(), now=now)


@pytest.fixture
def selection() -> Selection:
    return Selection()


@pytest.fixture
def form(client, live, selection) -> RestrictionForm:
    return RestrictionForm(client=client, live=live, selection=selection)


def _all(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


def _html(widget: widgets.Widget) -> str:
    return "".join(part.value for part in _all(widget) if isinstance(part, widgets.HTML))


def _button(widget: widgets.Widget, description: str) -> widgets.Button:
    return next(w for w in _all(widget) if isinstance(w, widgets.Button) and w.description == description)


def _box(widget: widgets.Widget, text: str) -> widgets.Checkbox:
    return next(w for w in _all(widget) if isinstance(w, widgets.Checkbox) and text in w.description)


def _press(form: RestrictionForm, description: str) -> None:
    async def press() -> None:
        _button(form.widget, description).click()
        await form.background.finished()

    asyncio.run(press())


def _type_limit(form: RestrictionForm, text: str) -> None:
    next(w for w in _all(form.widget) if isinstance(w, widgets.Text)).value = text


def test_list_and_selection_follow_each_other(snapshot, selection) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    _box(station_list.widget, "UTR-02").value = True
    assert selection.station_ids == {"UTR-02"}
    selection.clear()
    assert _box(station_list.widget, "UTR-02").value is False


def test_box_of_a_site_selects_all_its_stations(snapshot, selection) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    _box(station_list.widget, "Car park").value = True
    assert selection.station_ids == {"UTR-01", "UTR-02"}
    selection.remove(["UTR-01"])
    assert _box(station_list.widget, "Car park").value is False
    assert selection.station_ids == {"UTR-02"}


def test_list_takes_in_a_station_that_is_new(snapshot, selection, make_station) -> None:
    station_list = StationList(selection=selection)
    station_list.update(snapshot)
    station_list.update(replace(snapshot, stations=(*snapshot.stations, make_station("UTR-03"))))
    assert _box(station_list.widget, "UTR-03")


def test_map_keeps_its_pins_when_only_powers_change(snapshot, selection, make_station) -> None:
    station_map = StationMap(selection=selection)
    station_map.update(snapshot)
    leaflet_map = next(w for w in _all(station_map.widget) if "tv-leaflet" in getattr(w, "_dom_classes", ()))
    layers = leaflet_map.layers
    changed = tuple(station.model_copy(update={"power_kw": 5.0}) for station in snapshot.stations)
    station_map.update(replace(snapshot, stations=changed))
    assert leaflet_map.layers == layers
    assert '--value: "5"' in _html(station_map.widget)


def test_form_asks_nothing_of_the_api_while_something_is_missing(form, client) -> None:
    _press(form, texts.FORM_PREVIEW)
    assert client.asked == []
    assert texts.ERROR_NO_STATION in _html(form.widget)
    assert texts.ERROR_LIMIT_MISSING in _html(form.widget)


def test_preview_shows_its_figures_and_explanations(form, client, selection) -> None:
    selection.add(["UTR-02", "UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_PREVIEW)
    assert client.asked == [("preview", ["UTR-01", "UTR-02"], 12.0)]
    html = _html(form.widget)
    assert all(words in html for words in (texts.PREVIEW_EVS, "+€ 0.30", "EV7 leaves 1.5 kWh short", "<svg"))


def test_preview_of_what_was_changed_since_is_called_so(form, selection) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_PREVIEW)
    _type_limit(form, "13")
    assert texts.FORM_STALE in _html(form.widget)


def test_refusal_of_the_api_stands_beside_its_field(form, client, selection) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    client.error = BadInput("limit_kw", 12, "at least 20")
    _press(form, texts.FORM_CONFIRM)
    limit_field = next(w for w in _all(form.widget) if isinstance(w, widgets.Text))
    children = form.widget.children
    assert "at least 20" in children[children.index(limit_field) + 1].value
    assert not _button(form.widget, texts.FORM_CONFIRM).disabled


def test_confirmed_order_shows_its_progress_and_hurries_the_page(form, client, selection, live) -> None:
    selection.add(["UTR-01"])
    _type_limit(form, "12")
    _press(form, texts.FORM_CONFIRM)
    assert client.asked == [("restrict", ["UTR-01"], 12.0)]
    assert texts.STEP_UNDER_LIMIT in _html(form.widget)
    assert live.hurried == 1


def test_revoking_takes_two_clicks(client, live, snapshot) -> None:
    history = HistoryTab(client=client, live=live)
    history.read_all()
    history.update(snapshot)

    async def click(description: str) -> None:
        _button(history.widget, description).click()
        await history.background.finished()

    asyncio.run(click(texts.HISTORY_REVOKE))
    assert client.asked == []
    asyncio.run(click(texts.HISTORY_REVOKE_SURE))
    assert client.asked == [("revoke", "r1")]
    assert texts.STATES["revoked"] in _html(history.widget)


def test_history_filter_says_when_nothing_matches(client, live, snapshot) -> None:
    history = HistoryTab(client=client, live=live)
    history.update(snapshot)
    next(w for w in _all(history.widget) if isinstance(w, widgets.Text)).value = "nobody"
    assert texts.HISTORY_NO_MATCH in _html(history.widget)


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
