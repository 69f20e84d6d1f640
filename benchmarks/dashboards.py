"""The dashboards on Voila: how long until a page can be used, what a kernel takes, and ten of them open at once.

    .venv/bin/python benchmarks/dashboards.py [--times 5] [--open 10] [--minutes 10]

Real processes, real Chromium. Cold: the server keeps no kernel ready. Warm: it does, and a page waits until one is.
A page can be used when its first figures show. What a page is like that stays open is looked at for `--minutes`.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from measured_on import measured_on
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from polling import wait_until
from running_system import RunningSystem, system

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 60_000
READY_WITHIN_SECONDS = 120
#: Those of one person's pages are limited, so ten pages are opened by two.
PAGES_OF_ONE = 5


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A page, who opens it, and what shows that it can be used."""

    notebook: str
    role: str
    usable: str


DASHBOARDS = (
    Dashboard(notebook="grid_operators", role="grid_operator", usable=".tv-card"),
    Dashboard(notebook="charge_points", role="charge_point_operator", usable=".tv-operation"),
)


@contextmanager
def running(warm_kernels: int) -> Iterator[RunningSystem]:
    with tempfile.TemporaryDirectory() as directory:
        whole = system(Path(directory) / "data")
        whole.environment["TWINEV_WARM_KERNELS"] = str(warm_kernels)
        whole.start()
        try:
            yield whole
        finally:
            whole.stop()


def kernels(whole: RunningSystem) -> list[psutil.Process]:
    return [one for one in psutil.Process(whole.pid("dashboards")).children(recursive=True) if _is_kernel(one)]


def _is_kernel(process: psutil.Process) -> bool:
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except psutil.Error:
        # It ends at this very moment.
        return False


def mebibytes(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 2**20


def logged_in(browser: Browser, whole: RunningSystem, dashboard: Dashboard) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{whole.api_url}/login")
    account = whole.account(dashboard.role)
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()
    page.close()
    return context


def opened(context: BrowserContext, whole: RunningSystem, dashboard: Dashboard) -> tuple[Page, float]:
    """Open the page; return it and how long it took until it can be used. [s]"""
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{whole.dashboards_url}/voila/render/{dashboard.notebook}.ipynb")
    page.locator(dashboard.usable).first.wait_for(timeout=PATIENCE_MS)
    return page, time.perf_counter() - began


def measure_opening(browser: Browser, times: int, *, warm: bool) -> None:
    with running(1 if warm else 0) as whole:
        for dashboard in DASHBOARDS:
            context = logged_in(browser, whole, dashboard)
            took, memory = [], []
            for _ in range(times + 1):
                if warm:
                    _wait_for_warm(whole)
                page, seconds = opened(context, whole, dashboard)
                took.append(seconds)
                newest = max(kernels(whole), key=lambda one: one.cpu_times().user)
                memory.append(mebibytes(newest))
                page.close()
                wait_until(lambda: len(kernels(whole)) <= warm, within=READY_WITHIN_SECONDS, what="its kernel ended")
            context.close()
            # The first one fills the browser's and the server's caches.
            name = f"{dashboard.notebook} {'warm' if warm else 'cold'}"
            print(
                f"{name:<22} usable: median {statistics.median(took[1:]):5.2f} s, worst {max(took[1:]):5.2f} s, "
                f"the very first {took[0]:5.2f} s; kernel at most {max(memory):4.0f} MiB"
            )


def _wait_for_warm(whole: RunningSystem) -> None:
    def is_warm() -> bool:
        return httpx.get(f"{whole.dashboards_url}/health", trust_env=False).json()["warm_kernels"] == 1

    wait_until(is_warm, within=READY_WITHIN_SECONDS, what="a kernel is ready")


def measure_many(browser: Browser, count: int, minutes: float) -> None:
    with running(1) as whole:
        pages: list[Page] = []
        for number in range(count):
            dashboard = DASHBOARDS[number // PAGES_OF_ONE % len(DASHBOARDS)]
            if number % PAGES_OF_ONE == 0:
                context = logged_in(browser, whole, dashboard)
            page, seconds = opened(context, whole, dashboard)
            pages.append(page)
            print(f"page {number + 1:>2} of {count} ({dashboard.notebook}) usable after {seconds:5.2f} s", flush=True)
        before = {one.pid: mebibytes(one) for one in kernels(whole)}
        _tell_of_open(whole, pages, minutes, before)


def use(page: Page) -> None:
    """Select a station and wait until the page says so; or look for somebody and wait until it found nobody."""
    if page.locator(".tv-summary").count():
        box, said = page.get_by_label(re.compile("^UTR-01")), page.locator(".tv-summary")
        box.check()
        expect(said).to_contain_text("1 station selected", timeout=PATIENCE_MS)
        box.uncheck()
        expect(said).to_contain_text("No stations selected", timeout=PATIENCE_MS)
        return
    field = page.get_by_label("Find", exact=True).filter(visible=True)
    field.fill("nobody")
    expect(page.locator(".tv-empty").filter(visible=True)).to_be_visible(timeout=PATIENCE_MS)
    field.fill("")
    expect(page.locator("tr[data-row]").filter(visible=True).first).to_be_visible(timeout=PATIENCE_MS)


def _tell_of_open(whole: RunningSystem, pages: list[Page], minutes: float, before: dict[int, float]) -> None:
    psutil.cpu_percent()
    answered = []
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        for page in pages:
            began = time.perf_counter()
            use(page)
            answered.append(time.perf_counter() - began)
            page.wait_for_timeout(1000)
    after = {one.pid: mebibytes(one) for one in kernels(whole)}
    growth = [after[pid] - before[pid] for pid in before if pid in after]
    print(
        f"{len(pages)} open for {minutes:g} min: who uses one has an answer in "
        f"{1000 * statistics.median(answered):.0f} ms, at worst {1000 * max(answered):.0f} ms; "
        f"machine {psutil.cpu_percent():.0f} % busy; kernels {sum(after.values()):.0f} MiB together, "
        f"each grew by {min(growth):+.1f} to {max(growth):+.1f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, help="pages opened of each kind")
    parser.add_argument("--open", type=int, default=10, help="pages open at once")
    parser.add_argument("--minutes", type=float, default=10, help="how long they stay open")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for warm in (True, False):
            measure_opening(browser, options.times, warm=warm)
        measure_many(browser, options.open, options.minutes)
        browser.close()
    print(measured_on())


if __name__ == "__main__":
    main()
