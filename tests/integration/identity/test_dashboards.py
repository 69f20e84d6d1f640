"""The dashboards' server under attack, and in ordinary use."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from twinev.domain.dashboards import DASHBOARDS
from twinev.domain.users import Role

PAGE = "/voila/render/grid_operators.ipynb"


@dataclass(frozen=True, kw_only=True)
class OpenPage:
    """A dashboard in a browser."""

    http: httpx.Client
    facts: dict[str, Any]
    kernel_id: str
    url: str

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def leave(self) -> httpx.Response:
        headers = {"X-XSRFToken": self.http.cookies["_xsrf"]}
        return self.http.post(f"{self.url}/voila/api/shutdown/{self.kernel_id}", headers=headers)


@contextmanager
def open_page(identity, dashboards, username: str = "grid_operator", **headers: str) -> Iterator[OpenPage]:
    with identity.browser(username) as browser:
        answer = browser.http.get(dashboards.url + PAGE, headers=headers)
        assert answer.status_code == 200, answer.text
        found = re.search(r"BEGIN(\{.*?\})END", html.unescape(answer.text))
        assert found, answer.text
        kernel_id = re.search(r'"kernelId": "([^"]+)"', answer.text)[1]
        page = OpenPage(http=browser.http, facts=json.loads(found[1]), kernel_id=kernel_id, url=dashboards.url)
        try:
            yield page
        finally:
            if alive(page.facts["pid"]):
                page.leave()


@pytest.fixture(scope="module")
def page(shared_identity, dashboards) -> Iterator[OpenPage]:
    """A page that stays open for all tests that end nothing."""
    with open_page(shared_identity, dashboards) as page:
        yield page


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def kernel_socket(page: OpenPage, *, kernel_id: str | None = None, cookies: str | None = None) -> ClientConnection:
    address = page.url.replace("http", "ws") + f"/api/kernels/{kernel_id or page.kernel_id}/channels?session_id=x"
    return connect(
        address, additional_headers={"Cookie": page.cookies if cookies is None else cookies, "Origin": page.url}
    )


def message(kind: str, content: dict[str, Any]) -> str:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "x", "username": "u", "version": "5.3"}
    parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    return json.dumps(parts)


def wait_for(socket: ClientConnection, kind: str) -> list[str]:
    """Return the kinds of all messages up to the first of this kind."""
    kinds = []
    while not kinds or kinds[-1] != kind:
        kinds.append(json.loads(socket.recv(timeout=20))["header"]["msg_type"])
    return kinds


def test_page_without_cookie_leads_to_the_login_and_back(shared_identity, dashboards) -> None:
    answer = httpx.get(dashboards.url + PAGE + "?site=a", trust_env=False)

    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == shared_identity.api_url + "/login"
    back = parse_qs(target.query)["next"][0]
    assert back == dashboards.url + PAGE + "?site=a"
    assert shared_identity.desk.safe_next(back) == back


@pytest.mark.parametrize("cookie", ["", "forged", "forged.signature", "a.b.c", "%00", "x" * 4000])
def test_page_with_forged_cookie_leads_to_the_login(shared_identity, dashboards, cookie: str) -> None:
    headers = {"Cookie": f"{shared_identity.desk.cookie_name}={cookie}"}

    answer = httpx.get(dashboards.url + PAGE, headers=headers, trust_env=False)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(shared_identity.api_url + "/login")


def test_page_with_ended_session_leads_to_the_login(shared_identity, dashboards) -> None:
    with shared_identity.browser("grid_operator") as browser:
        assert browser.post("/api/v1/auth/logout").status_code == 204
        answer = browser.http.get(dashboards.url + PAGE)

    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("path", "username"),
    [(each.path, role.value) for each in DASHBOARDS for role in Role if role not in each.roles],
)
def test_page_refuses_other_roles_and_starts_no_kernel(shared_identity, dashboards, path: str, username: str) -> None:
    before = httpx.get(f"{dashboards.url}/health", trust_env=False).json()["kernels"]

    with shared_identity.browser(username) as browser:
        answer = browser.http.get(dashboards.url + path)

    assert answer.status_code == 403
    assert "This dashboard is for the role" in answer.text
    assert "Log in as someone else" in answer.text
    assert httpx.get(f"{dashboards.url}/health", trust_env=False).json()["kernels"] == before


def test_kernel_acts_for_its_viewer_and_sees_no_secret(shared_identity, page) -> None:
    assert page.facts["user"] == "grid_operator"
    assert page.facts["log_out_url"] == shared_identity.api_url + "/logout"
    assert "TWINEV_TICKET" in page.facts["names"]
    assert not page.facts["still"]
    allowed = {"TWINEV_TICKET", "TWINEV_API_URL", "TWINEV_PUBLIC_API_URL", "TWINEV_CLOCK"}
    assert {name for name in page.facts["names"] if name.startswith("TWINEV_")} <= allowed
    assert not [name for name in page.facts["names"] if name.startswith(("HTTP_", "PG", "AWS_"))]


def test_page_hides_the_sources_and_is_not_stored(shared_identity, dashboards, page) -> None:
    with shared_identity.browser("grid_operator") as browser:
        answer = browser.http.get(dashboards.url + PAGE)
        assert "open_kernel_client" not in answer.text
        assert "no-store" in answer.headers["cache-control"]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        kernel_id = re.search(r'"kernelId": "([^"]+)"', answer.text)[1]
        headers = {"X-XSRFToken": browser.http.cookies["_xsrf"]}
        assert browser.http.post(f"{dashboards.url}/voila/api/shutdown/{kernel_id}", headers=headers).status_code == 204


def test_ticket_sent_by_a_browser_is_replaced(shared_identity, dashboards) -> None:
    with open_page(shared_identity, dashboards, **{"X-Twinev-Ticket": "chosen by the viewer"}) as page:
        assert page.facts["user"] == "grid_operator"


def test_own_kernel_answers_but_runs_no_code(page, tmp_path) -> None:
    proof = tmp_path / "ran"
    code = f"open({str(proof)!r}, 'w').close()"

    with kernel_socket(page) as socket:
        socket.send(message("execute_request", {"code": code, "silent": False}))
        socket.send(message("inspect_request", {"code": "client", "cursor_pos": 3}))
        socket.send(message("kernel_info_request", {}))
        kinds = wait_for(socket, "kernel_info_reply")

    assert "execute_reply" not in kinds
    assert "inspect_reply" not in kinds
    assert not proof.exists()


@pytest.mark.parametrize("username", ["second_operator", "administrator", "grid_operator"])
def test_kernel_of_another_session_is_refused(shared_identity, page, username: str) -> None:
    with shared_identity.browser(username) as browser:
        browser.http.get(page.url + "/health")
        other = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
        model = browser.http.get(f"{page.url}/api/kernels/{page.kernel_id}")
        # Tornado's double submit: any value will do, as long as cookie and header agree.
        browser.http.cookies.set("_xsrf", "same")
        end = browser.http.post(f"{page.url}/voila/api/shutdown/{page.kernel_id}", headers={"X-XSRFToken": "same"})
        with pytest.raises(InvalidStatus) as refusal:
            kernel_socket(page, cookies=other)

    assert model.status_code == 403
    assert end.status_code == 403
    assert refusal.value.response.status_code == 403
    assert alive(page.facts["pid"])


def test_kernel_without_cookie_is_refused(page) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        kernel_socket(page, cookies="")

    assert refusal.value.response.status_code == 403
    assert httpx.get(f"{page.url}/api/kernels/{page.kernel_id}", trust_env=False).status_code == 403


def test_kernel_socket_of_another_origin_is_refused(page) -> None:
    address = page.url.replace("http", "ws") + f"/api/kernels/{page.kernel_id}/channels"

    with pytest.raises(InvalidStatus) as refusal:
        connect(address, additional_headers={"Cookie": page.cookies, "Origin": "http://127.0.0.1:1"})

    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/kernels"),
        ("POST", "/api/kernels"),
        ("DELETE", "/api/kernels/{own}"),
        ("POST", "/api/kernels/{own}/restart"),
        ("GET", "/api/contents"),
        ("PUT", "/api/contents/new.ipynb"),
        ("POST", "/api/sessions"),
        ("POST", "/api/terminals"),
        ("GET", "/api/kernelspecs"),
        ("GET", "/voila/tree"),
        ("GET", "/voila/api/contents"),
        ("GET", "/voila/files/picture.png"),
        ("GET", "/voila/files/grid_operators.ipynb"),
        ("GET", "/voila/query/{own}"),
        ("GET", "/voila/execution/{own}"),
        ("GET", "/voila/render/not_listed.ipynb"),
        ("GET", "/voila/render/picture.png"),
        ("GET", "/voila/render/../grid_operators.ipynb"),
        ("GET", "/voila/render/%2e%2e/%2e%2e/etc/passwd"),
        ("GET", "/voila/static/../app.py"),
        ("GET", "/voila/static/%2e%2e/app.py"),
        ("GET", "/login"),
    ],
)
def test_everything_else_is_refused_even_to_an_owner(page, method: str, path: str) -> None:
    headers = {"X-XSRFToken": page.http.cookies["_xsrf"]}

    answer = page.http.request(method, page.url + path.format(own=page.kernel_id), headers=headers)

    assert answer.status_code in (403, 404, 405), answer.text
    assert alive(page.facts["pid"])


def test_leaving_the_page_ends_its_kernel(shared_identity, dashboards) -> None:
    with open_page(shared_identity, dashboards) as page:
        without_token = page.http.post(f"{page.url}/voila/api/shutdown/{page.kernel_id}")
        assert without_token.status_code == 403
        assert alive(page.facts["pid"])

        assert page.leave().status_code == 204

        assert not alive(page.facts["pid"])
        assert page.http.get(f"{page.url}/api/kernels/{page.kernel_id}").status_code in (403, 404)


def test_one_session_cannot_take_all_the_memory(shared_identity, dashboards) -> None:
    with shared_identity.browser("administrator") as browser:
        pages = [browser.http.get(dashboards.url + PAGE) for _ in range(6)]
        refused = browser.http.get(dashboards.url + PAGE)
        headers = {"X-XSRFToken": browser.http.cookies["_xsrf"]}
        for answer in pages:
            kernel_id = re.search(r'"kernelId": "([^"]+)"', answer.text)[1]
            browser.http.post(f"{dashboards.url}/voila/api/shutdown/{kernel_id}", headers=headers)

    assert refused.status_code == 503
    assert "Too many dashboards are open" in refused.text


def test_front_page_leads_to_the_start_page(shared_identity, dashboards) -> None:
    with shared_identity.browser("grid_operator") as browser:
        answer = browser.http.get(dashboards.url + "/")

    assert answer.headers["location"] == shared_identity.api_url + "/"


def test_log_holds_no_secret(shared_identity, dashboards, page) -> None:
    log = dashboards.log.read_text()

    assert page.http.cookies[shared_identity.desk.cookie_name] not in log
    assert "ticket" not in log.lower()
