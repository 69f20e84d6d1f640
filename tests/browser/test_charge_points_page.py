"""The charge point managers' page in a real browser, served by the real processes, used as its user would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from axe import serious_violations
from dashboard_login import open_dashboard
from playwright.sync_api import Browser, Locator, Page, expect
from running_system import RunningSystem, system

SOON_MS = 15_000
PAGE_WITHIN_MS = 60_000
CHARGING = ("UTR-02", "UTR-04", "UTR-05")
AWAY = "RTM-06"
HOURS = 100_000
SCENARIO = {
    "arrivals": [
        {"station": station_id, "at_seconds": 0, "stay_minutes": 600, "energy_kwh": 40, "max_kw": 11}
        for station_id in CHARGING
    ],
    "faults": [{"station": AWAY, "at_seconds": 1, "kind": "offline", "seconds": HOURS}],
}
_TOO_WIDE = "of => { const box = document.querySelector(of); return box.scrollWidth - box.clientWidth; }"
TABS = ("Transactions", "Commands", "Locations")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """`twinev up` with three EVs that charge for hours, and a station that is away."""
    directory = tmp_path_factory.mktemp("system")
    scenario = directory / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    running_system = system(directory / "data", "--scenario", str(scenario))
    running_system.start()
    try:
        yield running_system
    finally:
        running_system.stop()


@pytest.fixture(scope="module")
def opened(running: RunningSystem, browser: Browser) -> Iterator[Page]:
    """The page, opened once as the demo manager: to open it takes longer than most of the tests.

    No request may leave this machine, and no script may fail.
    """
    strangers, errors = [], []

    def note(address: str) -> None:
        if not address.startswith((running.api_url, running.dashboards_url, "ws://127.0.0.1", "data:", "blob:")):
            strangers.append(address)

    page = browser.new_context().new_page()
    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_dashboard(page, running, "charge_points", "charge_point_operator")
    page.locator(".tv-operation").wait_for(timeout=PAGE_WITHIN_MS)
    yield page
    page.context.close()
    assert strangers == []
    assert errors == []


@pytest.fixture
def at(opened: Page) -> Callable[[str], Page]:
    """Goes to a tab as somebody finds it who begins: no dialog, nothing looked for, on a large screen in the light."""

    def go(tab: str) -> Page:
        opened.set_viewport_size({"width": 1440, "height": 900})
        opened.emulate_media(color_scheme="light")
        if dialog(opened).is_visible():
            opened.keyboard.press("Escape")
        opened.get_by_role("tab", name=tab).click()
        # From the end: the command that is chosen in the form says which fields come after it.
        for chosen in reversed(opened.locator(".tv-tools select:visible").all()):
            chosen.select_option(index=0)
        for typed in opened.locator(".tv-tools input:visible").all():
            typed.fill("")
        expect(rows(opened).first).to_be_visible(timeout=SOON_MS)
        return opened

    return go


def rows(page: Page) -> Locator:
    return page.locator("tr[data-row]:visible")


def row_of(page: Page, words: str) -> Locator:
    return rows(page).filter(has_text=words)


def labelled(page: Page, name: str) -> Locator:
    """The field of that name on the tab that is shown."""
    return page.get_by_label(name, exact=True).filter(visible=True)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def open_details(page: Page, words: str) -> Locator:
    row_of(page, words).first.get_by_role("button", name=re.compile("^Details of")).click()
    opened = dialog(page)
    opened.locator(".tv-facts").wait_for(timeout=SOON_MS)
    return opened


def send(page: Page, station_id: str, command: str) -> None:
    labelled(page, "Station").fill(station_id)
    labelled(page, "Command").select_option(command)
    page.get_by_role("button", name="Send", exact=True).click()


def energy_of(row: Locator) -> float:
    return float(row.locator("td").nth(3).locator("span").inner_text().removesuffix(" kWh"))


def test_head_tells_what_goes_on_and_what_needs_somebody(at) -> None:
    page = at("Transactions")

    expect(page).to_have_title(re.compile("TwinEV"))
    expect(page.locator(".tv-operation")).to_contain_text("3running now", timeout=SOON_MS)
    expect(page.locator(".tv-needed")).to_have_text("1 / 12stations offline", timeout=SOON_MS)
    expect(page.locator(".tv-person")).to_contain_text("Logged in as")


def test_running_transactions_go_on_by_themselves(at) -> None:
    page = at("Transactions")
    expect(rows(page)).to_have_count(3, timeout=SOON_MS)
    row = row_of(page, CHARGING[0])
    before = row.locator("td").nth(3).inner_text()

    expect(row.locator("td").nth(3)).not_to_have_text(before, timeout=PAGE_WITHIN_MS)
    expect(row.locator("td").last).to_contain_text("Details")


def test_transactions_are_searched(at) -> None:
    page = at("Transactions")
    expect(rows(page)).to_have_count(3, timeout=SOON_MS)

    labelled(page, "Find").fill("utr-04")
    expect(rows(page)).to_have_count(1, timeout=SOON_MS)
    labelled(page, "Find").fill("nobody was here")
    expect(page.get_by_text("No transaction matches")).to_be_visible(timeout=SOON_MS)
    labelled(page, "Find").fill("")
    labelled(page, "State").select_option("running")
    expect(rows(page)).to_have_count(3, timeout=SOON_MS)
    labelled(page, "To").fill("2020-01-01")
    expect(rows(page)).to_have_count(0, timeout=SOON_MS)


def test_transaction_shows_plan_and_measured_power_and_its_cost(at) -> None:
    page = at("Transactions")

    details = open_details(page, CHARGING[1])

    expect(details).to_have_attribute("aria-label", re.compile("UTR-04, EVSE 1"))
    expect(details.locator(".tv-facts")).to_contain_text("still running")
    chart = details.get_by_role("img", name=re.compile("^Power from .* planned at most"))
    expect(chart).to_be_visible(timeout=SOON_MS)
    expect(chart.locator(".tv-line-before")).to_have_count(1)
    expect(details.get_by_role("img", name=re.compile("^Energy delivered"))).to_be_visible()
    expect(details.get_by_role("region", name="Slot by slot")).to_contain_text("Total with VAT")


def test_dialog_holds_the_focus_and_gives_it_back(at) -> None:
    page = at("Transactions")
    opener = row_of(page, CHARGING[1]).get_by_role("button")
    opener.focus()
    page.keyboard.press("Enter")
    opened = dialog(page)
    expect(opened).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".tv-tabs")).to_have_js_property("inert", True)

    page.keyboard.press("Escape")

    expect(opened).to_be_hidden()
    expect(page.locator(".tv-tabs")).to_have_js_property("inert", False)
    expect(opener).to_be_focused()


def test_transaction_is_stopped_once_it_is_meant(at, running) -> None:
    page = at("Transactions")
    details = open_details(page, CHARGING[2])

    details.get_by_role("button", name="Stop charging").click()
    expect(details.get_by_role("alert")).to_contain_text("Stop this transaction now?")
    details.get_by_role("button", name="Back", exact=True).click()
    details.get_by_role("button", name="Stop charging").click()
    details.get_by_role("button", name="Stop now").click()

    expect(details.get_by_role("status")).to_contain_text("The station answered: accepted", timeout=SOON_MS)
    expect(details.locator(".tv-facts")).to_contain_text("Ended because", timeout=PAGE_WITHIN_MS)
    details.get_by_role("button", name="Close").click()
    expect(row_of(page, CHARGING[2])).to_contain_text("ended", timeout=SOON_MS)


def test_command_is_sent_and_stays_on_record_with_who_and_from_where(at, running) -> None:
    page = at("Commands")

    send(page, "UTR-01", "Ask for a message")

    expect(page.get_by_role("status")).to_contain_text("UTR-01 answered TriggerMessage: accepted", timeout=SOON_MS)
    row = row_of(page, "TriggerMessage").first
    expect(row).to_contain_text("requested message StatusNotification", timeout=SOON_MS)
    expect(row).to_contain_text(running.account("charge_point_operator")["username"])
    expect(row).to_contain_text("with dashboard")
    expect(row.locator("td").nth(5)).to_have_text(re.compile(r"^\d+ ms$"))


def test_command_is_sent_again(at) -> None:
    page = at("Commands")
    send(page, "UTR-01", "Ask for a message")
    again = row_of(page, "TriggerMessage").first.get_by_role(
        "button", name=re.compile("^Send again: TriggerMessage to UTR-01")
    )
    again.click(timeout=SOON_MS)

    dialog(page).get_by_role("button", name="Send again").click()
    expect(dialog(page).get_by_role("status")).to_contain_text("answered TriggerMessage", timeout=SOON_MS)
    page.keyboard.press("Escape")

    expect(row_of(page, "sent again").first).to_contain_text("TriggerMessage", timeout=SOON_MS)


def test_restart_of_a_station_that_charges_is_asked_about_first(at) -> None:
    page = at("Commands")

    send(page, CHARGING[0], "Restart")

    expect(page.get_by_role("alert")).to_contain_text("An EV is charging there now.", timeout=SOON_MS)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("alert")).to_be_hidden()
    labelled(page, "Sent by").select_option("people and programs")
    expect(row_of(page, "planning")).to_have_count(0, timeout=SOON_MS)
    expect(row_of(page, "Reset")).to_have_count(0)


def test_station_that_is_away_cannot_be_told_anything(at) -> None:
    page = at("Commands")

    send(page, AWAY, "Clear the token cache")

    expect(page.get_by_role("alert")).to_contain_text(f"{AWAY} is offline", timeout=SOON_MS)


def test_long_list_of_commands_is_turned_page_by_page(at) -> None:
    page = at("Commands")
    expect(rows(page)).to_have_count(20, timeout=SOON_MS)
    expect(page.get_by_text("1–20")).to_be_visible()

    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text(re.compile("^21–"))).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Newer").click()
    expect(page.get_by_text("1–20")).to_be_visible(timeout=SOON_MS)


def test_stations_are_found_by_state_and_on_the_map(at) -> None:
    page = at("Locations")
    expect(rows(page)).to_have_count(12, timeout=SOON_MS)

    labelled(page, "State").select_option("offline")
    expect(rows(page)).to_have_count(1, timeout=SOON_MS)
    expect(rows(page)).to_contain_text(AWAY)
    labelled(page, "State").select_option("all")
    page.get_by_role("button", name="Car park Croeselaan, Utrecht").first.click()
    page.locator(".tv-pin", has_text="UTR-01").click()
    expect(rows(page)).to_have_count(1, timeout=SOON_MS)
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(12, timeout=SOON_MS)


def test_station_says_itself_what_it_will_apply(at) -> None:
    page = at("Locations")
    details = open_details(page, CHARGING[0])
    expect(details).to_contain_text(re.compile(r"EVSE 1: \d+\.\d kW now"))
    expect(details.get_by_role("region", name="Charging profiles at the station")).to_contain_text(
        "plan of the transaction"
    )

    details.get_by_role("button", name="Ask for its schedule").click()

    expect(details.get_by_role("status")).to_contain_text(re.compile(r"It answered in [\d,]+ ms"), timeout=SOON_MS)
    expect(details.locator(".tv-charts")).to_contain_text("what the station says", timeout=SOON_MS)


def test_station_is_edited_and_an_edit_of_somebody_else_is_not_lost(at, running) -> None:
    page = at("Locations")
    details = open_details(page, "UTR-06")
    details.get_by_role("button", name="Edit").click()
    client = running.client("charge_point_operator")
    version = client.get("/stations/UTR-06").headers["ETag"]
    client.patch("/stations/UTR-06", json={"name": "Theirs"}, headers={"If-Match": version}).raise_for_status()

    details.get_by_label("Name").fill("Bay <b>1</b>")
    details.get_by_role("button", name="Save").click()
    expect(details.get_by_role("alert")).to_contain_text("Somebody else has changed UTR-06", timeout=SOON_MS)
    expect(details.get_by_label("Name")).to_have_value("Theirs")
    details.get_by_label("Name").fill("Bay <b>1</b>")
    details.get_by_role("button", name="Save").click()

    expect(details).to_contain_text("Saved.", timeout=SOON_MS)
    page.keyboard.press("Escape")
    expect(row_of(page, "UTR-06")).to_contain_text("Bay <b>1</b>", timeout=SOON_MS)


def test_station_is_blocked_for_a_reason_and_let_in_again(at) -> None:
    page = at("Locations")
    details = open_details(page, "RTM-01")
    details.get_by_role("button", name="Block", exact=True).click()
    details.get_by_label("Reason").fill("cable cut")
    details.get_by_role("button", name="Block", exact=True).click()
    expect(details.locator(".tv-facts")).to_contain_text("cable cut", timeout=SOON_MS)

    details.get_by_role("button", name="Unblock").click()

    expect(details.locator(".tv-facts")).not_to_contain_text("cable cut", timeout=SOON_MS)


def test_station_leads_to_a_command_to_it(at) -> None:
    page = at("Locations")
    open_details(page, "UTR-01").get_by_role("button", name="Send a command").click()

    expect(page.get_by_role("tab", name="Commands")).to_have_attribute("aria-selected", "true", timeout=SOON_MS)
    expect(labelled(page, "Station")).to_have_value("UTR-01")


def violations(page: Page) -> dict[str, list[str]]:
    """What axe finds on each tab and in its dialog."""
    found = {}
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(rows(page).first).to_be_visible(timeout=SOON_MS)
        found[tab] = serious_violations(page)
        details = open_details(page, re.compile("UTR-0"))
        found[f"{tab}, details"] = serious_violations(page)
        details.get_by_role("button", name="Close").click()
        expect(details).to_be_hidden()
    return {where: what for where, what in found.items() if what}


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(at, color_scheme: str) -> None:
    page = at("Transactions")
    page.emulate_media(color_scheme=color_scheme)

    assert violations(page) == {}


def test_narrow_screen_needs_no_scrolling_sideways(at) -> None:
    page = at("Transactions")
    page.set_viewport_size({"width": 390, "height": 844})
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(rows(page).first).to_be_visible(timeout=SOON_MS)
        assert page.evaluate(_TOO_WIDE, "html") <= 0, tab
        details = open_details(page, re.compile("UTR-0"))
        assert page.evaluate(_TOO_WIDE, ".tv-dialog") <= 0, f"{tab}, details"
        details.get_by_role("button", name="Close").click()
