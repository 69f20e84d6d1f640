"""The first page of the drivers' app: how many bytes it takes over the wire, and how long until it shows charge points.

Each time in a new browser context, which knows nothing from before: real processes, real Chromium, a phone's screen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measured_on import measured_on
from playwright.sync_api import Browser, sync_playwright

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from running_system import system

CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One load: bytes over the wire, until something is painted, until charge points are listed."""

    sent_bytes: float
    painted_ms: float
    listed_ms: float


def visit(browser: Browser, address: str) -> Visit:
    """Open the page as somebody who comes for the first time."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sent: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(address)
    page.locator("#results > li").first.wait_for()
    listed_ms = 1000 * (time.perf_counter() - began)
    painted_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    context.close()
    return Visit(sent_bytes=sum(sent), painted_ms=painted_ms, listed_ms=listed_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10)
    visits = parser.parse_args().visits
    with tempfile.TemporaryDirectory() as directory:
        running = system(Path(directory) / "data")
        running.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                # The first one warms the server up, not the browser.
                found = [visit(browser, f"{running.api_url}/app") for _ in range(visits + 1)][1:]
                browser.close()
        finally:
            running.stop()
    print(measured_on())
    for name in ("sent_bytes", "painted_ms", "listed_ms"):
        values = [getattr(one, name) for one in found]
        print(f"{name:<11} median {statistics.median(values):10,.0f}   worst {max(values):10,.0f}   of {visits}")


if __name__ == "__main__":
    main()
