"""Kernels that wait for a page: they belong to nobody, and are as much its viewer's as any other once they do."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx
import psutil
from polling import wait_until

PAGE = "/voila/render/grid_operators.ipynb"
# Two looks of the watch, and a kernel's start on a busy machine.
HEATED_WITHIN_SECONDS = 90
OPENED: set[int] = set()


def open_page(identity, dashboards, username: str = "grid_operator") -> dict[str, Any]:
    """Open the page and leave it open; return what its notebook says of its kernel."""
    with identity.browser(username) as browser:
        answer = browser.http.get(dashboards.url + PAGE)
    assert answer.status_code == 200, answer.text
    facts = json.loads(re.search(r"BEGIN(\{.*?\})END", html.unescape(answer.text))[1])
    OPENED.add(facts["pid"])
    return facts


def ready_kernel(dashboards) -> psutil.Process:
    """The kernel that waits for a page, once there is one."""

    def heated() -> bool:
        return httpx.get(f"{dashboards.url}/health", trust_env=False).json()["warm_kernels"] == 1

    wait_until(heated, within=HEATED_WITHIN_SECONDS, what="a kernel is ready")
    kernels = [child for child in psutil.Process(dashboards.process.pid).children(recursive=True) if is_kernel(child)]
    (ready,) = (kernel for kernel in kernels if kernel.pid not in OPENED)
    return ready


def is_kernel(process: psutil.Process) -> bool:
    return process.status() != psutil.STATUS_ZOMBIE and "ipykernel_launcher" in process.cmdline()


def test_page_gets_the_kernel_that_is_ready_and_another_is_made_ready(shared_identity, dashboards) -> None:
    ready = ready_kernel(dashboards)
    facts = open_page(shared_identity, dashboards)
    assert facts["pid"] == ready.pid
    assert facts["user"] == "grid_operator"
    assert facts["still"] is False
    assert ready_kernel(dashboards) != ready


def test_kernel_that_is_ready_knows_no_login_and_is_nobodys(shared_identity, dashboards) -> None:
    ready = ready_kernel(dashboards)
    assert not any(name.startswith("TWINEV_TICKET") for name in ready.environ())
    kernel_id = re.search(r"kernel-([0-9a-f-]{36})\.json", " ".join(ready.cmdline()))[1]
    with shared_identity.browser("administrator") as browser:
        assert browser.http.get(f"{dashboards.url}/api/kernels/{kernel_id}").status_code in (403, 404)
    assert ready_kernel(dashboards) == ready


def test_kernel_that_died_while_it_was_ready_is_replaced(shared_identity, dashboards) -> None:
    ready = ready_kernel(dashboards)
    ready.kill()
    facts = open_page(shared_identity, dashboards, "second_operator")
    assert facts["user"] == "second_operator"
    assert facts["pid"] != ready.pid
    assert ready_kernel(dashboards) != ready
    assert "ticket" not in dashboards.log.read_text(errors="replace").lower()
