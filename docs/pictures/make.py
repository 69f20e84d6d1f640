"""Makes the pictures of docs/guide_grid_operators.md: a system of its own, an operator's shift, the screens of it.

Run from the repository's root: ``python docs/pictures/make.py``. Where ImageMagick is installed, the pictures are
reduced to a palette, to less than half their size.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
IMAGE_MAGICK = "/usr/bin/convert"
ROTTERDAM, UTRECHT = "Car park Kruisplein, Rotterdam", "Car park Croeselaan, Utrecht"
# It accepts what it is told, and does not do it.
ASTRAY = "UTR-04"
VISITS = [
    {"station": station, "at_seconds": 0, "stay_minutes": 600, "energy_kwh": 40, "max_kw": max_kw}
    for station, max_kw in (
        ("RTM-01", 11), ("RTM-02", 11), ("RTM-04", 7.4), ("RTM-05", 11), ("UTR-02", 22), ("UTR-03", 11), ("UTR-04", 11),
        ("UTR-05", 11),
    )
]  # fmt: skip
WITHIN_MS = 90_000

sys.path.insert(0, str(ROOT / "tests"))
from running_system import RunningSystem, system  # noqa: E402


def main() -> None:
    """Start, work as an operator, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = Path(directory) / "visits.json"
        scenario.write_text(json.dumps({"arrivals": VISITS}))
        running = system(Path(directory) / "data", "--scenario", str(scenario))
        running.start()
        try:
            lead_astray(running)
            photograph(running)
        finally:
            running.stop()


def photograph(running: RunningSystem) -> None:
    """Take the pictures of a shift."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        log_in(page, running)
        preview_limit(page)
        take(page, "grid_preview")
        order_limit(page)
        take(page, "grid_operators")
        show_alerts(page)
        take(page, "grid_alerts")
        change_limit(page)
        order_flexibility(page)
        take(page, "grid_flexibility")
        unfold_history(page)
        take(page, "grid_history")
        browser.close()


def take(page: Page, name: str) -> None:
    """Photograph the window."""
    path = PICTURES / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    if Path(IMAGE_MAGICK).exists():
        subprocess.run([IMAGE_MAGICK, path, "-strip", "-dither", "None", "-colors", "224", f"PNG8:{path}"], check=True)


def log_in(page: Page, running: RunningSystem) -> None:
    """Open the page as the demo grid operator and wait until EVs charge."""
    account = running.account("grid_operator")
    page.goto(f"{running.dashboards_url}/voila/render/grid_operators.ipynb")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    for site in (ROTTERDAM, UTRECHT):
        expect(page.locator(".tv-card", has_text=site)).to_contain_text(re.compile("4 EVs"), timeout=WITHIN_MS)


def preview_limit(page: Page) -> None:
    """Select a site's stations and look at what a limit would do."""
    page.get_by_role("button", name=ROTTERDAM).first.click()
    page.get_by_role("checkbox", name=ROTTERDAM).check()
    page.get_by_label("Limit on their sum").fill("18")
    page.get_by_role("button", name="Preview the effect").click()
    expect(page.locator(".tv-preview svg")).to_be_visible(timeout=WITHIN_MS)


def order_limit(page: Page) -> None:
    """Order it, and wait until it is seen to be kept."""
    page.get_by_role("button", name="Confirm the order").click()
    for part in (".tv-limits", ".tv-progress"):
        expect(page.locator(f"{part} .tv-state")).to_have_text("enforced", timeout=WITHIN_MS)
    expect(page.locator(".tv-progress li.tv-step-done")).to_have_count(6, timeout=WITHIN_MS)


def lead_astray(running: RunningSystem) -> None:
    """One station does not follow: the simulator starts again with its fleet changed."""
    fleet = running.data_dir / "simulator.json"
    content = json.loads(fleet.read_text())
    for station in content["stations"]:
        station["profiles"] = "ignored" if station["id"] == ASTRAY else "obeyed"
    fleet.write_text(json.dumps(content))
    running.kill("simulate")


def show_alerts(page: Page) -> None:
    """Limit the other site too, whose station goes astray."""
    page.get_by_role("checkbox", name=ROTTERDAM).uncheck()
    page.get_by_role("checkbox", name=UTRECHT).check()
    page.get_by_label("Limit on their sum").fill("15")
    page.get_by_role("button", name="Confirm the order").click()
    alerts = page.get_by_role("tab", name=re.compile("Alerts"))
    alerts.click()
    expect(page.locator(".tv-alert-row", has_text=f"{ASTRAY} does not follow")).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator(".tv-alert-row")).to_have_count(2, timeout=WITHIN_MS)


def change_limit(page: Page) -> None:
    """Tighten the first order."""
    page.get_by_role("tab", name="Status").click()
    limit = page.locator(".tv-limit-row", has_text="of at most 18 kW")
    limit.get_by_role("button", name="Change").click()
    expect(page.locator(".tv-form h2")).to_have_text("Change a limit", timeout=WITHIN_MS)
    page.get_by_label("Limit on their sum").fill("12")
    page.get_by_role("button", name="Confirm the change").click()
    changed = page.locator(".tv-limit-row", has_text="of at most 12 kW")
    expect(changed.locator(".tv-state")).to_have_text("enforced", timeout=WITHIN_MS)


def order_flexibility(page: Page) -> None:
    """Give an order, and type another one that is not given."""
    page.get_by_role("tab", name="Flexibility").click()
    slots = page.locator(".tv-slots input")
    expect(slots).to_have_count(8, timeout=WITHIN_MS)
    page.get_by_label("All slots, kW").fill("-8")
    page.get_by_role("button", name="Set all").click()
    expect(slots.nth(7)).to_have_value("-8", timeout=WITHIN_MS)
    page.get_by_role("button", name="Give this order").click()
    page.get_by_role("button", name="Give it now?").click()
    expect(page.locator(".tv-flexibility-row")).to_have_count(1, timeout=WITHIN_MS)
    for slot in (4, 5):
        slots.nth(slot).fill("-20")
        slots.nth(slot).press("Tab")
    expect(page.locator(".tv-done")).to_have_count(0, timeout=WITHIN_MS)


def unfold_history(page: Page) -> None:
    """Unfold the older of the two orders."""
    page.get_by_role("tab", name="Historical").click()
    expect(page.locator(".tv-history-row")).to_have_count(2, timeout=WITHIN_MS)
    page.locator(".tv-history-row").nth(1).get_by_role("button", name="Details").click()
    expect(page.locator(".tv-history-detail svg")).to_be_visible(timeout=WITHIN_MS)


if __name__ == "__main__":
    main()
