"""Logging in over a real server: tokens, cookies, tickets, pages, and what is refused."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

PASSWORD = "correct horse battery"


def post_form(http: httpx.Client, *, username: str, password: str, to: str = "/") -> httpx.Response:
    """Log in as a person does: load the page, fill in the form, send it."""
    page = http.get("/login", params={"next": to})
    hidden = dict(re.findall(r'name="(form_token|next)" value="([^"]*)"', page.text))
    return http.post("/login", data=hidden | {"username": username, "password": password})


def log_in(http: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return http.post("/api/v1/auth/login", json={"username": username, "password": password})


def test_token_tells_who_calls(identity) -> None:
    with identity.browser() as browser:
        answer = log_in(browser.http, "grid_operator")
        me = browser.http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    assert 0 < answer.json()["expires_in"] <= 300
    assert answer.headers["cache-control"] == "no-store"
    assert not answer.cookies
    assert me.json()["username"] == "grid_operator"
    assert me.json()["roles"] == ["grid_operator"]


@pytest.mark.parametrize(("username", "password"), [("nobody", PASSWORD), ("driver", "wrong"), ("DRIVER ", "wrong")])
def test_wrong_password_and_unknown_user_look_the_same(identity, username: str, password: str) -> None:
    with identity.browser() as browser:
        answer = log_in(browser.http, username, password)

    assert answer.status_code == 401
    assert answer.json()["detail"] == "the username or the password is wrong"


def test_log_in_is_throttled_per_user_and_address(identity_without_time) -> None:
    with identity_without_time.browser() as browser:
        wrong = [log_in(browser.http, "driver", "wrong").status_code for _ in range(5)]
        sixth = log_in(browser.http, "driver", PASSWORD)
        other = log_in(browser.http, "grid_operator", PASSWORD)

    assert wrong == [401] * 5
    assert sixth.status_code == 429
    assert other.status_code == 200


def test_log_in_is_throttled_per_address(identity_without_time) -> None:
    with identity_without_time.browser() as browser:
        answers = [log_in(browser.http, f"guess{number}", "wrong").status_code for number in range(31)]

    assert answers == [401] * 30 + [429]


def test_throttled_page_says_how_long_to_wait(identity_without_time) -> None:
    with identity_without_time.browser() as browser:
        for _ in range(5):
            assert post_form(browser.http, username="driver", password="wrong").status_code == 401
        answer = post_form(browser.http, username="driver", password=PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 61
    assert re.search(r"Too many tries to log in; wait \d+ s", answer.text)


def test_renewed_token_is_of_the_same_session_and_ends_with_it(identity) -> None:
    with identity.browser() as browser:
        first = {"Authorization": f"Bearer {log_in(browser.http, 'driver').json()['access_token']}"}
        renewed = browser.http.post("/api/v1/auth/renew", headers=first)
        second = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
        before = browser.http.get("/api/v1/auth/session", headers=first).json()["session_id"]
        after = browser.http.get("/api/v1/auth/session", headers=second).json()["session_id"]
        out = browser.http.post("/api/v1/auth/logout", headers=first)
        refused = browser.http.post("/api/v1/auth/renew", headers=second)

    assert renewed.status_code == 200
    assert before == after
    assert out.status_code == 204
    assert refused.status_code == 401


@pytest.mark.parametrize("header", ["Bearer x", "Bearer", "Basic eDp5", "Bearer a.1.b", "nonsense"])
def test_bad_authorization_is_refused_even_beside_a_good_cookie(shared_identity, header: str) -> None:
    with shared_identity.browser("driver") as browser:
        answer = browser.http.get("/api/v1/auth/me", headers={"Authorization": header})

    assert answer.status_code == 401


def test_form_sets_an_opaque_cookie_out_of_reach_of_scripts(identity) -> None:
    with identity.browser() as browser:
        answer = post_form(browser.http, username="grid_operator", password=PASSWORD)
        start = browser.http.get("/")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("twinev_session="))
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="):
        assert attribute in cookie
    assert "grid_operator" not in cookie
    assert "/voila/render/grid_operators.ipynb" in start.text


def test_start_page_lists_only_what_the_role_may_open(shared_identity) -> None:
    with shared_identity.browser("driver") as browser:
        assert "grid_operators" not in browser.http.get("/").text
    with shared_identity.browser() as browser:
        assert browser.http.get("/").headers["location"] == "/login"


def test_form_of_a_stranger_is_refused(identity) -> None:
    form = {"username": "driver", "password": PASSWORD, "form_token": "forged"}

    with identity.browser() as browser:
        without_page = browser.http.post("/login", data=form)
        browser.http.get("/login")
        forged = browser.http.post("/login", data=form)

    assert without_page.status_code == 403
    assert forged.status_code == 403
    assert "twinev_session" not in forged.headers.get("set-cookie", "")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("token", [None, "", "forged", "of another session"])
def test_change_by_cookie_needs_the_csrf_token(shared_identity, method: str, token: str | None) -> None:
    with shared_identity.browser("administrator") as other, shared_identity.browser("administrator") as browser:
        if token == "of another session":
            token = other.csrf_token
        headers = {} if token is None else {"X-CSRF-Token": token}
        path = "/api/v1/users" if method == "POST" else f"/api/v1/users/{shared_identity.id_of('driver')}"
        answer = browser.http.request(method, path, json={}, headers=headers)

    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_csrf_token_is_not_readable_from_another_origin(shared_identity) -> None:
    with shared_identity.browser("driver") as browser:
        answer = browser.http.get("/api/v1/auth/session", headers={"Origin": shared_identity.dashboards_url})

    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_log_out_needs_the_form_and_ends_the_session(identity) -> None:
    with identity.browser("driver") as browser:
        browser.http.get("/logout")
        forged = browser.http.post("/logout", data={"csrf_token": "forged"})
        still_in = browser.http.get("/api/v1/auth/me").status_code
        cookie = browser.http.cookies["twinev_session"]
        out = browser.http.post("/logout", data={"csrf_token": browser.csrf_token})
        browser.http.cookies.set("twinev_session", cookie)
        stolen = browser.http.get("/api/v1/auth/me")

    assert forged.status_code == 403
    assert still_in == 200
    assert out.status_code == 303
    assert stolen.status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "{api}@evil.example/",
        "{api}.evil.example/",
        "/\t/evil.example",
        " //evil.example",
        "http://[",
    ],
)
def test_log_in_leads_nowhere_else(shared_identity, address: str) -> None:
    with shared_identity.browser() as browser:
        to = address.format(api=shared_identity.api_url)
        page = browser.http.get("/login", params={"next": to})

    assert 'name="next" value="/"' in page.text


def test_log_in_leads_back_to_the_dashboards(identity) -> None:
    to = identity.dashboards_url + "/voila/render/grid_operators.ipynb?site=a"

    with identity.browser() as browser:
        answer = post_form(browser.http, username="grid_operator", password=PASSWORD, to=to)

    assert answer.headers["location"] == to


def test_page_shows_what_was_typed_as_text(shared_identity) -> None:
    with shared_identity.browser() as browser:
        answer = post_form(browser.http, username='"><script>x</script>', password="wrong")

    assert answer.status_code == 401
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_ticket_is_worth_one_use(identity) -> None:
    with identity.browser("grid_operator") as browser:
        ticket = {"ticket": browser.post("/api/v1/auth/tickets").json()["ticket"]}
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: httpx.post(f"{identity.api_url}/api/v1/auth/tickets/redeem", json=ticket), range(8))
            )

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    token = next(answer.json()["access_token"] for answer in answers if answer.status_code == 200)
    me = httpx.get(f"{identity.api_url}/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["username"] == "grid_operator"


def test_ticket_of_an_ended_session_is_refused(identity) -> None:
    with identity.browser("grid_operator") as browser:
        ticket = browser.post("/api/v1/auth/tickets").json()["ticket"]
        browser.post("/api/v1/auth/logout")
        answer = browser.http.post("/api/v1/auth/tickets/redeem", json={"ticket": ticket})

    assert answer.status_code == 401


def test_ticket_needs_a_browser_session(shared_identity) -> None:
    with shared_identity.browser() as browser:
        answer = browser.http.post("/api/v1/auth/tickets", headers=shared_identity.token("grid_operator"))

    assert answer.status_code == 403


def test_new_roles_end_the_sessions_of_the_user(identity) -> None:
    with identity.browser("driver") as driver, identity.browser("administrator") as administrator:
        changed = administrator.http.patch(
            f"/api/v1/users/{identity.id_of('driver')}",
            json={"roles": ["driver", "grid_operator"]},
            headers={"X-CSRF-Token": administrator.csrf_token},
        )
        after = driver.http.get("/api/v1/auth/me")

    assert changed.json()["roles"] == ["driver", "grid_operator"]
    assert after.status_code == 401


def test_password_change_ends_the_sessions_and_counts_at_once(identity) -> None:
    new = "another long password"

    with identity.browser("driver") as browser:
        wrong = browser.post("/api/v1/auth/password", json={"old_password": "wrong", "new_password": new})
        short = browser.post("/api/v1/auth/password", json={"old_password": PASSWORD, "new_password": "short"})
        right = browser.post("/api/v1/auth/password", json={"old_password": PASSWORD, "new_password": new})
        after = browser.http.get("/api/v1/auth/me")
        old_login = log_in(browser.http, "driver")
        new_login = log_in(browser.http, "driver", new)

    assert (wrong.status_code, short.status_code, right.status_code) == (401, 422, 204)
    assert "short" not in short.json()["detail"]
    assert (after.status_code, old_login.status_code, new_login.status_code) == (401, 401, 200)


@pytest.mark.parametrize("username", ["driver", "grid_operator", "charge_point_operator"])
def test_users_are_for_administrators_only(shared_identity, username: str) -> None:
    with shared_identity.browser(username) as browser:
        answer = browser.http.get("/api/v1/users")

    assert answer.status_code == 403


def test_administrator_creates_an_account_that_can_log_in(identity) -> None:
    body = {"username": "olga", "password": PASSWORD, "roles": ["grid_operator"], "display_name": "Olga"}

    with identity.browser("administrator") as browser:
        created = browser.post("/api/v1/users", json=body)
        again = browser.post("/api/v1/users", json=body | {"username": "OLGA"})
        bad_role = browser.post("/api/v1/users", json=body | {"username": "x", "roles": ["king"]})
        bad_name = browser.post("/api/v1/users", json=body | {"username": "two\nlines"})
        listed = [user["username"] for user in browser.http.get("/api/v1/users").json()["items"]]
        logged_in = log_in(browser.http, "Olga")

    assert created.status_code == 201
    assert PASSWORD not in created.text
    assert "hash" not in created.text
    assert (again.status_code, bad_role.status_code, bad_name.status_code) == (409, 422, 422)
    assert "olga" in listed
    assert logged_in.status_code == 200
