"""The grid operators' page in a real browser, served by the real processes."""

from __future__ import annotations

import os
import re
import signal
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect
from running_system import RunningSystem

UTRECHT = "Car park Croeselaan, Utrecht"
SOON_MS = 10_000


def _zoom_to(page: Page, site: str) -> None:
    page.get_by_role("button", name=site).first.click()
    expect(_pin(page, "UTR-01")).to_be_visible(timeout=SOON_MS)


def _pin(page: Page, station_id: str):
    return page.locator(".tv-pin", has_text=station_id)


def _box(page: Page, label: str):
    return page.get_by_label(re.compile(f"^{label}"))


def _drag_over_map(page: Page) -> None:
    page.locator("a.leaflet-draw-draw-rectangle").click()
    frame = page.locator(".tv-leaflet").bounding_box()
    page.mouse.move(frame["x"] + 60, frame["y"] + 60)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2, steps=5)
    page.mouse.move(frame["x"] + frame["width"] - 20, frame["y"] + frame["height"] - 20, steps=5)
    page.mouse.up()


def _order(page: Page, limit: str) -> None:
    page.get_by_label("Limit on their sum").fill(limit)
    page.get_by_role("button", name="Confirm the order").click()


def test_page_shows_state_and_who_is_logged_in(page: Page) -> None:
    expect(page).to_have_title(re.compile("TwinEV"))
    expect(page.locator(".tv-card")).to_have_count(2)
    expect(page.locator(".tv-person")).to_contain_text("Logged in as")
    expect(page.get_by_role("link", name="Log out")).to_have_attribute("href", re.compile(r"/logout$"))
    expect(page.locator(".tv-header time")).to_contain_text("(Europe/Amsterdam)")
    expect(page.locator(".tv-list-row")).to_have_count(12)


def test_click_on_a_pin_selects_and_deselects(page: Page) -> None:
    _zoom_to(page, UTRECHT)
    _pin(page, "UTR-02").click()
    expect(_box(page, "UTR-02")).to_be_checked(timeout=SOON_MS)
    expect(page.locator(".tv-summary")).to_contain_text("1 station selected")
    _pin(page, "UTR-02").click()
    expect(_box(page, "UTR-02")).not_to_be_checked(timeout=SOON_MS)


def test_list_selects_by_keyboard(page: Page) -> None:
    _box(page, "RTM-01").focus()
    page.keyboard.press("Space")
    expect(page.locator(".tv-summary")).to_contain_text("1 station selected", timeout=SOON_MS)


def test_area_selects_all_stations_in_it(page: Page) -> None:
    _zoom_to(page, UTRECHT)
    _drag_over_map(page)
    expect(page.locator(".tv-summary")).to_contain_text("6 stations selected", timeout=SOON_MS)
    expect(_box(page, "RTM-01")).not_to_be_checked()


def test_what_is_missing_is_said_beside_its_field(page: Page) -> None:
    page.get_by_role("button", name="Preview the effect").click()
    alerts = page.locator(".tv-form [role=alert]")
    expect(alerts.filter(has_text="Select at least one station")).to_be_visible(timeout=SOON_MS)
    expect(alerts.filter(has_text="Enter the limit in kW")).to_be_visible()
    page.get_by_label("Limit on their sum").fill("a lot")
    page.get_by_role("button", name="Preview the effect").click()
    expect(alerts.filter(has_text="“a lot” is not a number")).to_be_visible(timeout=SOON_MS)


def test_preview_tells_the_effect_and_orders_nothing(page: Page, running: RunningSystem) -> None:
    _box(page, UTRECHT).check()
    page.get_by_label("Limit on their sum").fill("15")
    page.get_by_role("button", name="Preview the effect").click()
    preview = page.locator(".tv-preview")
    expect(preview.locator("svg .tv-line-after")).to_be_attached(timeout=SOON_MS)
    expect(preview.locator("dl")).to_contain_text("EVs affected")
    with closing(running.client("grid_operator")) as client:
        assert client.get("/restrictions").json()["items"] == []


def test_confirmed_order_is_carried_out_seen_and_revoked(page: Page, running: RunningSystem) -> None:
    _zoom_to(page, UTRECHT)
    _drag_over_map(page)
    expect(page.locator(".tv-summary")).to_contain_text("6 stations selected", timeout=SOON_MS)
    _order(page, "15")

    done = page.locator(".tv-progress li.tv-step-done")
    expect(done.filter(has_text="Read back and equal")).to_be_visible(timeout=SOON_MS)
    expect(done.filter(has_text="Measured power under the limit")).to_be_visible(timeout=2 * SOON_MS)
    expect(page.locator(".tv-limits .tv-state")).to_have_text("enforced", timeout=2 * SOON_MS)
    with closing(running.client("grid_operator")) as client:
        [order] = client.get("/restrictions").json()["items"]
    assert order["limit_kw"] == 15
    assert order["power_kw"] <= 15.1

    page.get_by_text("Historical", exact=True).click()
    row = page.locator(".tv-history-row").first
    expect(row).to_contain_text("15 kW")
    expect(row).to_contain_text("by grid_operator")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert order["id"] in download.value.path().read_text(encoding="utf-8-sig")
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke now?").click()
    expect(row.locator(".tv-state")).to_have_text("revoked", timeout=SOON_MS)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_page_fits_its_screen(page: Page, size: tuple[int, int], color_scheme: str) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=color_scheme)
    expect(page.locator(".tv-map")).to_be_visible()
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('.tv-page *')].map(e => "
                           "e.closest('.tv-leaflet') ? 0 : e.getBoundingClientRect().right))")  # fmt: skip
    assert widest <= size[0]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
    assert lightness > 200 if color_scheme == "light" else lightness < 60


def test_lost_connection_is_said_and_recovers(page: Page, running: RunningSystem) -> None:
    # Stopped, not killed: started again within seconds, it can be back before a page notices.
    api = running.pid("api")
    os.kill(api, signal.SIGSTOP)
    try:
        expect(page.locator(".tv-banner")).to_contain_text("Connection lost", timeout=4 * SOON_MS)
        # What is old is not to be taken for what is now.
        expect(page.locator(".tv-page.tv-lost")).to_be_attached()
    finally:
        os.kill(api, signal.SIGCONT)
    expect(page.locator(".tv-banner")).to_have_count(0, timeout=3 * SOON_MS)
    expect(page.locator(".tv-live")).to_be_visible()
    expect(page.locator(".tv-lost")).to_have_count(0)
