"""Makes docs/pictures/analysis.png: the Analysis tab over half a year of made-up charging at a system of its own.

Run from the repository's root: ``python docs/pictures/make_analysis.py``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_name("analysis.png")
CHROMIUM = "/usr/bin/chromium"
SITE = "utrecht-croeselaan"
DAYS = 150
WITHIN_MS = 120_000

sys.path.insert(0, str(ROOT / "tests"))
from dashboard_login import open_dashboard  # noqa: E402
from months_of_charging import Months, put_months  # noqa: E402
from running_system import RunningSystem, system  # noqa: E402

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
            photograph(running)
        finally:
            running.stop()


def put_past(running: RunningSystem) -> None:
    """Half a year, until yesterday."""
    database = Database(engine=open_engine(f"sqlite:///{running.database}"), clock=WallClock())
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    put_months(database, SITE, yesterday - timedelta(days=DAYS), yesterday, Months(sessions_a_day=9, pv_kw=25))
    database.close()


def photograph(running: RunningSystem) -> None:
    """Open the tab as the demo charge point operator and take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WITHIN_MS)
        open_dashboard(page, running, "charge_points", "charge_point_operator")
        page.get_by_role("tab", name="Analysis").click()
        page.locator(".tv-bars").first.wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
