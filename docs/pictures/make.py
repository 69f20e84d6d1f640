"""Makes docs/pictures/grid_operators.png: starts a system of its own, orders a limit, and photographs the page.

Run from the repository's root: ``python docs/pictures/make.py``.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_name("grid_operators.png")
CHROMIUM = "/usr/bin/chromium"
SITE = "Car park Kruisplein, Rotterdam"
LIMIT_KW = "18"
WITHIN_MS = 60_000

sys.path.insert(0, str(ROOT / "tests"))
from running_system import RunningSystem, system  # noqa: E402


def main() -> None:
    """Start, order, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        running = system(Path(directory) / "data")
        running.start()
        try:
            photograph(running)
        finally:
            running.stop()


def photograph(running: RunningSystem) -> None:
    """Take the picture once the order is seen to be kept."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        log_in(page, running)
        order_limit(page)
        expect(page.locator(".tv-limits .tv-state")).to_have_text("enforced", timeout=WITHIN_MS)
        expect(page.locator(".tv-progress li.tv-step-done")).to_have_count(6, timeout=WITHIN_MS)
        page.mouse.move(0, 0)
        page.screenshot(path=PICTURE)
        browser.close()


def log_in(page: Page, running: RunningSystem) -> None:
    """Open the page as the demo grid operator and wait until EVs charge."""
    account = running.account("grid_operator")
    page.goto(f"{running.dashboards_url}/voila/render/grid_operators.ipynb")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".tv-list-state", has_text=re.compile(r"[1-9]\d*\.\d kW"))).not_to_have_count(
        0, timeout=WITHIN_MS
    )


def order_limit(page: Page) -> None:
    """Select a site's stations and order the limit."""
    page.get_by_role("button", name=SITE).first.click()
    page.get_by_role("checkbox", name=SITE).check()
    page.get_by_label("Limit on their sum").fill(LIMIT_KW)
    page.get_by_role("button", name="Confirm the order").click()


if __name__ == "__main__":
    main()
