"""Makes docs/pictures/charge_points_*.png: a system of its own whose clock runs fast, as its manager sees it.

Run from the repository's root: ``python docs/pictures/make_charge_points.py``. ImageMagick's ``convert`` reduces the
colours to a palette, to less than half the size.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

FOLDER = Path(__file__).resolve().parent
CHROMIUM = "/usr/bin/chromium"
IMAGE_MAGICK = "convert"
WITHIN_MS = 120_000
SPEED = "60"
CHARGING = ("UTR-02", "UTR-04", "UTR-05", "RTM-01", "RTM-03")
TARIFF = {
    "id": "day",
    "name": "Day tariff",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": "0.31", "vat_percent": "21"},
                {"type": "FLAT", "price": "0.50", "vat_percent": "21"},
            ]
        }
    ],
}
SCENARIO = {
    "arrivals": [
        {"station": station, "at_seconds": 60, "stay_minutes": 480, "energy_kwh": 30 + 3 * place, "max_kw": 11}
        for place, station in enumerate(CHARGING)
    ]
    + [{"station": "UTR-03", "at_seconds": 60, "stay_minutes": 50, "energy_kwh": 9, "max_kw": 11}],
    "faults": [{"station": "RTM-06", "at_seconds": 30, "kind": "offline", "seconds": 1_000_000}],
}

sys.path.insert(0, str(FOLDER.parents[1] / "tests"))
from running_system import RunningSystem, system  # noqa: E402


def main() -> None:
    """Start, let time pass, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = Path(directory) / "scenario.json"
        scenario.write_text(json.dumps(SCENARIO))
        running = system(Path(directory) / "data", "--scenario", str(scenario), "--speed", SPEED)
        running.start()
        try:
            price(running)
            photograph(running)
        finally:
            running.stop()


def price(running: RunningSystem) -> None:
    """Publish a tariff and let it rule at both sites."""
    client = running.client("charge_point_operator")
    client.post("/tariffs", json=TARIFF).raise_for_status()
    for site in client.get("/sites").json()["items"]:
        client.post("/tariffs/assignments", json={"site_id": site["id"], "tariff_id": "day"}).raise_for_status()


def photograph(running: RunningSystem) -> None:
    """Take the pictures, each once it shows what it is of."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        log_in(page, running)
        expect(row_of(page, "UTR-03")).to_contain_text("ended", timeout=WITHIN_MS)
        take(page, "transactions")
        take_details(page, "transaction", row_of(page, "UTR-04"))
        page.get_by_role("tab", name="Commands").click()
        send_commands(page)
        take(page, "commands")
        page.get_by_role("tab", name="Locations").click()
        page.get_by_role("button", name="Car park Croeselaan, Utrecht").first.click()
        expect(page.locator(".tv-pin", has_text="UTR-01")).to_be_visible(timeout=WITHIN_MS)
        expect(row_of(page, "RTM-06")).to_contain_text("offline", timeout=WITHIN_MS)
        take(page, "locations")
        take_details(page, "station", row_of(page, "UTR-04"), button="Ask for its schedule")
        browser.close()


def log_in(page: Page, running: RunningSystem) -> None:
    """Open the page as the demo manager."""
    account = running.account("charge_point_operator")
    page.goto(f"{running.dashboards_url}/voila/render/charge_points.ipynb")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    page.locator(".tv-operation").wait_for(timeout=WITHIN_MS)


def row_of(page: Page, words: str) -> Locator:
    return page.locator("tr[data-row]:visible").filter(has_text=words).first


def send_commands(page: Page) -> None:
    """Something that a person sent, answered well and badly."""
    for station, command in (("UTR-01", "Ask for a message"), ("UTR-02", "Clear the token cache")):
        page.get_by_label("Station", exact=True).fill(station)
        page.get_by_label("Command", exact=True).select_option(command)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("status").filter(has_text=f"{station} answered")).to_be_visible(timeout=WITHIN_MS)
    expect(row_of(page, "ClearCache")).to_be_visible(timeout=WITHIN_MS)


def take_details(page: Page, name: str, row: Locator, *, button: str | None = None) -> None:
    """Open a row's details and photograph them."""
    row.get_by_role("button", name=re.compile("^Details of")).click()
    page.locator(".tv-facts").wait_for(timeout=WITHIN_MS)
    if button is not None:
        before = page.locator(".tv-charts").inner_text()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("It answered", timeout=WITHIN_MS)
        expect(page.locator(".tv-charts")).not_to_have_text(before, use_inner_text=True, timeout=WITHIN_MS)
    take(page, name)
    page.keyboard.press("Escape")


def take(page: Page, name: str) -> None:
    """Photograph the page as it stands."""
    page.mouse.move(0, 0)
    picture = FOLDER / f"charge_points_{name}.png"
    page.screenshot(path=picture)
    subprocess.run([IMAGE_MAGICK, str(picture), "+dither", "-colors", "192", "-strip", f"PNG8:{picture}"], check=True)


if __name__ == "__main__":
    main()
