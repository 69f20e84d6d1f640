"""A whole running system, and Chromium on the grid operators' page and in the drivers' app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard_login import open_dashboard
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running_system import RunningSystem, system

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Three EVs that charge at Utrecht for hours, so that a limit has something to bite on.
VISITS = [
    {"station": station_id, "at_seconds": 0, "stay_minutes": 600, "energy_kwh": 40, "max_kw": 11}
    for station_id in ("UTR-02", "UTR-04", "UTR-05")
]
PAGE_WITHIN_MS = 60_000
SOON_MS = 15_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[RunningSystem]:
    """`twinev up` with a scenario of arrivals, and the faults of the test's module (``FAULTS``)."""
    directory = tmp_path_factory.mktemp("system")
    running_system = system(directory / "data", *_scenario(directory, getattr(request.module, "FAULTS", [])))
    running_system.start()
    try:
        yield running_system
    finally:
        running_system.stop()


def _scenario(directory: Path, faults: list[dict[str, object]]) -> tuple[str, ...]:
    scenario = directory / "visits.json"
    scenario.write_text(json.dumps({"arrivals": VISITS, "faults": faults}))
    return ("--scenario", str(scenario))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; ended with the module, for while it runs no other test of this thread could use asyncio."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_page(running: RunningSystem, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page as the demo account of a role; fails on any request that leaves this machine."""
    contexts = []
    strangers: list[str] = []

    def note(address: str) -> None:
        if not address.startswith((running.api_url, running.dashboards_url, "ws://127.0.0.1", "data:", "blob:")):
            strangers.append(address)

    def open_as(width: int = 1440, height: int = 900, color_scheme: str = "light", role: str = "grid_operator") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=color_scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: note(request.url))
        page.on("websocket", lambda socket: note(socket.url))
        open_dashboard(page, running, "grid_operators", role)
        page.locator(".tv-card").first.wait_for(timeout=PAGE_WITHIN_MS)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert strangers == []


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Page]) -> Page:
    """The grid operators' page, opened once for all tests of the module: to open one takes longer than most of them."""
    return open_page()


@pytest.fixture
def page(opened: Page) -> Page:
    """The page as somebody finds it who begins: its first tab, nothing selected, typed or looked for."""
    opened.set_viewport_size({"width": 1440, "height": 900})
    opened.emulate_media(color_scheme="light")
    opened.get_by_role("tab", name="Historical").click()
    opened.get_by_label("Find").fill("")
    opened.get_by_role("tab", name="Status").click()
    opened.get_by_role("button", name="Clear selection").click()
    expect(opened.locator(".tv-summary")).to_contain_text("No stations selected yet.", timeout=SOON_MS)
    opened.get_by_label("Limit on their sum").fill("")
    return opened


@pytest.fixture
def open_app(running: RunningSystem, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of the drivers' app on a phone; fails the test on any request that leaves this machine.

    Also on any error in the page's console, but for refused requests, which the page itself tells.
    """
    contexts, wrong = [], []

    def note(address: str) -> None:
        if not address.startswith((running.api_url, "data:", "blob:")):
            wrong.append(address)

    def open_as(
        path: str = "/app", *, role: str | None = None, width: int = 390, height: int = 844, **options: object
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=width < 1000, timezone_id="Europe/Amsterdam",
            locale="en-GB", **options,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: note(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: said.type == "error" and "status of" not in said.text and wrong.append(said.text)
        )
        if role is not None:
            account = running.account(role)
            page.goto(f"{running.api_url}/login?next=/app/offline")
            page.get_by_label("Username").fill(account["username"])
            page.get_by_label("Password").fill(account["password"])
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/app/offline")
        page.goto(f"{running.api_url}{path}")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert wrong == []
