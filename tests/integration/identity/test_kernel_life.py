"""When a kernel ends: with the login that opened it, and not merely because the API is away."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from twinev.ui.dashboard_kernels import ENDED_SECONDS, WATCH_SECONDS
from twinev.ui.identity_provider import CACHE_SECONDS
from twinev.ui.kernel_session import ASK_SECONDS, FAREWELL_SECONDS

PAGE = "/voila/render/grid_operators.ipynb"


@pytest.fixture
def dashboards(identity, serve_dashboards) -> Iterator[object]:
    with serve_dashboards(identity) as dashboards:
        yield dashboards


def kernel_of(answer: httpx.Response) -> psutil.Process:
    assert answer.status_code == 200, answer.text
    return psutil.Process(json.loads(re.search(r"BEGIN(\{.*?\})END", html.unescape(answer.text))[1])["pid"])


def ends_within(kernel: psutil.Process, seconds: float) -> bool:
    gone, _ = psutil.wait_procs([kernel], timeout=seconds)
    return bool(gone) or kernel.status() == psutil.STATUS_ZOMBIE


def log_out(identity, browser) -> None:
    assert browser.post("/api/v1/auth/logout").status_code == 204


def change_role(identity, browser) -> None:
    identity.desk.users.change(identity.id_of("grid_operator"), roles=["driver"])


def disable(identity, browser) -> None:
    identity.desk.users.change(identity.id_of("grid_operator"), disabled=True)


@pytest.mark.parametrize("end_login", [log_out, change_role, disable])
def test_kernel_ends_with_its_login(identity, dashboards, end_login: Callable) -> None:
    with identity.browser("grid_operator") as browser:
        kernel = kernel_of(browser.http.get(dashboards.url + PAGE))

        end_login(identity, browser)

        # The notebook of these tests asks every 0.5 s.
        assert ends_within(kernel, 10)
        assert browser.http.get(dashboards.url + PAGE).status_code == 302


def test_kernel_ends_within_60_s_by_itself_and_by_the_watch() -> None:
    assert ASK_SECONDS + FAREWELL_SECONDS + 10 <= 60
    assert CACHE_SECONDS + 2 * WATCH_SECONDS + ENDED_SECONDS <= 60


def test_kernel_outlives_an_api_that_is_away(identity, dashboards) -> None:
    with identity.browser("grid_operator") as browser:
        kernel = kernel_of(browser.http.get(dashboards.url + PAGE))

        identity.stop()

        # Several times the interval at which this notebook asks.
        threading.Event().wait(3)
        assert kernel.is_running()
        assert kernel.status() != psutil.STATUS_ZOMBIE
        away = browser.http.get(dashboards.url + PAGE)
        assert away.status_code == 503
        assert "Try again in a moment" in away.text
        assert browser.http.get(dashboards.url + "/health").status_code == 200


def test_server_ends_all_its_kernels_when_it_ends(identity, dashboards, tmp_path: Path) -> None:
    with identity.browser("grid_operator") as browser:
        kernel = kernel_of(browser.http.get(dashboards.url + PAGE))

    dashboards.process.terminate()

    assert dashboards.process.wait(15) == 0
    assert ends_within(kernel, 5)
