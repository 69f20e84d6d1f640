"""Makes the pictures of searching and reserving in docs/guide_drivers.md: a system of its own, a driver, a phone.

Run from the repository's root: ``python docs/pictures/make_driver_search.py``.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
WITHIN_MS = 60_000
# Some charge points are taken, so that not all are alike.
VISITS = [
    {"station": station_id, "at_seconds": 0, "stay_minutes": 600, "energy_kwh": 40, "max_kw": 11}
    for station_id in ("RTM-02", "RTM-04", "RTM-05", "UTR-01", "UTR-04")
]

sys.path.insert(0, str(ROOT / "tests"))
from running_system import RunningSystem, system  # noqa: E402


def main() -> None:
    """Start, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = Path(directory) / "visits.json"
        scenario.write_text(json.dumps({"arrivals": VISITS}))
        running = system(Path(directory) / "data", "--scenario", str(scenario))
        running.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                photograph(browser, running)
                browser.close()
        finally:
            running.stop()


def photograph(browser: Browser, running: RunningSystem) -> None:
    """Go the way of a driver, from the map to a reservation."""
    page = browser.new_page(viewport={"width": 390, "height": 844}, locale="en-GB", timezone_id="Europe/Amsterdam")
    page.goto(f"{running.api_url}/app")
    expect(page.locator("#summary")).to_have_text(re.compile("^3 free"), timeout=WITHIN_MS)
    page.get_by_label("Within").select_option("100")
    expect(page.locator(".pin")).to_have_count(2, timeout=WITHIN_MS)
    expect(page.locator("#results > li")).to_have_count(7)
    take(page, "driver_map")
    log_in(page, running)
    page.goto(f"{running.api_url}/app/search")
    expect(page.locator("#summary")).to_have_text(re.compile("found"), timeout=WITHIN_MS)
    first = page.locator("#results > li").first
    first.get_by_text("Why?").click()
    first.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.found-head').scrollIntoView(); scrollBy(0, -64)")
    take(page, "driver_search")
    first.get_by_role("link").click()
    expect(page.get_by_role("button", name="Reserve")).to_be_visible()
    expect(page.locator("#why table")).to_be_visible(timeout=WITHIN_MS)
    take(page, "driver_station")
    page.get_by_role("button", name="Reserve").click()
    expect(page.locator(".countdown")).not_to_be_empty()
    take(page, "driver_reservations")


def log_in(page: Page, running: RunningSystem) -> None:
    """Log in as the demo driver."""
    account = running.account("driver")
    page.goto(f"{running.api_url}/login?next=/app")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/app")


def take(page: Page, name: str) -> None:
    """Keep what is to be seen."""
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
