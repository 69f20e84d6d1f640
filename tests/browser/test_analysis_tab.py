"""The Analysis tab and its report in a real browser, over two months of a running system's database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from axe import serious_violations
from dashboard_login import open_dashboard
from months_of_charging import Months, put_months
from playwright.sync_api import Browser, Locator, Page, expect
from running_system import RunningSystem, system

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.analysis_view.figures import month_name

SITE, NAME = "utrecht-croeselaan", "Car park Croeselaan, Utrecht"
PAGE_WITHIN_MS, SOON_MS = 90_000, 20_000


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The demonstration without EVs, and with a past."""
    directory = tmp_path_factory.mktemp("analysis")
    (directory / "nobody.json").write_text(json.dumps({"arrivals": []}))
    running_system = system(directory / "data", "--scenario", str(directory / "nobody.json"))
    running_system.start()
    try:
        database = Database(engine=open_engine(f"sqlite:///{running_system.database}"), clock=WallClock())
        first = (last_month() - timedelta(days=1)).replace(day=1)
        put_months(database, SITE, first, first + timedelta(days=45), Months(sessions_a_day=4))
        database.close()
        yield running_system
    finally:
        running_system.stop()


@pytest.fixture(scope="module")
def opened(running: RunningSystem, browser: Browser) -> Iterator[Page]:
    """The tab, as the demo charge point operator; fails on any request that leaves this machine."""
    strangers = []

    def note(asked: str) -> None:
        if not asked.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
            strangers.append(asked)

    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(PAGE_WITHIN_MS)
    page.on("request", lambda request: note(request.url))
    open_dashboard(page, running, "charge_points", "charge_point_operator")
    page.get_by_role("tab", name="Analysis").click()
    page.locator(".tv-figures li").first.wait_for()
    yield page
    page.context.close()
    assert strangers == []


@pytest.fixture
def tab(opened: Page) -> Page:
    """The tab as somebody finds it who begins: all sites, the last month, on a large screen in the light."""
    this = month_name(f"{last_month():%Y-%m}")
    opened.set_viewport_size({"width": 1440, "height": 900})
    opened.emulate_media(color_scheme="light")
    for name, choice in (("Site", {"index": 0}), ("Month", {"label": this}), ("Charts show", {"index": 0})):
        labelled(opened, name).select_option(**choice)
    expect(opened.locator(".tv-bars figcaption").first).to_contain_text(this, timeout=SOON_MS)
    return opened


def last_month() -> date:
    """The first day of the last month that is over at the site."""
    today = datetime.now(ZoneInfo("Europe/Amsterdam")).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def labelled(page: Page, name: str) -> Locator:
    """The field of that name on the tab that is shown."""
    return page.get_by_label(name, exact=True).filter(visible=True)


def card(page: Page, name: str) -> Locator:
    return page.locator(".tv-figures li").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_last_month_is_told_at_a_glance_and_by_keyboard_the_one_before(tab: Page) -> None:
    page = tab
    now = last_month()
    before = (now - timedelta(days=1)).replace(day=1)

    expect(card(page, "Energy delivered").locator("b")).to_have_text(re.compile(r"^[\d,.]+ kWh$"))
    expect(card(page, "Energy delivered")).to_contain_text(f"on {month_name(f'{before:%Y-%m}').split()[0]}")
    expect(card(page, "CO₂")).to_contain_text("no emission factor is configured")
    expect(page.locator(".tv-bars figcaption").first).to_contain_text(month_name(f"{now:%Y-%m}"))

    page.get_by_role("button", name="◀ Earlier").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tv-bars figcaption").first).to_contain_text(month_name(f"{before:%Y-%m}"), timeout=SOON_MS)
    expect(page.get_by_role("button", name="◀ Earlier")).to_be_disabled()


def test_site_and_figure_are_picked_and_the_table_is_downloaded(tab: Page) -> None:
    page = tab
    labelled(page, "Site").select_option(label=NAME)
    labelled(page, "Charts show").select_option(label="Occupancy")

    expect(page.locator(".tv-bars figcaption").first).to_contain_text("Occupancy by day", timeout=SOON_MS)
    expect(page.get_by_role("link", name="Report to print")).to_have_attribute(
        "href", re.compile(SITE), timeout=SOON_MS
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    rows = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert rows[0].startswith("period,sessions,energy_kwh")
    assert rows[1].startswith(f"{last_month():%Y-%m},")


def test_report_opens_in_a_page_of_its_own_that_prints(tab: Page) -> None:
    page = tab
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Report to print").click()
    report = opened.value

    expect(report.get_by_role("heading", level=1)).to_have_text(f"Charging in {month_name(f'{last_month():%Y-%m}')}")
    assert report.locator("svg").count() >= 4
    assert serious_violations(report) == []
    report.emulate_media(media="print", color_scheme="dark")
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_tab_fits_its_screen_and_can_be_used_by_everybody(tab: Page, size: tuple[int, int], color_scheme: str) -> None:
    page = tab
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=color_scheme)
    for title in ("All figures", "Day by day"):
        fold = page.locator(".tv-fold", has_text=title)
        if not fold.evaluate("fold => fold.open"):
            fold.locator("summary").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert serious_violations(page, within=".tv-analysis") == []
