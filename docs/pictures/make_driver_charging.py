"""Makes the pictures of charging in docs/guide_drivers.md: a system of its own, a driver who charges, a phone's screen.

Run from the repository's root: ``python docs/pictures/make_driver_charging.py``.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from twinev.client import Client

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 390, "height": 844}
STATION = "UTR-01"
EV = {
    "station": STATION, "at_seconds": 60, "energy_kwh": 30, "stay_minutes": 900, "max_kw": 11, "battery_kwh": 60,
    "soc": 0.3, "id_token": None,
}  # fmt: skip
WITHIN_MS = 60_000

sys.path.insert(0, str(ROOT / "tests"))
from polling import wait_until  # noqa: E402
from running_system import RunningSystem, system  # noqa: E402


def main() -> None:
    """Start, charge, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = Path(directory) / "evs.json"
        scenario.write_text(json.dumps({"arrivals": [EV]}))
        running = system(Path(directory) / "data", "--speed", "20", "--scenario", str(scenario))
        running.start()
        try:
            photograph(running)
        finally:
            running.stop()


def photograph(running: RunningSystem) -> None:
    """Take the pictures of one driver's afternoon."""
    account = running.account("driver")
    operator = running.client("charge_point_operator")
    evse = f"/stations/{STATION}"
    wait_until(lambda: operator.get(evse).json()["evses"][0]["status"] == "Occupied", within=90, what="the EV stands")
    driver = Client(running.api_url, username=account["username"], password=account["password"])
    with driver, sync_playwright() as playwright:
        driver.add_vehicle("Blue hatchback", battery_kwh=60)
        begins = driver.health().now
        driver.reserve(start=begins, end=begins + timedelta(hours=8), station_id=STATION)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=PHONE)
        page.goto(f"{running.api_url}/app/sessions")
        page.get_by_label("Username").fill(account["username"])
        page.get_by_label("Password").fill(account["password"])
        page.get_by_role("button", name="Log in").click()
        charge(page)
        page.goto(f"{running.api_url}/app/vehicles")
        take(page, "driver_vehicles")
        browser.close()


def charge(page: Page) -> None:
    """From the form to the session that runs, and to what it cost."""
    page.get_by_role("link", name="Start charging").click()
    expect(page.locator('[data-profile="green"][data-figure="cost"] [data-value]')).to_have_text(
        re.compile(r"\d"), timeout=WITHIN_MS
    )
    page.locator(".profiles").scroll_into_view_if_needed()
    take(page, "driver_start")
    page.get_by_role("radio", name="Fast").check()
    page.get_by_role("button", name="Start charging").click()
    expect(page.locator("#energy")).to_have_text(re.compile(r"^3\.\d kWh$"), timeout=WITHIN_MS)
    take(page, "driver_session")
    page.get_by_role("button", name="Stop charging").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("link", name="Receipt", exact=True)).to_be_visible(timeout=WITHIN_MS)
    take(page, "driver_session_over")


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
