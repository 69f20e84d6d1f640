"""A person at a real browser: log in, see a dashboard, use it, leave it, log out."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PAGE = "/voila/render/grid_operators.ipynb"
PASSWORD = "correct horse battery"
WIDGETS = """
import os
import ipywidgets as widgets
from twinev.ui.kernel_session import open_kernel_client

said = widgets.Label(f"kernel {os.getpid()} of ")
client = open_kernel_client(ask_seconds=0.5, before_end=lambda: said.set_trait("value", "logged out"))
button = widgets.Button(description="Who am I?")
button.on_click(lambda _: said.set_trait("value", f"kernel {os.getpid()} of {client.me().username}"))
widgets.VBox([button, said])
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(30_000)
    yield context
    context.close()


def fill_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def kernel_on(page: Page) -> psutil.Process:
    page.get_by_role("button", name="Who am I?").click()
    label = page.get_by_text("of grid_operator")
    expect(label).to_be_visible(timeout=30_000)
    return psutil.Process(int(label.inner_text().split()[1]))


def test_an_operator_logs_in_uses_a_dashboard_and_leaves(identity, serve_dashboards, context: BrowserContext) -> None:
    elsewhere: list[str] = []
    with serve_dashboards(identity, WIDGETS) as dashboards:
        page = context.new_page()
        ours = (identity.api_url, dashboards.url, "data:", "blob:")
        page.on("response", lambda answer: answer.url.startswith(ours) or elsewhere.append(answer.url))

        page.goto(dashboards.url + PAGE)
        fill_in(page, "grid_operator", "wrong")
        expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
        fill_in(page, "grid_operator", PASSWORD)
        page.wait_for_url(dashboards.url + PAGE)
        kernel = kernel_on(page)
        page.goto(identity.api_url + "/")

        gone, _ = psutil.wait_procs([kernel], timeout=60)
        assert gone
        assert httpx.get(f"{dashboards.url}/health", trust_env=False).json()["kernels"] == 0
        expect(page.get_by_role("link", name="Grid operators")).to_be_visible()
        assert elsewhere == []


def test_logging_out_in_another_tab_ends_the_dashboard(identity, serve_dashboards, context: BrowserContext) -> None:
    with serve_dashboards(identity, WIDGETS) as dashboards:
        dashboard, other = context.new_page(), context.new_page()
        dashboard.goto(dashboards.url + PAGE)
        fill_in(dashboard, "grid_operator", PASSWORD)
        kernel = kernel_on(dashboard)

        other.goto(identity.api_url + "/logout")
        other.get_by_role("button", name="Log out").click()

        expect(dashboard.get_by_text("logged out")).to_be_visible()
        gone, _ = psutil.wait_procs([kernel], timeout=60)
        assert gone
        dashboard.reload()
        expect(dashboard.get_by_label("Username")).to_be_visible()


def test_wrong_host_name_does_not_send_a_browser_in_circles(
    identity, serve_dashboards, context: BrowserContext
) -> None:
    with serve_dashboards(identity, WIDGETS) as dashboards:
        page = context.new_page()
        page.goto(dashboards.url.replace("127.0.0.1", "localhost") + PAGE)
        fill_in(page, "grid_operator", PASSWORD)
        page.wait_for_url(dashboards.url + PAGE)
        kernel_on(page)

        page.goto(dashboards.url.replace("127.0.0.1", "localhost") + PAGE)

        page.get_by_role("link", name="Continue").click()
        page.wait_for_url(dashboards.url + PAGE)
