"""How long `twinev up` takes to start, and how much memory all of it uses.

    .venv/bin/python benchmarks/whole_system.py [--starts 5] [--settle 60]

Starts: from the command until every address answers (start page, REST API, dashboards, OCPP), first in a fresh data
directory, then again in the same one. The disk's cache is left as it is.

Memory: the proportional set size (PSS: what several processes share counts once) of `twinev up` and every process
below it, with 12 simulated stations and the grid operators' page open in a Chromium, which is not counted. Taken once
EVs charge, the page shows them and a while has passed.
"""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from measured_on import measured_on
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from running_system import RunningSystem, system, wait_until

CHROMIUM = "/usr/bin/chromium"
PAGE = "/voila/render/grid_operators.ipynb"
STATIONS = 12
WITHIN_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5, help="later starts; their median is told")
    parser.add_argument("--settle", type=float, default=60, help="seconds to wait before memory is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        running = system(Path(directory) / "data")
        try:
            first_seconds = _start(running)
            later_seconds = []
            for _ in range(options.starts):
                running.stop()
                later_seconds.append(_start(running))
            with _open_page(running):
                _wait_for_stations(running)
                time.sleep(options.settle)
                memory_mib = _memory_mib(running)
        finally:
            running.stop()
    print(f"first start   {first_seconds:.1f} s, in a fresh data directory")
    print(
        f"later starts  median {statistics.median(later_seconds):.1f} s, "
        f"{min(later_seconds):.1f} to {max(later_seconds):.1f} s, n {len(later_seconds)}"
    )
    print(f"memory (PSS)  {sum(mib for _, mib in memory_mib):.0f} MiB, {STATIONS} stations and one dashboard page open")
    for name, mib in memory_mib:
        print(f"  {name:<24} {mib:6.0f} MiB")
    print(measured_on())


def _start(running: RunningSystem) -> float:
    began = time.monotonic()
    running.start()
    for url in (f"{running.api_url}/", f"{running.api_url}/api/v1/health", f"{running.dashboards_url}{PAGE}"):
        httpx.get(url, follow_redirects=True, trust_env=False, timeout=WITHIN_SECONDS).raise_for_status()
    socket.create_connection(("127.0.0.1", int(running.environment["TWINEV_OCPP_PORT"])), WITHIN_SECONDS).close()
    return time.monotonic() - began


@contextmanager
def _open_page(running: RunningSystem) -> Iterator[Page]:
    """The grid operators' page, logged in, once it shows EVs that charge."""
    account = running.account("grid_operator")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{running.dashboards_url}{PAGE}")
        page.get_by_label("Username").fill(account["username"])
        page.get_by_label("Password").fill(account["password"])
        page.get_by_role("button", name="Log in").click()
        charging = page.locator(".tv-list-state", has_text=re.compile(r"[1-9]\d*\.\d kW"))
        expect(charging).not_to_have_count(0, timeout=1000 * WITHIN_SECONDS)
        yield page
        browser.close()


def _wait_for_stations(running: RunningSystem) -> None:
    client = running.client("charge_point_operator")

    def online() -> int:
        stations = client.get("/stations?limit=100").raise_for_status().json()["items"]
        return sum(station["online"] for station in stations)

    wait_until(lambda: online() == STATIONS, within=WITHIN_SECONDS, what=f"{STATIONS} stations are online")


def _memory_mib(running: RunningSystem) -> list[tuple[str, float]]:
    """Name and PSS of `twinev up` and of every process below it. [MiB]"""
    top = psutil.Process(running.process.pid)
    return [(_name(process), _pss_mib(process.pid)) for process in (top, *top.children(recursive=True))]


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    if words[1:3] == ["-m", "twinev"]:
        return words[3]
    if words[0].endswith("nats-server"):
        return "nats"
    if "ipykernel_launcher" in words:
        return "dashboards: page's kernel"
    role = "resource tracker" if "resource_tracker" in " ".join(words) else "worker"
    return f"{_name(process.parent())}: {role}"


def _pss_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
