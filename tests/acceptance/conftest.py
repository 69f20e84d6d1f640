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
