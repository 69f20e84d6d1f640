"""The administrators' screen with local accounts, in a real browser, at the size of a phone and of a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from axe import serious_violations
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PASSWORD = "correct horse battery"
WIDTHS = (320, 390, 1280)


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


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_users_page_leads_to_the_login_and_back(identity, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{identity.api_url}/admin/users?search=oper")
    log_in(page, "administrator")
    expect(page.get_by_role("link", name="charge_point_operator")).to_be_visible()
    expect(page.get_by_role("link", name="driver", exact=True)).to_have_count(0)
    assert page.url == f"{identity.api_url}/admin/users?search=oper"


def test_new_user_chooses_a_password_and_gets_to_work(identity, chromium: Browser, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{identity.api_url}/admin/users")
    log_in(page, "administrator")
    page.get_by_label("Username").fill("vera")
    page.get_by_label("Name", exact=True).fill("Vera van Dijk")
    page.get_by_label("grid operator").check()
    page.get_by_role("button", name="Create").click()
    given = page.locator("code").inner_text()

    newcomer = chromium.new_context().new_page()
    newcomer.goto(f"{identity.api_url}/ticket")
    log_in(newcomer, "vera", given)
    expect(newcomer.get_by_role("heading", name="Choose a password")).to_be_visible()
    newcomer.get_by_label("Present password").fill(given)
    newcomer.get_by_label("New password (at least 12 characters)").fill("chosen by vera")
    newcomer.get_by_label("New password again").fill("chosen by vera")
    newcomer.get_by_role("button", name="Change and log in").click()
    expect(newcomer.get_by_role("heading", name="Log a notebook in")).to_be_visible()

    page.get_by_label("disabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    newcomer.goto(identity.api_url)
    expect(newcomer.get_by_role("heading", name="Log in")).to_be_visible()
    newcomer.context.close()


def test_reset_password_is_told_once(identity, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{identity.api_url}/admin/users/id-driver")
    log_in(page, "administrator")
    page.get_by_role("button", name="Reset the password").click()
    given = page.locator("code").inner_text()
    page.goto(f"{identity.api_url}/admin/users/id-driver")
    assert given not in page.content()
    answer = httpx.post(f"{identity.api_url}/api/v1/auth/login", json={"username": "driver", "password": given})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert "/password" in answer.json()["detail"]


def test_last_administrator_stays_one(identity, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{identity.api_url}/admin/users/id-administrator")
    log_in(page, "administrator")
    page.get_by_label("administrator").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("last administrator")
    expect(page.get_by_label("administrator")).to_be_checked()


@pytest.mark.parametrize("path", ["/admin/users", "/admin/users/id-driver", "/ticket", "/password", "/login"])
def test_page_fits_every_width(identity, context: BrowserContext, path: str) -> None:
    page = context.new_page()
    page.goto(f"{identity.api_url}/ticket")
    log_in(page, "administrator")
    page.goto(identity.api_url + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/admin/users", "/admin/users/id-driver", "/ticket", "/password", "/login", "/logout"]
)
def test_page_has_no_serious_violation(identity, context: BrowserContext, path: str, color_scheme: str) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=color_scheme)
    page.goto(f"{identity.api_url}/ticket")
    log_in(page, "administrator")
    page.goto(identity.api_url + path)
    assert serious_violations(page) == []


def test_violation_is_found(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content("<html lang=en><title>Two buttons</title><main><button>Save</button><button></button></main>")
    assert [violation.split(" ", 1)[0] for violation in serious_violations(page)] == ["button-name"]


@pytest.mark.parametrize("username", ["driver", "grid_operator", "charge_point_operator"])
def test_users_page_is_for_administrators(shared_identity, username: str) -> None:
    with shared_identity.browser(username) as browser:
        assert browser.http.get("/admin/users").status_code == httpx.codes.FORBIDDEN
        form = {"username": "mallory", "role": "administrator", "csrf_token": browser.csrf_token}
        assert browser.http.post("/admin/users", data=form).status_code == httpx.codes.FORBIDDEN
        assert "/admin/users" not in browser.http.get("/").text


def test_form_without_its_token_changes_nothing(identity) -> None:
    with identity.browser("administrator") as browser:
        for path, form in (
            ("/admin/users", {"username": "mallory"}),
            ("/admin/users/id-driver", {"role": "administrator"}),
            ("/admin/users/id-driver/password", {}),
        ):
            assert browser.http.post(path, data=form).status_code == httpx.codes.FORBIDDEN
    assert identity.accounts.by_username("mallory") is None
    assert identity.accounts.by_id("id-driver").user.roles == {"driver"}


def test_form_sent_after_the_login_ended_leads_back_to_it(identity) -> None:
    with identity.browser() as browser:
        answer = browser.http.post("/admin/users", data={"username": "mallory"})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert '"/login?next=%2Fadmin%2Fusers"' in answer.text


def test_hostile_name_is_shown_and_not_run(identity) -> None:
    with identity.browser("administrator") as browser:
        form = {"display_name": "<script>alert(1)</script>", "role": "driver", "csrf_token": browser.csrf_token}
        answer = browser.http.post("/admin/users/id-driver", data=form)
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_pages_of_users_follow_the_cursor(identity) -> None:
    with httpx.Client(base_url=f"{identity.api_url}/api/v1", headers=identity.token("administrator")) as http:
        first = http.get("/users", params={"limit": 3}).json()
        second = http.get("/users", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        found = http.get("/users", params={"search": "operator"}).json()
        bad = http.get("/users", params={"cursor": "YWJj"})
    names = [user["username"] for user in first["items"] + second["items"]]
    assert names == ["administrator", "charge_point_operator", "driver", "grid_operator", "second_operator"]
    assert second["next_cursor"] is None
    assert {user["username"] for user in found["items"]} == {
        "charge_point_operator",
        "grid_operator",
        "second_operator",
    }
    assert bad.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_callback_is_not_there_without_an_identity_server(identity) -> None:
    with identity.browser() as browser:
        assert browser.http.get("/login/callback?code=x&state=y").status_code == httpx.codes.NOT_FOUND
        assert browser.http.get("/api/v1/auth/methods").json() == {
            "password": True,
            "issuer": None,
            "token_endpoint": None,
        }
        told = browser.http.post("/api/v1/auth/backchannel-logout", data={"logout_token": "x"})
    assert told.status_code == httpx.codes.NOT_FOUND
    assert re.search("identity server", told.text)
