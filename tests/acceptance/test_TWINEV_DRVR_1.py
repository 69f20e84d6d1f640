"""TWINEV_DRVR_1: login, and the map without an account.

Module under test: the drivers' application: login, session and recommended charge points.
Elements validated: the login page, the way back to where the person was, logout; recommendations and availability.
Features: a stranger sees the free charge points that suit, in colours from red to light green; an account adds figures.
Preconditions: two sites with twelve stations are connected; at some of them an EV is plugged in.
Previous steps: none.
Dependencies: the API, the gateway, the database, NATS; simulated stations over OCPP 1.6 and 2.0.1.
Steps:
    1. Without an account, ask what is free around a place, for a connector and a distance.
    2. Ask the same with a login, and with one that is wrong.
    3. Open a page that needs a login; give a wrong password, then the right one.
    4. Log out, and open the page again.
Postconditions: nobody is logged in; nothing of where anybody was looking is kept.
Acceptance criteria:
    - Listed is what is free, fits the connector and is within the distance by road, the best first; nothing else.
    - A stranger gets no price, energy or score; with a login each score is the weighted sum of its parts.
    - No page that needs a login shows anything before it; the login leads back to that page; a logout ends the session.
Suspension criteria: the API does not answer, or no station is connected.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of

from twinev.client import Client
from twinev.domain.recommendation import Grade
from twinev.errors import NotAuthenticated, TooManyTries
from twinev.wire.rest.recommendations import RecommendationsOut

UTRECHT = (52.0851, 5.10545)
# Where no EV waits.
FREE = {"UTR-05", "RTM-02", "RTM-06"}
WORST_FIRST = ["poor", "fair", "good", "very good", "best"]


def asked(client: Client, **wish: object) -> RecommendationsOut:
    """Ask as a stranger may: at a person's pace."""
    found: list[RecommendationsOut] = []

    def ask() -> bool:
        try:
            found.append(client.recommend(*UTRECHT, **wish))
        except TooManyTries:
            return False
        return True

    wait_until(ask, within=20, what="recommendations are answered", every=0.5)
    return found[0]


def free(anybody: Client) -> set[str]:
    return {one.station_id for one in anybody.availability(available=True)}


def test_stranger_finds_what_is_free_and_suits_in_colours(running_cases: RunningSystem) -> None:
    with Client(running_cases.api_url) as stranger:
        wait_until(lambda: free(stranger) == FREE, within=60, what=f"EVs are plugged in everywhere but at {FREE}")
        near = asked(stranger, max_distance_km=3)
        far = asked(stranger, max_distance_km=200)
        foreign = asked(stranger, max_distance_km=200, connector_type="cCCS2")

        assert [one.station_id for one in near.items] == ["UTR-05"]
        assert {one.station_id for one in far.items} == FREE
        assert foreign.items == ()
        assert all(one.detail is None for one in far.items)
        grades = [WORST_FIRST.index(one.grade) for one in far.items]
        assert grades == sorted(grades, reverse=True)
        assert [str(grade) for grade in Grade] == WORST_FIRST
        with pytest.raises(NotAuthenticated):
            stranger.vehicles()


def test_login_adds_the_figures_behind_each_score(running_cases: RunningSystem) -> None:
    with client_of(running_cases, "driver") as driver:
        found = driver.recommend(*UTRECHT, max_distance_km=200)
        scores = [one.detail.score for one in found.items]
        assert scores == sorted(scores, reverse=True)
        weights = found.weights.model_dump()
        for one in found.items:
            parts = one.detail.parts.model_dump()
            assert one.detail.score == pytest.approx(sum(weights[name] * parts[name] for name in weights))
            assert one.detail.price_eur_per_kwh is not None
    with Client(running_cases.api_url, token="nobody's") as wrong, pytest.raises(NotAuthenticated):
        wrong.recommend(*UTRECHT)


def test_login_leads_back_and_logout_ends_it(running_cases: RunningSystem, page: Page) -> None:
    account = running_cases.account("driver")
    page.goto(f"{running_cases.api_url}/ticket")
    for password, what_comes in ((f"not {account['password']}", "alert"), (account["password"], "heading")):
        page.get_by_label("Username").fill(account["username"])
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role(what_comes).first).to_be_visible()
        expected = "The username or the password is wrong." if what_comes == "alert" else "Log a notebook in"
        expect(page.get_by_role(what_comes).first).to_contain_text(expected)
    assert page.url == f"{running_cases.api_url}/ticket"

    page.goto(f"{running_cases.api_url}/logout")
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{running_cases.api_url}/ticket")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
