"""Charging with the drivers' app, as its user would: a session through all screens, vehicles, contract, profile."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe import serious_violations
from playwright.sync_api import Browser, Page, expect
from polling import wait_until
from running_system import RunningSystem, system

from twinev.client import Client

PHONE = {"width": 390, "height": 844}
SPEED = 20
#: At twenty times the speed, an hour and a half are four and a half minutes.
STAY = timedelta(hours=9)
STATION, OTHER_STATION, PRIVATE_STATION = "UTR-01", "UTR-02", "UTR-03"
# They stand at their EVSEs and start from their phones.
EVS = [
    {"station": station, "at_seconds": 60, "energy_kwh": 30, "stay_minutes": 900, "max_kw": 11, "battery_kwh": 60,
     "soc": 0.3, "id_token": None}
    for station in (STATION, OTHER_STATION)
]  # fmt: skip
TERMS = {"title": "Terms of charging", "text": "1. You charge.\n2. You pay."}
SOON_MS = 20_000
SESSION_MS = 60_000
PAGES = ("sessions", "history", "vehicles", "vehicles/new", "profile", "profile/account", "profile/preferences",
         "profile/contract")  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """`twinev up` with EVs that wait for their drivers' phones; drivers must accept terms."""
    directory = tmp_path_factory.mktemp("system")
    (directory / "evs.json").write_text(json.dumps({"arrivals": EVS}))
    running_system = system(directory / "data", "--speed", str(SPEED), "--scenario", str(directory / "evs.json"))
    running_system.start()
    try:
        operator = running_system.client("charge_point_operator")
        operator.post("/terms/charging/versions", json=TERMS).raise_for_status()
        for station in (STATION, OTHER_STATION):
            wait_until(lambda at=station: _occupied(operator, at), within=90, what=f"the EV stands at {station}")
        yield running_system
    finally:
        running_system.stop()


def _occupied(operator, station_id: str) -> bool:
    return operator.get(f"/stations/{station_id}").json()["evses"][0]["status"] == "Occupied"


@pytest.fixture
def new_driver(running: RunningSystem) -> Callable[..., Client]:
    """Makes a driver, who has agreed to the terms unless told otherwise; his client has his ``password``."""
    clients = []

    def made(username: str, *, agrees: bool = True) -> Client:
        password = secrets.token_urlsafe(16)
        body = {"username": username, "password": password, "roles": ["driver"]}
        running.client("administrator").post("/users", json=body).raise_for_status()
        client = Client(running.api_url, username=username, password=password)
        client.password = password
        clients.append(client)
        if agrees:
            client.accept_terms("charging", 1)
            client.sign_contract()
        return client

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def open_app(running: RunningSystem, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of the app as this driver on a phone; fails on requests to others and on errors of scripts."""
    contexts, wrong = [], []

    def opened(driver: Client, path: str, *, color_scheme: str = "light") -> Page:
        context = browser.new_context(viewport=PHONE, color_scheme=color_scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _note_stranger(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{running.api_url}/app/{path}")
        page.get_by_label("Username").fill(driver.me().username)
        page.get_by_label("Password").fill(driver.password)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(re.compile(f"/app/{re.escape(path)}"), timeout=SOON_MS)
        return page

    def _note_stranger(address: str) -> None:
        if not address.startswith((running.api_url, "data:")):
            wrong.append(address)

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def reserve(driver: Client, station_id: str) -> str:
    begins = driver.health().now
    return driver.reserve(start=begins, end=begins + STAY, station_id=station_id).id


def press(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        page.keyboard.press(key)


def figure(page: Page, profile: str, name: str):
    return page.locator(f'[data-profile="{profile}"][data-figure="{name}"] [data-value]')


def money(text: str) -> float:
    return float(text.removeprefix("€"))


def test_driver_charges_from_the_start_to_the_receipt(open_app, new_driver) -> None:
    driver = new_driver("dora")
    reserve(driver, STATION)
    page = open_app(driver, "sessions")

    page.get_by_role("link", name="Start charging").click()
    choose_by_keyboard(page)
    page.get_by_role("button", name="Start charging").press("Enter")

    follow_live(page, driver)
    stop_after_a_second_thought(page)
    expect(page.get_by_role("heading", name="Bay A1")).to_be_visible()
    page.get_by_role("link", name="Receipt", exact=True).click(timeout=SESSION_MS)
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Hour by hour")
    page.goto(page.url.split("/api/")[0] + "/app/history")
    expect(page.locator(".past")).to_have_count(1)
    expect(page.locator(".past")).to_contain_text("€")
    assert serious_violations(page) == []


def choose_by_keyboard(page: Page) -> None:
    """Target and profile without a mouse; every profile says what it would give."""
    expect(figure(page, "cheap", "cost")).to_have_text(re.compile(r"^€\d+\.\d\d$"), timeout=SESSION_MS)
    before = money(figure(page, "fast", "cost").inner_text())
    page.get_by_label("Charge to").focus()
    press(page, "ArrowLeft", 10)
    expect(page.locator("#target-said")).to_have_text("70 %")
    expect(page.locator("#needs")).to_have_text("24.0 kWh to charge")
    expect(figure(page, "fast", "cost")).not_to_have_text(f"€{before:.2f}", timeout=SESSION_MS)
    expect(figure(page, "fast", "cost")).to_have_text(re.compile("^€"), timeout=SESSION_MS)
    costs = {name: money(figure(page, name, "cost").inner_text()) for name in ("cheap", "fast", "green", "default")}
    assert costs["fast"] < before
    assert costs["cheap"] <= min(costs.values()) + 0.011
    parts = {name: int(figure(page, name, "renewable").inner_text().split()[0]) for name in costs}
    assert parts["green"] == max(parts.values())
    ready = {name: figure(page, name, "ready").inner_text() for name in costs}
    assert all(re.fullmatch(r"\d\d:\d\d", time) for time in ready.values()), ready
    page.get_by_role("radio", name="Balanced").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Fast")).to_be_checked()
    assert serious_violations(page) == []


def follow_live(page: Page, driver: Client) -> None:
    """The session shows by itself, goes on by itself, and survives a reload."""
    expect(page).to_have_url(re.compile(r"/app/sessions/[0-9a-f]{32}$"), timeout=SESSION_MS)
    expect(page.locator("#state")).to_have_text("Charging", timeout=SESSION_MS)
    expect(page.locator("#target")).to_have_text("Target 70 %")
    expect(page.locator("#planned")).to_have_text("planned 11.0 kW", timeout=SESSION_MS)
    expect(page.locator("#ready")).to_have_text(re.compile(r"^\d\d:\d\d$"), timeout=SESSION_MS)
    expect(page.locator("#chart path.planned")).to_have_count(1)
    shown = page.locator("#energy").inner_text()
    expect(page.locator("#energy")).not_to_have_text(shown, timeout=SESSION_MS)
    expect(page.locator("#cost")).to_have_text(re.compile(r"^€\d+\.\d\d$"))
    expect(page.locator("#chart path.measured")).to_have_count(1)
    expect(page.locator("#chart")).to_have_attribute("aria-label", re.compile("Measured so far .* kWh. Planned: "))
    (session,) = driver.sessions(active=True)
    assert session.profile == "fast"
    page.reload()
    expect(page.locator("#power")).to_have_text("11.0 kW", timeout=SOON_MS)
    assert serious_violations(page) == []


def stop_after_a_second_thought(page: Page) -> None:
    page.get_by_role("button", name="Stop charging").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Charge on")).to_be_focused()
    assert serious_violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#state")).to_have_text("Charging")
    page.get_by_role("button", name="Stop charging").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("This session is over.")).to_be_visible(timeout=SESSION_MS)
    expect(page.get_by_text("stopped from afar")).to_be_visible()


def test_driver_changes_the_plan_while_he_charges_and_hears_of_a_lost_network(
    running: RunningSystem, open_app, new_driver
) -> None:
    driver = new_driver("emil")
    reservation = reserve(driver, OTHER_STATION)
    driver.start_charging(reservation_id=reservation, battery_kwh=60, soc=0.3, target_soc=0.6, profile="default")
    page = open_app(driver, "sessions")
    expect(page).to_have_url(re.compile(r"/app/sessions/[0-9a-f]{32}$"), timeout=SESSION_MS)

    page.get_by_text("Change the plan").click()
    page.get_by_role("radio", name="Cheap").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The plan follows in a moment.")).to_be_visible(timeout=SOON_MS)
    assert [session.profile for session in driver.sessions(active=True)] == ["cheap"]
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_text("No network. What you see may be old.", timeout=SOON_MS)
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden(timeout=SOON_MS)

    running.kill("api")
    expect(page.locator("#connection")).to_have_text("Connection lost. Trying again…", timeout=SOON_MS)
    expect(page.locator("#connection")).to_be_hidden(timeout=SESSION_MS)
    expect(page.locator("#cost")).to_have_text(re.compile(r"^€\d+\.\d\d$"))

    stranger = open_app(new_driver("fay"), "history")
    stranger.goto(page.url)
    expect(stranger.get_by_role("heading", name="There is nothing here")).to_be_visible()
    (session,) = driver.sessions(active=True)
    log_out_elsewhere(page)
    expect(page.locator("#connection")).to_contain_text("Your login has ended.", timeout=SESSION_MS)
    expect(page.get_by_role("link", name="Log in again")).to_have_attribute(
        "href", re.compile("^/login.next=.*sessions")
    )
    driver.stop_session(session.id)


def log_out_elsewhere(page: Page) -> None:
    """In another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url.split("/app/")[0] + "/logout")
    tab.get_by_role("button", name="Log out").click()
    tab.wait_for_url("**/login*")
    tab.close()


def test_private_charge_point_waits_for_the_plug(running: RunningSystem, open_app, new_driver) -> None:
    driver = new_driver("gus")
    running.client("charge_point_operator").put(
        f"/stations/{PRIVATE_STATION}/access/{driver.me().id}"
    ).raise_for_status()
    page = open_app(driver, "sessions")

    page.get_by_role("link", name="Start charging").click()
    expect(figure(page, "green", "renewable")).to_have_text(re.compile(r"%$"), timeout=SESSION_MS)
    page.get_by_label("Charged now").focus()
    press(page, "End", 1)
    expect(page.locator("#needs")).to_have_text("The EV has as much already. Choose a higher target.")
    press(page, "Home", 1)
    page.get_by_role("button", name="Start charging").click()

    expect(page.get_by_role("heading", name="Waiting for the station")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_text("Plug in now")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Waiting for the station")).to_be_visible()
    assert serious_violations(page) == []


def test_driver_accepts_the_terms_and_signs_before_he_starts(open_app, new_driver) -> None:
    driver = new_driver("hal", agrees=False)
    reservation = reserve(driver, "UTR-05")
    page = open_app(driver, f"sessions/start?reservation_id={reservation}")

    expect(page.get_by_role("button", name="Start charging")).to_be_disabled()
    page.get_by_role("link", name="Contract and terms").click()
    expect(page.get_by_text("1. You charge.")).to_be_visible()
    assert serious_violations(page) == []
    page.get_by_role("button", name="Accept: Terms of charging").click()
    expect(page.get_by_text("You have accepted the terms.")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Sign a contract").click()
    expect(page.get_by_text("Your contract is in force.")).to_be_visible(timeout=SOON_MS)

    page.goto(page.url.split("/app/")[0] + f"/app/sessions/start?reservation_id={reservation}")
    expect(page.get_by_role("button", name="Start charging")).to_be_enabled()
    page.go_back()
    page.get_by_role("button", name="End the contract").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="End the contract").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("The contract has ended.")).to_be_visible(timeout=SOON_MS)


def test_driver_keeps_vehicles_and_borrows_a_shared_one(open_app, new_driver) -> None:
    driver = new_driver("ida")
    page = open_app(driver, "vehicles")

    page.get_by_role("link", name="Add a vehicle").click()
    page.get_by_label("Name").fill("Blue hatchback")
    page.get_by_label("Battery, kWh").fill("52")
    page.get_by_role("checkbox", name="Type 2 cable").uncheck()
    page.get_by_role("button", name="Add a vehicle").click()
    expect(page.get_by_role("alert")).to_have_text("Choose at least one connector.")
    page.get_by_role("checkbox", name="CCS").check()
    page.get_by_role("button", name="Add a vehicle").click()
    expect(page.get_by_text("The vehicle is added.")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("link", name="Blue hatchback").click()
    page.get_by_label("Name").fill("Old hatchback")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Old hatchback")).to_be_visible(timeout=SOON_MS)
    (mine,) = (vehicle for vehicle in driver.vehicles() if vehicle.mine)
    assert (mine.name, mine.battery_kwh, mine.connectors) == ("Old hatchback", 52, ("cCCS2",))

    borrow(page)
    page.get_by_role("link", name="Old hatchback").click()
    page.get_by_role("button", name="Remove this vehicle").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("The vehicle is removed.")).to_be_visible(timeout=SOON_MS)
    assert not [vehicle for vehicle in driver.vehicles() if vehicle.mine]


def borrow(page: Page) -> None:
    """Reserve, pick up, return; then reserve and give up."""
    reserve_shared(page)
    page.get_by_role("button", name="Pick up").click()
    expect(page.get_by_text("You have the vehicle.")).to_be_visible(timeout=SOON_MS)
    assert serious_violations(page) == []
    page.get_by_role("button", name="Return").click()
    page.get_by_role("button", name="It is back").click()
    expect(page.get_by_text("The vehicle is returned.")).to_be_visible(timeout=SOON_MS)
    reserve_shared(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Give it up").click()
    expect(page.get_by_text("The reservation is cancelled.")).to_be_visible(timeout=SOON_MS)


def reserve_shared(page: Page) -> None:
    page.get_by_role("link", name="Reserve: Shared hatchback, Car park Croeselaan").click()
    expect(page.get_by_label("From")).to_have_value(re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d[05]$"))
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("The vehicle is reserved for you.")).to_be_visible(timeout=SOON_MS)


def test_driver_sets_his_preferences_and_his_name(open_app, new_driver) -> None:
    driver = new_driver("jan")
    page = open_app(driver, "profile/preferences")

    page.get_by_role("radio", name="Green").check()
    page.get_by_label("Charge at least to").focus()
    press(page, "ArrowRight", 2)
    page.get_by_label("Farthest way").fill("12.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=SOON_MS)
    kept = driver.preferences()
    assert (kept.profile, kept.min_target_soc, kept.max_distance_km) == ("green", 0.9, 12.5)

    page.get_by_role("link", name="Name and password").click()
    page.get_by_label("Name").fill("Jan Jansen")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Jan Jansen")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("link", name="Name and password").click()
    page.get_by_role("link", name="Change the password").click()
    expect(page.get_by_label("Username")).to_have_value("jan")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_pages_have_no_serious_violation_and_fit_the_phone(open_app, new_driver, color_scheme) -> None:
    driver = new_driver(f"kim-{color_scheme}")
    driver.add_vehicle("A hatchback that has been given a name of quite some length by its owner", battery_kwh=60)
    page = open_app(driver, "profile", color_scheme=color_scheme)
    for path in PAGES:
        page.goto(page.url.split("/app/")[0] + f"/app/{path}")
        expect(page.locator("h1")).to_have_count(1)
        assert serious_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        unnamed = page.locator("input:not([type=hidden]):visible, select:visible").evaluate_all(
            "fields => fields.filter(field => !field.labels.length).map(field => field.name)"
        )
        assert unnamed == [], path


def test_first_tab_skips_to_the_content(open_app, new_driver) -> None:
    page = open_app(new_driver("lea"), "profile")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Past sessions and receipts")).to_be_focused()
