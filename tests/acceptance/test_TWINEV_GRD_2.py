"""TWINEV_GRD_2: the history of restrictions, how they were kept, and who may order them.

Module under test: congestion management and user management.
Elements validated: user management page, states of restrictions, history, its page, filters, CSV.
Features: every restriction is kept with person and date and with how well it was enforced; administrators manage users.
Preconditions: EVs charge at two stations; one of the stations can be taken away from the platform.
Previous steps: TWINEV_GRD_1, a restriction.
Dependencies: the API, the gateway, the planner, the database, NATS; simulated stations over OCPP 1.6 and 2.0.1.
Steps:
    1. As an administrator, on the users' page: make a second grid operator.
    2. Cut one station off, and order three limits: on both stations, on the one cut off, on the other.
    3. Change one, revoke another.
    4. Read the history, on the grid operators' page too; filter by person and state; export it as CSV.
    5. As the administrator: disable the second grid operator.
Postconditions: the restrictions are in the history for good; the second operator can no longer log in.
Acceptance criteria:
    - The limits show as partly, not enforced and enforced, with the reason at the station that does not follow.
    - Each act is kept with who did it and when; a limit that is tightened is kept anew, by the meter.
    - A filter shows what it names and nothing else; the CSV holds the same.
    - Only an administrator manages users; whoever is disabled is out at once.
Suspension criteria: the stations are not connected, or their EVs do not charge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of

from twinev.client import Client
from twinev.errors import NotAuthenticated
from twinev.wire.rest.restrictions import RestrictionOut

CUT_OFF, FOLLOWING = "RTM-04", "RTM-05"
CARDS = {CUT_OFF: "DEMO-CARD-05", FOLLOWING: "DEMO-CARD-06"}
# A meter reads in steps, and an EV follows within a percent or two.
METER_KW = 0.1
NAME, CHOSEN = "second_grid_operator", "chosen by the second one"


@pytest.fixture
def charging(running_cases: RunningSystem) -> Iterator[Client]:
    """The operator of both stations, where EVs charge; one station is cut off within the test."""
    with client_of(running_cases, "charge_point_operator") as operator:
        for station, card in CARDS.items():
            wait_until(
                lambda station=station: operator.station(station).evses[0].status == "Occupied",
                within=60,
                what=f"an EV has come to {station}",
            )
            assert operator.start_session(station, id_token=card).outcome == "accepted"
        for station in CARDS:
            wait_until(
                lambda station=station: operator.station(station).power_kw > 3,
                within=60,
                what=f"the EV at {station} charges",
            )
        yield operator
        operator.unblock_station(CUT_OFF)
        wait_until(lambda: operator.station(CUT_OFF).online, within=60, what="the station is back")
        for session in (one for station in CARDS for one in operator.sessions(station_id=station, active=True)):
            operator.stop_session(session.id)


def test_history_tells_who_ordered_what_and_how_it_was_kept(
    running_cases: RunningSystem, charging: Client, page: Page
) -> None:
    _make_grid_operator(running_cases, page)
    with ExitStack() as stack:
        first = stack.enter_context(client_of(running_cases, "grid_operator"))
        second = stack.enter_context(Client(running_cases.api_url, username=NAME, password=CHOSEN))
        charging.block_station(CUT_OFF, reason="repaired by hand")
        wait_until(lambda: not charging.station(CUT_OFF).online, within=30, what="the station is cut off")
        began = first.health().now
        window = {"start": began, "end": began + timedelta(hours=8)}
        ordered = {
            "partly": second.restrict(CARDS, 18.0, **window).id,
            "not_enforced": first.restrict([CUT_OFF], 2.0, **window).id,
            "enforced": second.restrict([FOLLOWING], 6.0, **window).id,
        }
        _require_states(first, ordered)
        _require_history(first, second, ordered, began)
        _require_filters(running_cases, first, ordered)
        _require_page(running_cases, page)
        _require_disabled(running_cases, page, second)


def _make_grid_operator(running: RunningSystem, page: Page) -> None:
    """On the page; the newcomer then chooses a password."""
    account = running.account("administrator")
    page.goto(f"{running.api_url}/admin/users")
    page.get_by_label("Username").fill(account["username"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("grid operator").check()
    page.get_by_role("button", name="Create").click()
    given = page.locator("code").inner_text()

    newcomer = page.context.browser.new_context().new_page()
    newcomer.goto(f"{running.api_url}/ticket")
    newcomer.get_by_label("Username").fill(NAME)
    newcomer.get_by_label("Password").fill(given)
    newcomer.get_by_role("button", name="Log in").click()
    newcomer.get_by_label("Present password").fill(given)
    newcomer.get_by_label("New password (at least 12 characters)").fill(CHOSEN)
    newcomer.get_by_label("New password again").fill(CHOSEN)
    newcomer.get_by_role("button", name="Change and log in").click()
    expect(newcomer.get_by_role("heading", name="Log a notebook in")).to_be_visible()
    newcomer.context.close()
    for role in ("driver", "grid_operator", "charge_point_operator"):
        assert running.client(role).get("/users").status_code == httpx.codes.FORBIDDEN


def _require_states(grid: Client, ordered: dict[str, str]) -> None:
    def states() -> dict[str, str]:
        return {grid.restriction(one).state: one for one in ordered.values()}

    wait_until(lambda: states() == ordered, within=60, what=f"the restrictions show as {list(ordered)}", every=0.5)
    (cut_off,) = grid.restriction(ordered["not_enforced"]).stations
    assert (cut_off.state, "offline" in cut_off.reason) == ("not_enforced", True)
    both = {one.station_id: one.state for one in grid.restriction(ordered["partly"]).stations}
    assert both == {CUT_OFF: "not_enforced", FOLLOWING: "enforced"}


def _require_history(first: Client, second: Client, ordered: dict[str, str], began: datetime) -> None:
    changed = first.change_restriction(first.restriction(ordered["enforced"]), limit_kw=5.0)
    assert changed.limit_kw == 5
    wait_until(lambda: _kept(first.restriction(changed.id)), within=60, what="the tighter limit is kept, by the meter")
    second.revoke_restriction(ordered["partly"])
    username = first.me().username
    acts = {
        state: [(act.act, act.by) for act in first.restriction_history(one)]
        for state, one in ordered.items()
    }  # fmt: skip
    assert acts == {
        "partly": [("ordered", NAME), ("revoked", NAME)],
        "not_enforced": [("ordered", username)],
        "enforced": [("ordered", NAME), ("changed", username)],
    }
    dates = [act.at for act in first.restriction_history(ordered["enforced"])]
    assert began <= dates[0] < dates[1] <= first.health().now


def _kept(restriction: RestrictionOut) -> bool:
    highest_kw = restriction.highest_kw
    return restriction.state == "enforced" and highest_kw is not None and highest_kw <= restriction.limit_kw + METER_KW


def _require_filters(running: RunningSystem, grid: Client, ordered: dict[str, str]) -> None:
    seconds = {one.id for one in grid.restrictions(created_by=NAME)}
    assert seconds == {ordered["partly"], ordered["enforced"]}
    assert [one.id for one in grid.restrictions(created_by=NAME, state="revoked")] == [ordered["partly"]]
    assert ordered["not_enforced"] in {one.id for one in grid.restrictions(state="open")}
    assert grid.restrictions(created_by=NAME, until=grid.restriction(ordered["enforced"]).start) == []

    export = running.client("grid_operator").get("/restrictions/export", params={"created_by": NAME})
    rows = list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"))))
    assert {row["id"] for row in rows} == seconds
    assert {row["created_by"] for row in rows} == {NAME}
    assert {row["state"] for row in rows} == {"revoked", "enforced"}


def _require_page(running: RunningSystem, page: Page) -> None:
    """The administrator is logged in already."""
    page.goto(f"{running.dashboards_url}/voila/render/grid_operators.ipynb")
    page.get_by_role("tab", name="Historical").click(timeout=60_000)
    rows = page.locator(".tv-history-row")
    expect(rows.filter(has_text=f"by {NAME}")).to_have_count(2, timeout=20_000)
    for state in ("revoked", "not enforced"):
        expect(rows.locator(".tv-state").filter(has_text=state).first).to_be_visible()


def _require_disabled(running: RunningSystem, page: Page, second: Client) -> None:
    page.goto(f"{running.api_url}/admin/users/{second.me().id}")
    page.get_by_label("disabled").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with pytest.raises(NotAuthenticated):
        second.restrictions()
