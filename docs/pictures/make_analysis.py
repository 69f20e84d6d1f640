"""Makes docs/pictures/analysis.png: the Analysis tab over half a year of made-up charging at a system of its own.

Run from the repository's root: ``python docs/pictures/make_analysis.py``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_name("analysis.png")
NOTEBOOK = ROOT / "tests" / "browser" / "notebooks" / "analysis.ipynb"
CHROMIUM = "/usr/bin/chromium"
SITE = "utrecht-croeselaan"
DAYS = 150
WITHIN_MS = 120_000

sys.path.insert(0, str(ROOT / "tests"))
from months_of_charging import Months, put_months  # noqa: E402
from running_system import RunningSystem, system  # noqa: E402
from served_notebook import served_notebook  # noqa: E402

from twinev.adapters.database.engine import open_engine  # noqa: E402
from twinev.adapters.database.unit_of_work import Database  # noqa: E402


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


def main() -> None:
    """Start, put the months in, photograph, end."""
    with tempfile.TemporaryDirectory() as directory:
        nobody = Path(directory) / "nobody.json"
        nobody.write_text(json.dumps({"arrivals": []}))
        running = system(Path(directory) / "data", "--scenario", str(nobody))
        running.start()
        try:
            put_past(running)
            with served_notebook(NOTEBOOK, running) as address:
                photograph(running, address)
        finally:
            running.stop()


def put_past(running: RunningSystem) -> None:
    """Half a year, until yesterday."""
    database = Database(engine=open_engine(f"sqlite:///{running.database}"), clock=WallClock())
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    put_months(database, SITE, yesterday - timedelta(days=DAYS), yesterday, Months(sessions_a_day=9, pv_kw=25))
    database.close()


def photograph(running: RunningSystem, address: str) -> None:
    """Open the tab and take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WITHIN_MS)
        log_in(page, running)
        page.goto(address)
        page.locator(".tv-figures li").first.wait_for()
        page.locator(".tv-bars").first.wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


def log_in(page: Page, running: RunningSystem) -> None:
    """Log in at the API as the demo charge point operator."""
    account = running.account("charge_point_operator")
    page.goto(f"{running.api_url}/login")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


if __name__ == "__main__":
    main()
