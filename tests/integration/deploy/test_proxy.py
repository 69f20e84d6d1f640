"""The containers' proxy for real: Debian's nginx with our configuration, before a running TwinEV."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import trustme
from free_ports import free_ports
from nginx_process import Nginx
from playwright.sync_api import sync_playwright
from running_system import RunningSystem, system
from websockets.asyncio.client import connect

HOST, LOGIN_HOST, LAB_HOST = "localhost", "login.localhost", "lab.localhost"
CHROMIUM = "/usr/bin/chromium"
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}


@dataclass(frozen=True, kw_only=True)
class Door:
    """The running system and its proxy; addresses are those that a browser has."""

    running: RunningSystem
    authority: trustme.CA
    url: str
    dashboards_url: str
    redirecting_url: str
    stations_url: str

    @property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def client(self, **options: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.tls, trust_env=False, timeout=30, **options)

    def dashboards(self) -> httpx.Client:
        return httpx.Client(base_url=self.dashboards_url, verify=self.tls, trust_env=False, timeout=30)

    def token(self, http: httpx.Client, role: str) -> dict[str, str]:
        account = self.running.account(role)
        body = {"username": account["username"], "password": account["password"]}
        answer = http.post("/api/v1/auth/login", json=body).raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def names_of(running: RunningSystem, ports: list[int], certificate: Path, key: Path) -> dict[str, object]:
    http, https, dashboards, stations, nobody = ports
    told = running.environment
    gateway = f"127.0.0.1:{told['TWINEV_OCPP_TLS_PORT']}"
    return {
        "PLATFORM_HOST": HOST,
        "LOGIN_HOST": LOGIN_HOST,
        "LAB_HOST": LAB_HOST,
        "HTTP_PORT": http,
        "HTTPS_PORT": https,
        "DASHBOARDS_HTTPS_PORT": dashboards,
        "OCPP_TLS_PORT": stations,
        "API_ADDRESS": f"127.0.0.1:{told['TWINEV_API_PORT']}",
        "DASHBOARDS_ADDRESS": f"127.0.0.1:{told['TWINEV_DASHBOARDS_PORT']}",
        # There is no Keycloak here: what is let through to it finds nobody.
        "KEYCLOAK_ADDRESS": f"127.0.0.1:{nobody}",
        "LAB_ADDRESS": f"127.0.0.1:{nobody}",
        "API_CLIENT_ADDRESS": "192.0.2.1",
        # One of two is away, as it is while it is made anew.
        "GATEWAY_1_ADDRESS": f"127.0.0.1:{nobody}",
        "GATEWAY_2_ADDRESS": gateway,
        "TLS_CERTIFICATE": certificate,
        "TLS_KEY": key,
    }


def written(authority: trustme.CA, folder: Path) -> tuple[Path, Path]:
    """A certificate for all names, and its key."""
    issued = authority.issue_cert(HOST, LOGIN_HOST, LAB_HOST, "127.0.0.1")
    certificate, key = folder / "proxy.pem", folder / "proxy.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """`twinev up` that knows its public addresses, and nginx before it."""
    folder, authority = tmp_path_factory.mktemp("door"), trustme.CA()
    certificate, key = written(authority, folder)
    ports = free_ports(6)
    *ports, gateway = ports
    running = system(folder / "data")
    url, dashboards_url = f"https://{HOST}:{ports[1]}", f"https://{HOST}:{ports[2]}"
    running.environment |= {
        "TWINEV_PUBLIC_URL": url,
        "TWINEV_DASHBOARDS_URL": dashboards_url,
        "TWINEV_OCPP_TLS_PORT": str(gateway),
        "TWINEV_OCPP_TLS_CERT": str(certificate),
        "TWINEV_OCPP_TLS_KEY": str(key),
    }
    running.start()
    try:
        with Nginx(folder, names_of(running, ports, certificate, key)).running(ports[1]):
            yield Door(
                running=running,
                authority=authority,
                url=url,
                dashboards_url=dashboards_url,
                redirecting_url=f"http://127.0.0.1:{ports[0]}",
                stations_url=f"wss://{HOST}:{ports[3]}/ocpp",
            )
    finally:
        running.stop()


def test_nginx_finds_nothing_wrong_with_the_configuration(tmp_path: Path) -> None:
    certificate, key = written(trustme.CA(), tmp_path)
    running = system(tmp_path / "data")
    *ports, gateway = free_ports(6)
    running.environment["TWINEV_OCPP_TLS_PORT"] = str(gateway)

    said = Nginx(tmp_path, names_of(running, ports, certificate, key)).check()

    assert "test is successful" in said
    assert not re.search(r"\[(warn|error|emerg)]", said)


def test_login_gives_a_cookie_that_only_this_host_gets_over_tls(door: Door) -> None:
    account = door.running.account("grid_operator")
    with door.client() as http:
        form_token = re.search(r'name="form_token" value="([^"]+)"', http.get("/login").text)[1]
        form = {"username": account["username"], "password": account["password"], "form_token": form_token}
        answer = http.post("/login", data=form)

    assert answer.status_code == HTTPStatus.SEE_OTHER
    [cookie] = [text for text in answer.headers.get_list("set-cookie") if "session" in text]
    name, *attributes = (part.strip() for part in cookie.split(";"))
    assert name.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
    assert "max-age=" in answer.headers["strict-transport-security"]


def test_plain_http_leads_to_https(door: Door) -> None:
    answer = httpx.get(f"{door.redirecting_url}/login", trust_env=False)

    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.MOVED_PERMANENTLY, f"https://{HOST}/login")


@pytest.mark.parametrize("path", ["/api/v1/auth/tickets", "/api/v1/auth/tickets/redeem", "/api/v1/auth/session"])
def test_what_processes_ask_each_other_is_not_there_for_anybody_else(door: Door, path: str) -> None:
    with door.client() as http, httpx.Client(base_url=door.running.api_url, trust_env=False) as inside:
        headers = door.token(http, "grid_operator")
        outside = [http.request(method, path, headers=headers) for method in ("GET", "POST")]
        there = [inside.request(method, path, headers=headers) for method in ("GET", "POST")]

    assert {answer.status_code for answer in outside} == {HTTPStatus.NOT_FOUND}
    assert {answer.status_code for answer in there} != {HTTPStatus.NOT_FOUND}


@pytest.mark.parametrize(
    "path",
    ["/voila/query/00000000-0000-0000-0000-000000000000", "/voila/files/grid_operators.ipynb", "/api/contents",
     "/api/terminals", "/health", "/api/sessions"],
)  # fmt: skip
def test_dashboards_have_no_other_addresses(door: Door, path: str) -> None:
    with door.dashboards() as http:
        answer = http.get(path)

    # The proxy's own page: the dashboards' server was not even asked.
    assert (answer.status_code, answer.headers["server"]) == (HTTPStatus.NOT_FOUND, "nginx")


def test_keycloak_is_for_logging_in_only(door: Door) -> None:
    with door.client(headers={"Host": LOGIN_HOST}) as http:
        answers = {
            path: http.get(path, extensions={"sni_hostname": LOGIN_HOST}).status_code
            for path in (
                "/realms/twinergy/account",
                "/realms/master/x",
                "/admin/",
                "/admin/realms/twinergy/users",
                "/metrics",
            )
        }

    assert answers == {
        # Let through, to nobody here.
        "/realms/twinergy/account": HTTPStatus.BAD_GATEWAY,
        "/realms/master/x": HTTPStatus.NOT_FOUND,
        "/admin/": HTTPStatus.NOT_FOUND,
        # For the API's own address.
        "/admin/realms/twinergy/users": HTTPStatus.FORBIDDEN,
        "/metrics": HTTPStatus.NOT_FOUND,
    }


def test_stranger_to_all_names_gets_no_certificate(door: Door) -> None:
    with door.client() as http, pytest.raises(httpx.ConnectError, match=r"(?i)unrecognized.name"):
        http.get("/", extensions={"sni_hostname": "elsewhere.example.org"})


def test_events_come_at_once(door: Door) -> None:
    with door.client() as http:
        headers = door.token(http, "grid_operator")
        with http.stream("GET", "/api/v1/events", headers=headers) as stream:
            lines = stream.iter_lines()
            assert [next(lines), next(lines)] == ["retry: 2000", ": listening"]
            [site, *_] = http.get("/api/v1/sites", headers=headers).json()["items"]
            start = "2030-01-01T00:00:00Z"
            order = {
                "station_ids": ["UTR-01"],
                "limit_kw": 5,
                "start": start,
                "end": "2030-01-01T01:00:00Z",
                "v2g": False,
            }
            made = http.post("/api/v1/restrictions", json=order, headers=headers | {"Idempotency-Key": "one"})
            made.raise_for_status()
            # The stream ends with the test, should nothing come: the client waits 30 s at the most.
            assert any(line == "event: restriction.created" for line in lines)
    assert site["id"]


def test_dashboard_works_through_the_proxy_with_its_kernel(door: Door) -> None:
    account = door.running.account("grid_operator")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # Its store of roots does not know the test's CA.
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--ignore-certificate-errors"],
        )
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(f"{door.dashboards_url}/voila/render/grid_operators.ipynb")
        page.get_by_label("Username").fill(account["username"])
        page.get_by_label("Password").fill(account["password"])
        page.get_by_role("button", name="Log in").click()
        # What only the kernel knows has come over its socket.
        page.locator(".tv-card").first.wait_for(timeout=60_000)
        cookies = {cookie["name"]: cookie for cookie in context.cookies()}
        browser.close()

    assert page.url.startswith(door.dashboards_url)
    assert any(url.startswith(door.dashboards_url.replace("https", "wss")) for url in sockets)
    [session] = [cookie for name, cookie in cookies.items() if name.startswith("__Host-") and "session" in name]
    assert session["secure"]


def test_station_reaches_the_gateway_that_is_up_with_tls_from_end_to_end(door: Door) -> None:
    command = [sys.executable, "-m", "twinev", "stations", "add", "PROXIED", "--site", "harbour"]
    place = ["--supply-kw", "22", "--latitude", "51.92", "--longitude", "4.47", "--security-profile", "2"]
    environment = door.running.environment | {"TWINEV_INTERNAL_API_URL": door.running.api_url}
    added = subprocess.run(
        [*command, *place],
        env=environment,
        cwd=door.running.data_dir,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert added.returncode == 0, added.stderr
    key = re.search(r"password +([0-9a-f]{32}) ", added.stdout)[1]
    login = base64.b64encode(f"PROXIED:{key}".encode()).decode()

    async def boot() -> str:
        async with connect(
            f"{door.stations_url}/PROXIED",
            ssl=door.tls,
            subprotocols=["ocpp2.0.1"],
            additional_headers={"Authorization": f"Basic {login}"},
            proxy=None,
        ) as socket:
            await socket.send(json.dumps([2, "boot", "BootNotification", BOOT]))
            async with asyncio.timeout(20):
                while (answer := json.loads(await socket.recv()))[1] != "boot":
                    pass
            return answer[2]["status"]

    assert asyncio.run(boot()) == "Accepted"
