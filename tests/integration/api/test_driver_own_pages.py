"""The drivers' pages of what is their own: who gets which, and what they show in each state."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from charged_sessions import START, Station

from twinev.api.login_desk import LoginMethods
from twinev.api.routers.driver.history import A_PAGE
from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.session import ChargingSession
from twinev.domain.users import AuthorizationStatus, Role, User
from twinev.services.agree_contract import publish_terms
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_session import settle_session

PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
DRIVER, OPERATOR = "driver", "charge_point_operator"
NOW = datetime.now(UTC)
BOSS = User(id="o", username="boss", roles=frozenset({Role.CHARGE_POINT_OPERATOR}))


@pytest.fixture(scope="module", autouse=True)
def station(wired):
    """A private station of the driver's, free."""
    with wired.parts.database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Home", location=PLACE, supply_max_kw=50))
        evse = Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE)
        work.stations.save(ChargingStation(id="H", site_id="s", name="Carport", location=PLACE, evses=(evse,)))
        work.stations.save_evse("H", evse)
        work.stations.set_online("H", True, NOW, "socket")
        work.station_access.allow("H", user_id(wired, DRIVER))
        work.commit()


def user_id(wired, username: str) -> str:
    return next(known.user.id for known in wired.app.state.identity.users.list() if known.user.username == username)


def page(wired, path: str, *, username: str = DRIVER):
    return wired.browse_as(username, "GET", path)


def keep(wired, *sessions: ChargingSession) -> None:
    with wired.parts.database.unit_of_work() as work:
        for session in sessions:
            work.sessions.save(session)
        work.commit()


def session(wired, number: int, *, username: str = DRIVER, over: bool = True) -> ChargingSession:
    began = NOW - timedelta(hours=number + 1)
    return ChargingSession(
        id=f"{username}-{number}", site_id="s", station_id="H", evse_id=1, ocpp_transaction_id=f"{username}{number}",
        id_token="card", user_id=user_id(wired, username), started_at=began,
        ended_at=began + timedelta(minutes=30) if over else None, energy_kwh=number + 0.5,
    )  # fmt: skip


def test_private_station_is_where_its_user_starts(wired):
    own = page(wired, "/app/sessions")
    form = page(wired, "/app/sessions/start?station_id=H&evse_id=1")

    assert "Carport" in own.text
    assert "station_id=H" in own.text
    assert 'data-ready="true"' in form.text
    assert "Carport" not in page(wired, "/app/sessions", username=OPERATOR).text
    hidden = page(wired, "/app/sessions/start?station_id=H&evse_id=1", username=OPERATOR)
    assert hidden.status_code == HTTPStatus.NOT_FOUND


def test_station_that_is_away_is_told_as_such(wired):
    def online(is_so: bool) -> None:
        with wired.parts.database.unit_of_work() as work:
            work.stations.set_online("H", is_so, NOW, "socket")
            work.commit()

    online(False)
    form = page(wired, "/app/sessions/start?station_id=H&evse_id=1")
    online(True)

    assert "The station is offline." in form.text
    assert 'data-ready="false"' in form.text


def test_history_shows_a_page_at_a_time_and_nobody_elses(wired):
    keep(wired, *(session(wired, number) for number in range(A_PAGE + 3)))
    keep(wired, session(wired, 1, username=OPERATOR))

    first = page(wired, "/app/history").text
    (earlier,) = {part.split('"')[0] for part in first.split('href="')[1:] if part.startswith("/app/history?before=")}
    second = page(wired, earlier).text

    assert first.count("/app/sessions/driver-") == A_PAGE
    assert second.count("/app/sessions/driver-") == 3
    assert "before=" not in second
    assert "22.5 kWh" in second
    assert OPERATOR not in first + second


def test_session_is_shown_to_its_driver_alone(wired):
    keep(wired, session(wired, 50), session(wired, 51, username=OPERATOR))

    assert page(wired, "/app/sessions/driver-50").status_code == HTTPStatus.OK
    for path, username in (
        ("/app/sessions/charge_point_operator-51", DRIVER),
        ("/app/sessions/driver-50", OPERATOR),
        ("/app/sessions/none", DRIVER),
    ):
        answer = page(wired, path, username=username)
        assert answer.status_code == HTTPStatus.NOT_FOUND, path
        assert "There is nothing here" in answer.text
        assert "Log in" not in answer.text


def test_only_session_is_shown_at_once(wired):
    keep(wired, session(wired, 60, over=False))
    running = page(wired, "/app/sessions")
    live = page(wired, running.headers["location"])
    keep(wired, session(wired, 60))

    assert running.status_code == HTTPStatus.SEE_OTHER
    assert running.headers["location"] == "/app/sessions/driver-60"
    assert "Stop charging" in live.text
    assert "This session is over." in page(wired, "/app/sessions/driver-60").text


def test_past_session_tells_its_cost_and_leads_to_its_receipt_once_it_is_settled(wired):
    database = wired.parts.database
    with database.unit_of_work() as work:
        work.tokens.save("doras", AuthorizationStatus.ACCEPTED, user_id(wired, DRIVER))
        work.commit()
    charged = Station(database=database, id="H").charge("bill", id_token="doras")
    before = page(wired, f"/app/sessions/{charged}").text
    with database.unit_of_work() as work:
        settle_session(charged, payments=InvoicePayments(), work=work, now=START + timedelta(hours=3))
        (record,) = work.charge_detail_records.of_session(charged)
        work.commit()
    after = page(wired, f"/app/sessions/{charged}").text

    assert "The receipt is being made." in before
    assert 'data-kinds="cdr.made"' in before
    assert f"/api/v1/cdrs/{record.id}/receipt" in after
    # No tariff rules here.
    assert "free" in after
    assert "6.0 kWh" in after


def test_contract_page_follows_what_was_agreed(wired):
    before = page(wired, "/app/profile/contract").text
    with wired.parts.database.unit_of_work() as work:
        publish_terms("charging", title="Terms", text="<b>Pay</b>", valid_from=None, user=BOSS, work=work, now=NOW)
        work.commit()
    asked = page(wired, "/app/profile/contract").text
    form = page(wired, "/app/sessions/start?station_id=H&evse_id=1").text
    for path, body in (("/api/v1/terms/charging/acceptances", {"version": 1}), ("/api/v1/contracts", {})):
        assert wired.ask_as(DRIVER, "POST", path, json=body).status_code == HTTPStatus.CREATED
    agreed = page(wired, "/app/profile/contract").text

    assert "asks for no contract" in before
    assert "to be accepted" in asked
    assert "&lt;b&gt;Pay&lt;/b&gt;" in asked
    assert 'data-allowed="false"' in form
    assert "Accept the terms and conditions before charging" in form
    assert "You accepted it" in agreed
    assert "Your contract is in force since" in agreed
    assert "End the contract" in agreed


def test_name_is_changed_by_its_owner_where_it_is_kept_here(wired):
    changed = wired.ask_as(DRIVER, "PATCH", "/api/v1/auth/me", json={"display_name": "  Dora Driver "})

    assert changed.json()["display_name"] == "Dora Driver"
    assert "Dora Driver" in page(wired, "/app/profile").text


def test_name_at_an_identity_server_is_changed_there(wired, monkeypatch):
    desk = wired.app.state.identity
    monkeypatch.setattr(desk, "methods", lambda: LoginMethods(issuer="https://id.example/realms/twinergy/"))
    account = page(wired, "/app/profile/account").text
    monkeypatch.setattr(desk, "elsewhere", object())
    refused = wired.ask_as(DRIVER, "PATCH", "/api/v1/auth/me", json={"display_name": "Dora"})

    assert 'href="https://id.example/realms/twinergy/account"' in account
    assert "Change the password" not in account
    assert refused.status_code == HTTPStatus.FORBIDDEN


def test_vehicles_of_others_are_not_there(wired):
    made = wired.ask_as(OPERATOR, "POST", "/api/v1/vehicles", json={"name": "Theirs", "battery_kwh": 40}).json()
    shared = {"name": "Shared", "battery_kwh": 40, "shared": True, "site_id": "s"}
    for_all = wired.ask_as(OPERATOR, "POST", "/api/v1/vehicles", json=shared).json()

    listed = page(wired, "/app/vehicles").text

    assert "Theirs" not in listed
    assert f"/app/vehicles/{for_all['id']}/reserve" in listed
    assert page(wired, f"/app/vehicles/{for_all['id']}/reserve").status_code == HTTPStatus.OK
    assert page(wired, f"/app/vehicles/{made['id']}").status_code == HTTPStatus.NOT_FOUND
    # A shared vehicle is changed by operators, elsewhere.
    assert page(wired, f"/app/vehicles/{for_all['id']}", username=OPERATOR).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["sessions/x/progress/events", "auth/me"])
def test_what_the_pages_ask_needs_a_login(wired, path):
    async def asked():
        async with wired.client() as client:
            return await client.get(f"/api/v1/{path}")

    assert asyncio.run(asked()).status_code == HTTPStatus.UNAUTHORIZED
