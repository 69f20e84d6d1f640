"""Logins through a real Keycloak, in a real browser: every application and role, and all that may go wrong.

One server and one system for the whole file; the tests make users of their own where they change one.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from keycloak_server import SECRETS, KeycloakServer, running_keycloak, wait_until_ready, what_is_missing
from playwright.sync_api import Browser, BrowserContext, Page, expect
from running_system import RunningSystem, free_ports, system, wait_until

from twinev.client import Client
from twinev.domain.users import Role
from twinev.errors import Forbidden, NotAuthenticated

pytestmark = [
    pytest.mark.skipif(what_is_missing() is not None, reason=f"no Keycloak: {what_is_missing()}"),
    pytest.mark.xdist_group("keycloak"),
]

PAGE_WITHIN_MS = 60_000
SHORT_LIFE_SECONDS = 3
USUAL_LIFE_SECONDS = 300
RESTRICTION = {
    "station_ids": ["nowhere"],
    "limit_kw": 1,
    "start": "2030-01-01T00:00:00Z",
    "end": "2030-01-01T01:00:00Z",
}


@dataclass
class World:
    """Keycloak, the system in front of it, the browsers, and everything that must stay secret."""

    keycloak: KeycloakServer
    running: RunningSystem
    browser: Browser
    passwords: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    contexts: list[BrowserContext] = field(default_factory=list)

    def user(self, name: str, *roles: Role) -> str:
        """Create a user with a random password; return the name."""
        password = f"Pass-{secrets.token_hex(8)}"
        self.passwords[name] = password
        self.secrets.add(password)
        self.ids[name] = self.keycloak.create_user(name, password, *roles)
        return name

    def page(self, width: int = 1280, height: int = 900, color_scheme: str = "light") -> Page:
        """A page of a browser that has never been here."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=color_scheme)
        self.contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.addresses.add(request.url))
        return page

    def open(self, page: Page, path: str = "/") -> int:
        """Open a page of the API; return the status of what came in the end."""
        return page.goto(self.running.api_url + path).status

    def type_login(self, page: Page, name: str, password: str | None = None) -> None:
        """Fill in Keycloak's form."""
        page.locator("#username").fill(name)
        page.locator("#password").fill(password or self.passwords[name])
        page.locator("#kc-login").click()

    def logged_in(self, name: str, path: str = "/") -> Page:
        """A page of a browser that has logged in on its way to ``path``."""
        page = self.page()
        self.open(page, path)
        self.type_login(page, name)
        page.wait_for_url(lambda url: url.startswith(self.running.api_url + path))
        self.remember(page)
        return page

    def remember(self, page: Page) -> None:
        """Note the session's cookie as a secret."""
        self.secrets |= {cookie["value"] for cookie in page.context.cookies() if cookie["name"].startswith("twinev_")}

    def is_in(self, page: Page) -> bool:
        """Whether the browser's session counts, by what the API says."""
        return page.request.get(self.running.api_url + "/api/v1/auth/me").status == httpx.codes.OK

    def machine(self) -> Client:
        """A client of the service account of jobs."""
        return Client(self.running.api_url, client_id="twinev-jobs", client_secret=SECRETS["TWINEV_JOBS_CLIENT_SECRET"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """`twinev up` that was told of an identity server; the server is started beside it, by `world`."""
    running_system = system(tmp_path_factory.mktemp("keycloak") / "data", "--no-simulator")
    keycloak_port = free_ports(1)[0]
    running_system.environment |= SECRETS | {"TWINEV_OIDC_ISSUER": f"http://127.0.0.1:{keycloak_port}/realms/twinergy"}
    del running_system.environment["TWINEV_JOBS_CLIENT_SECRET"]
    yield running_system
    running_system.stop()


@pytest.fixture(scope="module")
def world(running: RunningSystem, browser: Browser) -> Iterator[World]:
    port = int(re.search(r":(\d+)/", running.environment["TWINEV_OIDC_ISSUER"])[1])
    with running_keycloak(port=port, management_port=free_ports(1)[0], public_url=running.api_url) as keycloak:
        # Neither waits for the other.
        running.start()
        wait_until_ready(keycloak)
        world = World(keycloak=keycloak, running=running, browser=browser, secrets=set(SECRETS.values()))
        for role in Role:
            world.user(role.value, role)
        yield world
        for context in world.contexts:
            context.close()


@pytest.fixture
def short_life(world: World) -> Iterator[None]:
    """Access tokens live for a few seconds: what happens when they end can be waited for."""
    world.keycloak.set_token_life(SHORT_LIFE_SECONDS)
    yield
    world.keycloak.set_token_life(USUAL_LIFE_SECONDS)


@pytest.mark.parametrize("role", list(Role))
def test_start_page_takes_each_role_through_keycloak(world: World, role: Role) -> None:
    page = world.logged_in(role.value)
    expect(page.get_by_role("heading", name=f"Hello, {role.value.capitalize()}")).to_be_visible()
    expect(page.get_by_text(f"Your roles: {role.value.replace('_', ' ')}.")).to_be_visible()


def test_dashboard_leads_to_keycloak_and_back(world: World) -> None:
    page = world.page()
    address = f"{world.running.dashboards_url}/voila/render/grid_operators.ipynb"
    page.goto(address)
    world.type_login(page, "grid_operator")
    page.wait_for_url(address, timeout=PAGE_WITHIN_MS)
    # The kernel has redeemed its ticket: it greets the viewer by the identity server's name.
    expect(page.get_by_text("Grid_operator").first).to_be_visible(timeout=PAGE_WITHIN_MS)


def test_admin_page_leads_to_keycloak_and_back(world: World) -> None:
    page = world.logged_in("administrator", "/admin/users?search=oper")
    expect(page.get_by_role("link", name="grid_operator")).to_be_visible()
    expect(page.get_by_role("link", name="charge_point_operator")).to_be_visible()
    expect(page.get_by_role("link", name="driver", exact=True)).to_have_count(0)


def test_login_never_leads_to_a_stranger(world: World) -> None:
    page = world.page()
    world.open(page, "/login?next=https%3A%2F%2Fevil.example%2F")
    world.type_login(page, "driver")
    page.wait_for_url(f"{world.running.api_url}/")


def test_wrong_password_gives_no_session(world: World) -> None:
    page = world.page()
    world.open(page)
    world.type_login(page, "driver", "wrong password")
    expect(page.get_by_text("Invalid username or password")).to_be_visible()
    assert page.url.startswith(world.keycloak.url)
    assert not world.is_in(page)


def test_wrong_role_is_told_so(world: World) -> None:
    page = world.logged_in("driver")
    assert world.open(page, "/admin/users") == httpx.codes.FORBIDDEN
    expect(page.get_by_text("It is for the role administrator")).to_be_visible()
    answer = page.goto(f"{world.running.dashboards_url}/voila/render/grid_operators.ipynb")
    assert answer.status == httpx.codes.FORBIDDEN


def test_user_without_roles_gets_none(world: World) -> None:
    page = world.logged_in(world.user("nobody"))
    expect(page.get_by_text("Your roles: none.")).to_be_visible()
    assert page.request.get(world.running.api_url + "/api/v1/stations").status == httpx.codes.FORBIDDEN


def test_session_is_refreshed_when_its_token_ends(world: World, short_life: None) -> None:
    page = world.logged_in("charge_point_operator")
    first = _checked_until(world)
    wait_until(lambda: world.is_in(page) and _checked_until(world) > first, within=30, what="the grant is refreshed")
    assert world.open(page) == httpx.codes.OK


def test_disabled_user_is_out_within_the_tokens_life(world: World, short_life: None) -> None:
    page = world.logged_in(world.user("dora", Role.DRIVER))
    world.keycloak.ask("PUT", f"/users/{world.ids['dora']}", json={"username": "dora", "enabled": False})
    wait_until(lambda: not world.is_in(page), within=30, what="the session of a disabled user ends")
    world.open(page)
    world.type_login(page, "dora")
    expect(page.get_by_text("Account is disabled")).to_be_visible()


def test_lost_role_ends_the_session_within_the_tokens_life(world: World, short_life: None) -> None:
    page = world.logged_in(world.user("greta", Role.GRID_OPERATOR))
    world.keycloak.take_roles(world.ids["greta"], Role.GRID_OPERATOR)
    wait_until(lambda: not world.is_in(page), within=30, what="the session with the old roles ends")
    # Keycloak knows the person still: the way back in asks for nothing.
    world.open(page)
    expect(page.get_by_text("Your roles: none.")).to_be_visible()


def test_restriction_asks_keycloak_at_once(world: World) -> None:
    page = world.logged_in(world.user("gustav", Role.GRID_OPERATOR))
    session = page.request.get(world.running.api_url + "/api/v1/auth/session").json()
    headers = {"X-CSRF-Token": session["csrf_token"]}
    restrictions = world.running.api_url + "/api/v1/restrictions"
    before = page.request.post(restrictions, data=RESTRICTION, headers=headers)
    assert before.status in (httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY), before.text()
    world.keycloak.ask("PUT", f"/users/{world.ids['gustav']}", json={"username": "gustav", "enabled": False})
    assert world.is_in(page), "for reading, the last answer counts while its token lives"
    assert page.request.post(restrictions, data=RESTRICTION, headers=headers).status == httpx.codes.UNAUTHORIZED
    assert not world.is_in(page)


def test_key_rotation_disturbs_nobody(world: World) -> None:
    page = world.logged_in("driver")
    with world.machine() as machine:
        machine.me()
        world.keycloak.rotate_keys()
        assert world.is_in(page)
    world.logged_in("charge_point_operator")
    with world.machine() as machine:
        wait_until(lambda: _answers(machine), within=30, what="tokens of the new key count")


def test_logout_ends_the_login_at_keycloak_too(world: World) -> None:
    page = world.logged_in("driver")
    world.open(page, "/logout")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    page.get_by_role("link", name="Log in again").click()
    expect(page.locator("#password")).to_be_visible()
    assert not world.is_in(page)


def test_logout_at_keycloak_ends_the_session_here(world: World) -> None:
    page = world.logged_in(world.user("berta", Role.DRIVER))
    world.keycloak.ask("POST", f"/users/{world.ids['berta']}/logout")
    wait_until(lambda: not world.is_in(page), within=30, what="Keycloak's word ends the session")


def test_backchannel_logout_takes_nobody_elses_word(world: World) -> None:
    answer = httpx.post(
        f"{world.running.api_url}/api/v1/auth/backchannel-logout", data={"logout_token": "eyJhbGciOiJub25lIn0.e30."}
    )
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_login_begun_in_another_browser_is_refused(world: World) -> None:
    with httpx.Client(follow_redirects=True, trust_env=False) as attacker:
        form = attacker.get(f"{world.running.api_url}/login").text
        action = html.unescape(re.search(r'action="([^"]+)"', form)[1])
        body = {"username": "driver", "password": world.passwords["driver"]}
        # By hand: they are for https, and only browsers take this machine's own address for as good.
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in attacker.cookies.jar)
        answer = attacker.post(action, data=body, headers={"Cookie": cookies}, follow_redirects=False)
        callback = answer.headers["Location"]
    victim = world.page()
    assert victim.goto(callback).status == httpx.codes.UNAUTHORIZED
    expect(victim.get_by_role("heading", name="That login did not work")).to_be_visible()
    assert not world.is_in(victim)


def test_service_account_works_with_tokens_of_keycloak(world: World) -> None:
    with world.machine() as machine:
        me = machine.me()
        world.secrets.add(machine.access_token())
        assert (me.username, me.roles) == ("service-account-twinev-jobs", ("charge_point_operator",))
        assert list(machine.stations()) == []


def test_token_for_somebody_else_is_refused(world: World) -> None:
    answer = httpx.post(
        f"{world.keycloak.issuer}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials"},
        auth=("twinev-users", SECRETS["TWINEV_OIDC_USERS_CLIENT_SECRET"]),
    )
    with Client(world.running.api_url, token=answer.json()["access_token"]) as client, pytest.raises(NotAuthenticated):
        client.me()


def test_password_is_not_taken_by_the_api(world: World) -> None:
    with (
        Client(world.running.api_url, username="driver", password=world.passwords["driver"]) as client,
        pytest.raises(Forbidden, match="client_secret"),
    ):
        client.me()


def test_notebook_logs_in_with_a_ticket_of_the_page(world: World) -> None:
    page = world.logged_in("charge_point_operator", "/ticket")
    page.get_by_role("button", name="Get a ticket").click()
    ticket = re.search(r'ticket="([^"]+)"', page.locator("pre").inner_text())[1]
    with Client(world.running.api_url, ticket=ticket) as notebook:
        notebook.stay_logged_in()
        assert notebook.me().username == "charge_point_operator"
        world.secrets.add(notebook.access_token())
    with Client(world.running.api_url, ticket=ticket) as second, pytest.raises(NotAuthenticated, match="already used"):
        second.me()


def test_keycloak_away_open_sessions_go_on_and_new_logins_get_a_page(world: World) -> None:
    page = world.logged_in("driver")
    newcomer = world.page()
    world.keycloak.pause()
    try:
        assert world.open(page) == httpx.codes.OK
        expect(page.get_by_role("heading", name="Hello, Driver")).to_be_visible()
        # Who was sent there a moment after it had answered would wait for it.
        login = world.running.api_url + "/login"
        wait_until(
            lambda: newcomer.request.get(login, max_redirects=0).status == httpx.codes.SERVICE_UNAVAILABLE,
            within=30,
            what="that Keycloak is away is noticed",
        )
        assert world.open(newcomer, "/ticket") == httpx.codes.SERVICE_UNAVAILABLE
        expect(newcomer.get_by_role("heading", name="Logging in is not possible right now")).to_be_visible()
    finally:
        world.keycloak.go_on()
    wait_until(lambda: _came_back(newcomer), within=30, what="the link Try again leads to Keycloak's form")
    world.type_login(newcomer, "driver")
    newcomer.wait_for_url(f"{world.running.api_url}/ticket")


def test_keycloak_away_for_longer_than_a_token_lives(world: World, short_life: None) -> None:
    page = world.logged_in("charge_point_operator")
    me = world.running.api_url + "/api/v1/auth/me"
    world.keycloak.pause()
    try:
        wait_until(
            lambda: page.request.get(me).status == httpx.codes.SERVICE_UNAVAILABLE,
            within=30,
            what="the session waits for Keycloak",
        )
    finally:
        world.keycloak.go_on()
    wait_until(lambda: world.is_in(page), within=30, what="the session goes on")


def test_administrator_creates_a_user_who_chooses_a_password(world: World) -> None:
    page = world.logged_in("administrator", "/admin/users")
    page.get_by_label("Username").fill("vera")
    page.get_by_label("Name", exact=True).fill("Vera van Dijk")
    page.get_by_label("grid operator").check()
    page.get_by_role("button", name="Create").click()
    given = page.locator("code").inner_text()
    world.secrets |= {given, "Vera-chose-this-1"}

    newcomer = world.page()
    world.open(newcomer)
    world.type_login(newcomer, "vera", given)
    newcomer.locator("#password-new").fill("Vera-chose-this-1")
    newcomer.locator("#password-confirm").fill("Vera-chose-this-1")
    newcomer.locator("[type=submit]").click()
    expect(newcomer.get_by_role("heading", name="Hello, Vera van Dijk")).to_be_visible()
    expect(newcomer.get_by_text("Your roles: grid operator.")).to_be_visible()

    page.get_by_label("driver").check()
    page.get_by_label("grid operator").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert not world.is_in(newcomer), "other roles end the session at once"

    world.open(newcomer)
    world.type_login(newcomer, "vera", "Vera-chose-this-1")
    expect(newcomer.get_by_text("Your roles: driver.")).to_be_visible()
    page.get_by_role("button", name="Reset the password").click()
    expect(page.get_by_text("The password was reset.")).to_be_visible()
    world.secrets.add(page.locator("code").inner_text())
    assert not world.is_in(newcomer), "a new password ends the session at once"
    world.open(newcomer)
    world.type_login(newcomer, "vera", page.locator("code").inner_text())
    expect(newcomer.locator("#password-new")).to_be_visible()

    page.get_by_label("disabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("disabled")).to_be_checked()


def test_administrator_keeps_the_own_role(world: World) -> None:
    page = world.logged_in("administrator", f"/admin/users/{world.ids['administrator']}")
    page.get_by_label("administrator").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("administrator from themselves")
    expect(page.get_by_label("administrator")).to_be_checked()


def test_admin_form_of_a_stranger_is_refused(world: World) -> None:
    page = world.logged_in("administrator")
    answer = page.request.post(
        f"{world.running.api_url}/admin/users", form={"username": "mallory", "role": "administrator"}
    )
    assert answer.status == httpx.codes.FORBIDDEN
    assert world.keycloak.ask("GET", "/users", params={"username": "mallory"}).json() == []


def test_no_secret_is_in_a_log_or_an_address(world: World) -> None:
    logs = {path: path.read_text(errors="replace") for path in _logs(world.running.data_dir)}
    assert any("logged in at the identity server" in text for text in logs.values())
    told = [
        (path.name, secret[:6]) for path, text in logs.items() for secret in world.secrets if secret and secret in text
    ]
    assert told == []
    assert [path.name for path, text in logs.items() if re.search(r"eyJ[\w-]{10,}\.[\w-]+\.", text)] == []
    shown = [address for address in world.addresses if any(secret in address for secret in world.secrets)]
    assert shown == []


def _logs(data_dir: Path) -> list[Path]:
    return [*data_dir.glob("logs/*"), data_dir / "up.out"]


def _checked_until(world: World) -> str:
    with world.running.rows() as rows:
        newest = "SELECT id FROM login_sessions ORDER BY created_at DESC LIMIT 1"
        return rows.execute(f"SELECT checked_until FROM login_grants WHERE session_id = ({newest})").fetchone()[0]


def _answers(client: Client) -> bool:
    try:
        return bool(client.me())
    except NotAuthenticated:
        return False


def _came_back(page: Page) -> bool:
    retry = page.get_by_role("link", name="Try again")
    if retry.count():
        retry.click()
    return page.locator("#kc-login").count() == 1
