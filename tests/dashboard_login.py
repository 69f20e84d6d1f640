"""Logging in at a dashboard as a person does: its address leads to the login, and the login back to it."""

from __future__ import annotations

from playwright.sync_api import Page
from running_system import RunningSystem


def open_dashboard(page: Page, running: RunningSystem, notebook: str, role: str) -> None:
    """Go to ``notebook`` and log in with the demo account of ``role``; it opens as soon as it can."""
    account = running.account(role)
    page.goto(f"{running.dashboards_url}/voila/render/{notebook}.ipynb")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
