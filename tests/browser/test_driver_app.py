"""The drivers' app in a real browser, as on a phone: the map, the search, a station, reservations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from axe import serious_violations
from playwright.sync_api import Locator, Page, expect
from polling import wait_until
from running_system import RunningSystem

SOON_MS = 15_000
#: What the first page may weigh, with all that it loads, over the wire. [bytes]
FIRST_PAGE_BYTES = 300_000
ROTTERDAM, UTRECHT = "Car park Kruisplein, Rotterdam", "Car park Croeselaan, Utrecht"
ZEIST = {"latitude": 52.0907, "longitude": 5.2332}
OPEN_PAGES = ("/app", "/app/stations/RTM-01", "/app/offline")
OWN_PAGES = ("/app/search", "/app/reservations")


@pytest.fixture(scope="module", autouse=True)
def stations_are_there(running: RunningSystem) -> None:
    """All stations are connected, and three of Utrecht's charge."""

    def states() -> list[str]:
        answer = httpx.get(f"{running.api_url}/api/v1/availability", trust_env=False, timeout=20)
        return sorted(one["availability"] for one in answer.json()["items"])

    expected = ["Available"] * 9 + ["Occupied"] * 3
    wait_until(lambda: states() == expected, within=120, every=0.5, what="nine are free, three charge")


def results(page: Page) -> Locator:
    return page.locator("#results > li")


def summary(page: Page) -> Locator:
    return page.locator("#summary")


def pins(page: Page) -> Locator:
    return page.locator(".pin")


def search_near(page: Page, text: str) -> None:
    field = page.get_by_role("combobox", name="Near")
    field.fill(text)
    field.press("Enter")


def found(page: Page, text: str | re.Pattern) -> None:
    expect(summary(page)).to_have_text(text, timeout=SOON_MS)


@contextmanager
def taken_out_of_use(running: RunningSystem, station_id: str) -> Iterator[None]:
    with closing(running.client("charge_point_operator")) as operator:
        operator.post(f"/stations/{station_id}/block", json={"reason": "works"}).raise_for_status()
        yield
        operator.post(f"/stations/{station_id}/unblock").raise_for_status()


@pytest.fixture
def no_reservations(running: RunningSystem) -> Iterator[None]:
    """The driver has none afterwards."""
    yield
    with closing(running.client("driver")) as driver:
        for one in driver.get("/reservations").json()["items"]:
            if one["status"] == "active":
                driver.delete(f"/reservations/{one['id']}").raise_for_status()


# ── The map, without an account ──────────────────────────────────────────────────────────────────────────────────────


def test_map_shows_free_charge_points_without_an_account(open_app: Callable[..., Page]) -> None:
    page = open_app()

    found(page, "6 free within 10 km, the best first")
    expect(pins(page)).to_have_count(1)
    expect(pins(page)).to_have_accessible_name(re.compile(rf"^{ROTTERDAM}: 6 free, the best is \w+"))
    grade = results(page).first.locator(".grade")
    # Told by a number and a word, not by the colour alone.
    expect(grade).to_have_text(re.compile(r"^[1-5] · (poor|fair|good|very good|best)$"))
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    expect(page.get_by_text("€/kWh")).to_have_count(0)


def test_first_page_is_light(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/offline")
    # Nothing of what the first page loads is there yet, as for who comes for the first time.
    page.context.clear_cookies()
    page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((r) => r.unregister())))"
    )
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    weights: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    page.goto(page.url.replace("/app/offline", "/app"))
    found(page, "6 free within 10 km, the best first")

    assert len(weights) > 5
    assert sum(weights) <= FIRST_PAGE_BYTES


def test_typed_place_is_searched_around(open_app: Callable[..., Page]) -> None:
    page = open_app()
    search_near(page, "utrecht")

    # Three EVs charge there.
    found(page, "3 free within 10 km, the best first")
    expect(results(page).first).to_contain_text(UTRECHT)


def test_place_that_nobody_knows_is_refused_beside_its_field(open_app: Callable[..., Page]) -> None:
    page = open_app()
    search_near(page, "Atlantis")

    expect(page.locator("#where-problem")).to_contain_text("“Atlantis” is not known here")
    expect(page.get_by_role("combobox", name="Near")).to_have_attribute("aria-invalid", "true")
    found(page, re.compile("free within"))


def test_own_position_is_searched_around_where_the_phone_tells_it(open_app: Callable[..., Page]) -> None:
    page = open_app(geolocation=ZEIST, permissions=["geolocation"])
    page.get_by_role("button", name="Use my position").click()

    expect(page.get_by_role("combobox", name="Near")).to_have_value("My position", timeout=SOON_MS)
    found(page, "Nothing is free within 10 km.")
    page.get_by_role("button", name="Look within 25 km").click()
    found(page, "3 free within 25 km, the best first")


def test_phone_that_tells_no_position_says_what_to_do(open_app: Callable[..., Page]) -> None:
    page = open_app(permissions=[])
    page.get_by_role("button", name="Use my position").click()

    expect(page.locator("#where-problem")).to_contain_text("Type a place or tap the map.", timeout=SOON_MS)


def test_tap_on_the_map_searches_there(open_app: Callable[..., Page]) -> None:
    page = open_app()
    found(page, re.compile("free within"))
    page.locator("#map").tap(position={"x": 40, "y": 40})

    expect(page.get_by_role("combobox", name="Near")).to_have_value("The place you tapped")
    found(page, re.compile("within 10 km"))


def test_tap_on_a_pin_shows_what_is_there(open_app: Callable[..., Page]) -> None:
    page = open_app()
    page.locator("#within").select_option("100")
    found(page, re.compile("9 free"))
    page.locator(".pin", has_text="×3").tap()

    expect(summary(page)).to_have_text(f"{UTRECHT}: 3 free")
    expect(results(page)).to_have_count(3)
    page.get_by_role("button", name="Show all").click()
    expect(results(page)).to_have_count(9)


def test_plug_that_nothing_has_is_said_and_can_be_left_out(open_app: Callable[..., Page]) -> None:
    page = open_app()
    found(page, re.compile("free within"))
    page.evaluate("document.getElementById('plug').append(new Option('CCS', 'cCCS2'))")
    page.get_by_label("Plug").select_option("cCCS2")
    found(page, "Nothing with this plug is free within 10 km.")
    page.get_by_role("button", name="Look for any plug").click()

    found(page, "6 free within 10 km, the best first")


def test_map_is_pushed_what_changes(open_app: Callable[..., Page], running: RunningSystem) -> None:
    page = open_app()
    found(page, "6 free within 10 km, the best first")
    with taken_out_of_use(running, "RTM-01"):
        found(page, "5 free within 10 km, the best first")
    found(page, "6 free within 10 km, the best first")


def test_map_is_used_by_keyboard(open_app: Callable[..., Page]) -> None:
    page = open_app()
    found(page, re.compile("6 free"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    pins(page).focus()
    page.keyboard.press("Enter")
    expect(summary(page)).to_have_text(f"{ROTTERDAM}: 6 free")
    page.get_by_role("button", name="Show all").focus()
    page.keyboard.press("Tab")
    expect(results(page).first.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Bay"))


# ── Installed on a phone ─────────────────────────────────────────────────────────────────────────────────────────────


def test_app_without_a_network_says_so_and_comes_back(open_app: Callable[..., Page]) -> None:
    page = open_app(role="driver")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.goto(page.url.replace("/app", "/app/reservations"))
    expect(page.get_by_role("heading", level=1)).to_have_text("No network")
    # The page is kept with its style.
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).position") == "sticky"

    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My reservations")


def test_nothing_of_a_person_is_kept_on_the_phone(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/reservations", role="driver")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    kept = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name))))"
        ".then((all) => Promise.all(all.map((cache) => cache.keys())))"
        ".then((all) => all.flat().map((request) => new URL(request.url).pathname))"
    )

    assert len(kept) > 5
    assert [path for path in kept if not path.startswith("/assets/driver/")] == ["/app/offline"]


# ── Search, reserve, take back ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("no_reservations")
def test_stranger_logs_in_to_reserve_and_comes_back_to_the_station(
    open_app: Callable[..., Page], running: RunningSystem
) -> None:
    page = open_app()
    results(page).first.get_by_role("link").click()
    station = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Log in to reserve").click()
    account = running.account("driver")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(station)
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("Reserved. It is kept for you.")).to_be_visible()
    expect(page.get_by_role("article")).to_contain_text(station)
    expect(page.locator(".countdown")).to_have_text(re.compile(r"starts in \d|\d+ min \d+ s left to plug in"))


def test_search_tells_why_a_charge_point_is_recommended(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver")
    found(page, "6 found, best first")
    first = results(page).first
    first.get_by_text("Why?").click()

    rows = first.locator("tbody tr")
    expect(rows.locator("th")).to_have_text(["Price", "Way there", "Energy", "Waiting", "Charging time"])
    expect(rows.first).to_contain_text("€/kWh")
    score = int(re.search(r"(\d+) of 100", first.locator("caption").inner_text())[1])
    points = [int(text.split(" ")[0]) for text in rows.locator(".points").all_inner_texts()]
    # Each is rounded by itself.
    assert abs(sum(points) - score) <= len(points)


def test_search_leaves_out_what_does_not_match(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver")
    found(page, "6 found, best first")
    page.get_by_text("More filters").click()
    page.get_by_label("At least").select_option("22")
    found(page, "1 found")
    expect(results(page)).to_contain_text("22 kW")
    page.get_by_label("At most, €/kWh").fill("0")
    page.get_by_label("At most, €/kWh").press("Enter")
    found(page, re.compile("^Nothing suits"))
    expect(page.locator("#more-label")).to_have_text("More filters (2 set)")


def test_search_says_which_field_is_wrong(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver")
    page.get_by_label("Energy, kWh").fill("0")
    page.get_by_label("Energy, kWh").press("Tab")

    found(page, "Check what is marked: Energy, kWh.")
    expect(page.get_by_label("Energy, kWh")).to_have_attribute("aria-invalid", "true")


@pytest.mark.usefixtures("no_reservations")
def test_what_was_searched_for_tomorrow_is_reserved_and_taken_back(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver")
    page.get_by_label("When").select_option(label="Tomorrow")
    page.get_by_label("At", exact=True).fill("10:00")
    page.get_by_label("For").select_option("90")
    search_near(page, "Utrecht")
    # The EVs of today are gone by then.
    found(page, "6 found, best first")
    expect(results(page).first).to_contain_text(UTRECHT)
    results(page).first.get_by_role("link").click()
    expect(page.get_by_label("Day")).to_have_value(re.compile(r"^\d{4}-"))
    expect(page.get_by_label("From")).to_have_value("10:00")
    expect(page.get_by_label("For")).to_have_value("90")
    page.get_by_role("button", name="Reserve").click()
    reserved = page.get_by_role("article")
    expect(reserved).to_contain_text("10:00 – 11:30")
    expect(reserved.locator(".countdown")).to_have_text(re.compile("^starts in "))

    cancel = reserved.get_by_role("button", name="Cancel")
    cancel.click()
    dialog = page.get_by_role("dialog", name="Cancel this reservation?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(reserved).to_be_visible()
    cancel.click()
    dialog.get_by_role("button", name="Cancel the reservation").click()
    expect(page.get_by_text("The reservation is cancelled.")).to_be_visible()
    expect(page.get_by_text("You have no reservation.")).to_be_visible()
    expect(page.locator("#past")).to_contain_text("Cancelled")


def test_station_that_is_occupied_says_until_when(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/stations/UTR-02", role="driver")
    state = page.locator(".evse")
    expect(state).to_contain_text("Occupied", timeout=SOON_MS)
    until = re.search(r"occupied until about (\d\d:\d\d)", state.inner_text())[1]
    # The form begins when it is free again.
    expect(page.get_by_label("From")).to_have_value(re.compile(rf"^({until[:2]}:\d\d|\d\d:00)$"))

    page.get_by_label("Day").select_option(index=0)
    page.get_by_label("From").evaluate("(field, value) => (field.value = value)", _now_at_the_place(page))
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("alert")).to_contain_text(f"An EV charges there until about {until}")


def _now_at_the_place(page: Page) -> str:
    return page.evaluate(
        "new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Amsterdam'})"
        ".format(new Date(document.documentElement.dataset.now))"
    )


def test_reservation_that_is_taken_back_elsewhere_goes_from_the_page(
    open_app: Callable[..., Page], running: RunningSystem
) -> None:
    with closing(running.client("driver")) as driver:
        now = driver.get("/health").json()["now"]
        window = {"start": now, "end": (datetime.fromisoformat(now) + timedelta(hours=2)).isoformat()}
        made = driver.post("/reservations", json=window | {"station_id": "RTM-03"}).raise_for_status().json()
        page = open_app("/app/reservations", role="driver")
        expect(page.get_by_role("article")).to_contain_text("left to plug in")
        driver.delete(f"/reservations/{made['id']}").raise_for_status()

        expect(page.get_by_text("You have no reservation.")).to_be_visible(timeout=SOON_MS)


def test_page_whose_login_has_ended_says_so_and_leads_back(
    open_app: Callable[..., Page], running: RunningSystem
) -> None:
    page = open_app("/app/reservations", role="driver")
    expect(page.get_by_text("You have no reservation.")).to_be_visible()
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    page.context.request.post(f"{running.api_url}/logout", form={"csrf_token": token})

    # The stream of events asks every 15 seconds whether the login still counts.
    ended = page.get_by_role("status").filter(has_text="Your login has ended.")
    expect(ended).to_be_visible(timeout=4 * SOON_MS)
    expect(ended.get_by_role("link")).to_have_attribute("href", "/login?next=%2Fapp%2Freservations")


def test_search_after_the_login_has_ended_leads_to_the_login_and_back(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver")
    found(page, re.compile("found"))
    page.context.clear_cookies()
    page.get_by_label("Within").select_option("50")

    page.wait_for_url("**/login?next=%2Fapp%2Fsearch")


# ── For everybody, on every screen ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(open_app: Callable[..., Page], color_scheme: str) -> None:
    page = open_app(role="driver", color_scheme=color_scheme)
    for path in (*OPEN_PAGES, *OWN_PAGES, "/app/stations/nowhere"):
        page.goto(page.url.split("/app")[0] + path)
        if path in ("/app", "/app/search"):
            found(page, re.compile("free|found"))
        if path == "/app/search":
            results(page).first.get_by_text("Why?").click()
            page.get_by_role("button", name="Map").click()
        assert serious_violations(page) == [], path


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (1440, 900)])
def test_pages_fit_the_screen(open_app: Callable[..., Page], width: int, height: int) -> None:
    page = open_app(role="driver", width=width, height=height)
    for path in (*OPEN_PAGES, *OWN_PAGES):
        page.goto(page.url.split("/app")[0] + path)
        if path in ("/app", "/app/search"):
            found(page, re.compile("free|found"))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        # No target that fingers miss, but for links within a text.
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main select, main input:not([type=hidden]), nav a, .button')]"
            ".filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44)"
            ".map((e) => e.outerHTML.slice(0, 90))"
        )
        assert small == [], path


def test_wide_screen_has_list_and_map_side_by_side(open_app: Callable[..., Page]) -> None:
    page = open_app("/app/search", role="driver", width=1440, height=900)
    found(page, re.compile("found"))

    expect(pins(page).first).to_be_visible()
    expect(results(page).first).to_be_visible()
    first, map_ = results(page).first.bounding_box(), page.locator("#map").bounding_box()
    assert first["x"] + first["width"] <= map_["x"]
