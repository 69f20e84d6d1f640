"""Whole systems with scripted EVs, and a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from running_system import RunningSystem, system

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Where an EV waits, and for which case; the other stations are free.
CASES = {
    "RTM-01": "TWINEV_DRVR_4",
    "UTR-06": "TWINEV_DRVR_5",
    "RTM-03": "TWINEV_DRVR_6",
    "UTR-03": "TWINEV_GRD_1",
    "UTR-04": "TWINEV_GRD_1",
    "RTM-04": "TWINEV_GRD_2",
    "RTM-05": "TWINEV_GRD_2",
    "UTR-01": "TWINEV_DSHB_1",
    "UTR-02": "TWINEV_DSHB_1",
}


@pytest.fixture
def start_system(tmp_path: Path) -> Iterator[Callable[..., RunningSystem]]:
    """Start a system in which exactly these EVs come; ended with the test."""
    started: list[RunningSystem] = []

    def start(evs: list[dict], *, speed: float, environment: dict[str, str] | None = None) -> RunningSystem:
        scenario = tmp_path / "evs.json"
        scenario.write_text(json.dumps({"arrivals": evs}))
        running = system(tmp_path / "data", "--speed", str(speed), "--scenario", str(scenario))
        # Most of these tests open no dashboard: none is kept ready for them.
        running.environment |= {"TWINEV_WARM_KERNELS": "0"} | (environment or {})
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="package")
def running_cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """One system for the cases of docs/acceptance.md, each of which has charging stations of its own (`CASES`)."""
    directory = tmp_path_factory.mktemp("cases")
    scenario = directory / "evs.json"
    scenario.write_text(json.dumps({"arrivals": [_waiting_ev(station) for station in CASES]}))
    running = system(directory / "data", "--speed", "60", "--scenario", str(scenario))
    # Two hours of grace are two minutes of the wall's clock.
    running.environment |= {"TWINEV_RESERVATION_GRACE_MINUTES": "120", "TWINEV_WARM_KERNELS": "0"}
    running.start()
    try:
        yield running
    finally:
        running.stop()


def _waiting_ev(station: str) -> dict:
    """An EV that is plugged in from the start, and whose driver shows no card: it charges when somebody starts it."""
    return {
        "station": station,
        "at_seconds": 0,
        "energy_kwh": 60,
        "stay_minutes": 10_000,
        "max_kw": 11,
        "battery_kwh": 100,
        "soc": 0.3,
        "id_token": None,
    }


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own profile, at the size of an operator's screen."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()
