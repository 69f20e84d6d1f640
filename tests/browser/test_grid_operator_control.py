"""What grid operators do beyond a first order: areas, changes, alerts, flexibility, the history; and who cannot see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from axe import serious_violations
from playwright.sync_api import Locator, Page, expect
from running_system import RunningSystem

UTRECHT, ROTTERDAM = "Car park Croeselaan, Utrecht", "Car park Kruisplein, Rotterdam"
UTRECHT_STATIONS = [f"UTR-0{number}" for number in range(1, 7)]
# It has an EV, and stays away until the tests are over.
FAULTS = [{"station": "UTR-05", "at_seconds": 30, "kind": "offline", "seconds": 36_000}]
TRIES = 4
SOON_MS = 15_000
LATER_MS = 90_000


@pytest.fixture
def operator(running: RunningSystem) -> Iterator[httpx.Client]:
    """The REST API as the grid operator; what was ordered in the test is revoked after it."""
    client = running.client("grid_operator")
    yield client
    for path, open_states in (("/restrictions", {"ended", "revoked"}), ("/flexibility-orders", {"over", "revoked"})):
        for order in client.get(path).json()["items"]:
            if order["state"] not in open_states:
                client.delete(f"{path}/{order['id']}")


@pytest.fixture
def order(operator: httpx.Client) -> Callable[..., str]:
    def give(limit_kw: float = 15.0) -> str:
        now = datetime.now(UTC)
        body = {"station_ids": UTRECHT_STATIONS, "limit_kw": limit_kw}
        window = {"start": now.isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
        return operator.post("/restrictions", json=body | window).raise_for_status().json()["id"]

    return give


def _tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=re.compile(name)).click()


def _card(page: Page, site: str) -> Locator:
    return page.locator(".tv-card", has_text=site)


def _limit(page: Page) -> Locator:
    return page.locator(".tv-limit-row")


def test_area_that_is_drawn_corner_by_corner_selects_what_lies_in_it(page: Page) -> None:
    page.get_by_role("button", name=UTRECHT).first.click()
    first, last = page.locator(".tv-pin", has_text="UTR-01"), page.locator(".tv-pin", has_text="UTR-03")
    expect(first).to_be_visible(timeout=SOON_MS)
    left, right = _box_at_rest(first), _box_at_rest(last)
    middle = left["y"] + left["height"] / 2
    # A flat triangle around the upper row; its box would hold the lower row too.
    corners = [(left["x"] - 25, middle + 30), (right["x"] + 70, middle + 30), (left["x"] + 100, middle - 90)]
    page.locator("a.leaflet-draw-draw-polygon").click()
    drawn = page.locator(".leaflet-editing-icon")
    expect(page.locator(".leaflet-draw-tooltip")).to_be_visible(timeout=SOON_MS)
    for number, (x, y) in enumerate(corners, start=1):
        # A pin that is drawn anew at that moment may swallow a click; who sees no corner clicks again.
        for _ in range(TRIES):
            page.mouse.move(x, y, steps=3)
            page.mouse.down()
            page.mouse.up()
            with suppress(AssertionError):
                expect(drawn).to_have_count(number, timeout=SOON_MS / TRIES)
                break
        expect(drawn).to_have_count(number)
    # A click at the first corner closes the area.
    page.mouse.move(*corners[0], steps=3)
    page.mouse.down()
    page.mouse.up()
    expect(drawn).to_have_count(0, timeout=SOON_MS)
    expect(page.get_by_label(re.compile("^UTR-02"))).to_be_checked(timeout=SOON_MS)
    expect(page.get_by_label(re.compile("^UTR-04"))).not_to_be_checked()


def _box_at_rest(pin: Locator) -> dict[str, float]:
    """Where a pin is once the map has come to rest."""
    box = None
    while (now := pin.bounding_box()) != box:
        box = now
        pin.page.wait_for_timeout(500)
    return box


def test_order_is_changed_from_its_version_and_revoked_where_it_shows(
    page: Page, operator: httpx.Client, order: Callable[..., str]
) -> None:
    order_id = order(20.0)
    _limit(page).get_by_role("button", name="Change").click()
    expect(page.locator(".tv-form h2")).to_have_text("Change a limit", timeout=SOON_MS)
    expect(page.locator(".tv-summary")).to_contain_text("6 stations: at most 20 kW")
    page.get_by_label("Limit on their sum").fill("9")
    page.get_by_role("button", name="Preview the effect").click()
    expect(page.locator(".tv-preview svg .tv-line-after")).to_be_attached(timeout=2 * SOON_MS)

    # Somebody else is faster.
    now = operator.get(f"/restrictions/{order_id}").json()
    change = {"json": {"limit_kw": 18.0}, "headers": {"If-Match": now["version"]}}
    operator.patch(f"/restrictions/{order_id}", **change).raise_for_status()
    page.get_by_role("button", name="Confirm the change").click()
    expect(page.locator(".tv-form [role=alert]")).to_contain_text("somebody else has changed", timeout=SOON_MS)
    expect(page.locator(".tv-summary")).to_contain_text("at most 18 kW")
    page.get_by_role("button", name="Confirm the change").click()

    expect(_limit(page)).to_contain_text("of at most 9 kW", timeout=SOON_MS)
    expect(page.locator(".tv-progress")).to_contain_text("Your order: at most 9 kW", timeout=SOON_MS)
    acts = operator.get(f"/restrictions/{order_id}/history").json()
    assert [(act["act"], act["limit_kw"]) for act in acts] == [("ordered", 20), ("changed", 18), ("changed", 9)]
    assert operator.get(f"/restrictions/{order_id}").json()["end"] == now["end"]

    _limit(page).get_by_role("button", name="Revoke").click()
    _limit(page).get_by_role("button", name="Revoke now?").click()
    expect(_limit(page)).to_have_count(0, timeout=SOON_MS)
    assert operator.get(f"/restrictions/{order_id}").json()["state"] == "revoked"


def test_station_that_does_not_follow_is_an_alert_with_what_to_do(page: Page, order: Callable[..., str]) -> None:
    order()
    expect(page.locator(".tv-strip")).to_be_visible(timeout=LATER_MS)
    page.get_by_role("button", name="Show alerts").click()
    alert = page.locator(".tv-alert-row", has_text=f"UTR-05 at {UTRECHT} is offline")
    expect(alert).to_contain_text("An EV is there", timeout=LATER_MS)
    expect(alert).to_contain_text("What to do: There is no connection")
    expect(page.get_by_role("tab", name=re.compile(r"Alerts \(\d+\)"))).to_be_visible()
    alert.get_by_role("button", name="Select the station").click()
    expect(page.locator(".tv-summary")).to_contain_text("1 station selected", timeout=SOON_MS)
    expect(page.get_by_label(re.compile("^UTR-05"))).to_be_checked()
    assert page.locator(".tv-pin", has_text="UTR-05").locator(".tv-pin-alert").evaluate(
        "mark => getComputedStyle(mark).opacity"
    ) == "1"  # fmt: skip


def test_flexibility_is_ordered_slot_by_slot_moves_the_limit_and_is_taken_back(
    page: Page, operator: httpx.Client
) -> None:
    expect(_card(page, ROTTERDAM)).to_contain_text("kW of 44 kW")
    _tab(page, "Flexibility")
    slots = page.locator(".tv-slots input")
    expect(slots).to_have_count(8, timeout=SOON_MS)
    page.get_by_label("All slots, kW").fill("-12")
    page.get_by_role("button", name="Set all").click()
    expect(slots.nth(7)).to_have_value("-12", timeout=SOON_MS)
    slots.nth(7).fill("much")
    slots.nth(7).press("Tab")
    expect(page.locator(".tv-flexibility-editor [role=alert]")).to_contain_text("is not a number", timeout=SOON_MS)
    slots.nth(7).fill("-4")
    slots.nth(7).press("Tab")
    page.get_by_role("button", name="Give this order").click()
    page.get_by_role("button", name="Give it now?").click()
    row = page.locator(".tv-flexibility-row")
    expect(row).to_contain_text("−12 to −4 kW", timeout=SOON_MS)
    expect(row).to_contain_text("in force")
    [kept] = operator.get("/flexibility-orders").json()["items"]
    assert kept["values_kw"] == [-12.0] * 7 + [-4.0]

    _tab(page, "Status")
    expect(_card(page, ROTTERDAM)).to_contain_text("kW of 32 kW", timeout=SOON_MS)
    _tab(page, "Flexibility")
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke now?").click()
    expect(row).to_contain_text("revoked", timeout=SOON_MS)
    expect(slots.first).to_have_value("0", timeout=SOON_MS)


def test_history_unfolds_into_measured_against_ordered(page: Page, order: Callable[..., str]) -> None:
    # Unlike those of the other tests, which the history shows as well.
    order(14.5)
    _tab(page, "Historical")
    row = page.locator(".tv-history-row", has_text="14.5 kW")
    row.get_by_role("button", name="Details").click()
    detail = row.locator(".tv-history-detail")
    expect(detail.locator("svg .tv-line-limit")).to_be_attached(timeout=SOON_MS)
    expect(detail).to_contain_text("of the time within the limit")
    expect(detail).to_contain_text("ordered by grid_operator: at most 14.5 kW")
    page.get_by_label("Find").fill("nobody")
    expect(page.locator(".tv-history")).to_contain_text("No order matches", timeout=SOON_MS)
    expect(row).not_to_be_visible()


def test_administrator_is_led_to_user_management_and_others_are_not(
    page: Page, open_page: Callable[..., Page], running: RunningSystem
) -> None:
    assert page.get_by_role("link", name="Users").count() == 0
    page = open_page(role="administrator")
    page.get_by_role("link", name="Users").click()
    expect(page).to_have_url(f"{running.api_url}/admin/users")
    page.go_back()
    expect(page.locator(".tv-card").first).to_be_visible(timeout=LATER_MS)
    page.context.close()


def test_tabs_open_by_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Status").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".tv-alerts")).to_be_visible(timeout=SOON_MS)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_no_tab_has_what_somebody_could_not_use(page: Page, order: Callable[..., str], color_scheme: str) -> None:
    order()
    page.emulate_media(color_scheme=color_scheme)
    _limit(page).get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Preview the effect").click()
    expect(page.locator(".tv-preview svg")).to_be_visible(timeout=2 * SOON_MS)
    assert serious_violations(page) == []
    for tab, ready in (("Alerts", ".tv-alerts"), ("Flexibility", ".tv-slots input"), ("Historical", ".tv-history")):
        _tab(page, tab)
        expect(page.locator(ready).first).to_be_visible(timeout=SOON_MS)
        if tab == "Historical":
            page.get_by_role("button", name="Details").first.click()
            expect(page.locator(".tv-history-detail").first).to_be_visible(timeout=SOON_MS)
        assert serious_violations(page) == [], tab
