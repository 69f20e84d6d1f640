"""Who sees only what is theirs: every route with an id that drivers may call, tried with another driver's ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from charged_sessions import START, Station
from route_roles import lists_of
from wired_api import WiredApi

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.users import AuthorizationStatus, Role
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_sessions import SettleSessions

#: They see of these routes only what is their own; the charge point's operators see everybody's.
THEIR_OWN = {Role.DRIVER, Role.GRID_OPERATOR}
DRIVERS = {Role.DRIVER}
#: A vehicle that is not shared is its owner's business alone.
OWNERS = {Role.DRIVER, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR}
OWN = {
    "GET /api/v1/contracts": THEIR_OWN,
    "POST /api/v1/contracts": THEIR_OWN,
    "GET /api/v1/contracts/{contract_id}": THEIR_OWN,
    "PATCH /api/v1/contracts/{contract_id}": THEIR_OWN,
    "GET /api/v1/terms/acceptances": THEIR_OWN,
    "GET /api/v1/cdrs": THEIR_OWN,
    "GET /api/v1/cdrs/{cdr_id}": THEIR_OWN,
    "GET /api/v1/cdrs/{cdr_id}/payments": THEIR_OWN,
    "GET /api/v1/cdrs/{cdr_id}/receipt": THEIR_OWN,
    "GET /api/v1/sessions/{session_id}/cost": THEIR_OWN,
    "GET /api/v1/sessions": DRIVERS,
    "GET /api/v1/sessions/{session_id}": DRIVERS,
    "PATCH /api/v1/sessions/{session_id}": DRIVERS,
    "POST /api/v1/sessions/{session_id}/stop": DRIVERS,
    "GET /api/v1/sessions/{session_id}/meter-values": DRIVERS,
    "GET /api/v1/sessions/{session_id}/progress": DRIVERS,
    "GET /api/v1/sessions/{session_id}/course": DRIVERS,
    "GET /api/v1/sessions/{session_id}/progress/events": DRIVERS,
    "GET /api/v1/reservations": DRIVERS,
    "GET /api/v1/reservations/{reservation_id}": DRIVERS,
    "DELETE /api/v1/reservations/{reservation_id}": DRIVERS,
    "GET /api/v1/vehicles/{vehicle_id}": OWNERS,
    "PATCH /api/v1/vehicles/{vehicle_id}": OWNERS,
    "DELETE /api/v1/vehicles/{vehicle_id}": OWNERS,
    "GET /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}": DRIVERS,
    "DELETE /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}": DRIVERS,
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/pick-up": DRIVERS,
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/return": DRIVERS,
}
#: Their ids are of things that are everybody's.
EVERYBODYS = {
    "POST /api/v1/terms/{terms_id}/acceptances",
    "GET /api/v1/vehicles/{vehicle_id}/reservations",
    "POST /api/v1/vehicles/{vehicle_id}/reservations",
    "POST /app/stations/{station_id}/reserve",
    "GET /app/vehicles/{vehicle_id}/reserve",
}
SHARED = "/vehicles/{vehicle_id}/reservations/{reservation_id}"
_NOW = datetime.now(UTC)
WINDOW = {"start": (_NOW + timedelta(hours=1)).isoformat(), "end": (_NOW + timedelta(hours=2)).isoformat()}
BODIES = {
    "PATCH /api/v1/contracts/{contract_id}": {"status": "ended"},
    "PATCH /api/v1/sessions/{session_id}": {},
    "PATCH /api/v1/vehicles/{vehicle_id}": {},
}
#: Pages with the id of something of a driver's own.
OWN_PAGES = (
    "POST /app/reservations/{reservation_id}/cancel",
    "GET /app/sessions/{session_id}",
    "GET /app/vehicles/{vehicle_id}",
)
OWN_IDS = sorted(route for route in OWN if "{" in route)
OWN_LISTS = sorted(route for route in OWN if "{" not in route and route.startswith("GET"))
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
DORA, EMIL = "dora", "emil"


class AfterTheSession:
    """Stands two hours after the session began."""

    def now(self) -> datetime:
        return START + timedelta(hours=2)

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


@pytest.fixture(scope="module")
def doras(wired: WiredApi) -> dict[str, str]:
    """The ids of what is Dora's, by the name that they have in a path; Emil has nothing."""
    users = wired.app.state.identity.users
    for name in (DORA, EMIL):
        users.create(username=name, password="correct horse battery", roles=[Role.DRIVER])
    user_id = next(known.user.id for known in users.list() if known.user.username == DORA)
    session_id = _charge(wired, user_id)
    contract = wired.ask_as(DORA, "POST", "/api/v1/contracts", json={}).raise_for_status().json()
    terms = {"title": "Terms", "text": "Charge, pay, go."}
    wired.ask_as("charge_point_operator", "POST", "/api/v1/terms/t/versions", json=terms).raise_for_status()
    wired.ask_as(DORA, "POST", "/api/v1/terms/t/acceptances", json={"version": 1}).raise_for_status()
    return {
        "user_id": user_id,
        "session_id": session_id,
        "cdr_id": f"{session_id}-1",
        "contract_id": contract["id"],
    } | _reserve(wired)


def _reserve(wired: WiredApi) -> dict[str, str]:
    """Dora's car, and her reservations of a station and of a shared car, whose ids end in ``_shared``."""

    def made(name: str, path: str, body: dict) -> str:
        return wired.ask_as(name, "POST", f"/api/v1{path}", json=body).raise_for_status().json()["id"]

    with wired.parts.database.unit_of_work() as work:
        work.stations.set_online("A", True, _NOW, "socket")
        work.stations.save_evse("A", Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        work.commit()
    car = {"name": "Car", "battery_kwh": 60}
    shared = made("charge_point_operator", "/vehicles", car | {"shared": True, "site_id": "s"})
    return {
        "reservation_id": made(DORA, "/reservations", WINDOW | {"station_id": "A"}),
        "vehicle_id": made(DORA, "/vehicles", car),
        "vehicle_id_shared": shared,
        "reservation_id_shared": made(DORA, f"/vehicles/{shared}/reservations", WINDOW),
    }


def _filled(path: str, ids: dict[str, str]) -> str:
    if SHARED in path:
        path = path.replace("{vehicle_id}", "{vehicle_id_shared}").replace(
            "{reservation_id}", "{reservation_id_shared}"
        )
    return path.format_map(ids)


def _charge(wired: WiredApi, user_id: str) -> str:
    """A session with Dora's card, settled."""
    database = wired.parts.database
    with database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
        evses = (Evse(id=1, max_kw=11),)
        work.stations.save(
            ChargingStation(id="A", site_id="s", name="A", location=PLACE, evses=evses, security_profile=1)
        )
        work.tokens.save("card", AuthorizationStatus.ACCEPTED, user_id)
        work.commit()
    session_id = Station(database=database).charge()
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    SettleSessions(**storage, payments=InvoicePayments(), clock=AfterTheSession()).settle_due()
    return session_id


def _others(route: str) -> list[str]:
    """Emil, and the accounts of the other roles that see only their own."""
    return [EMIL, *sorted(OWN[route] - DRIVERS)]


def test_every_route_with_an_id_for_drivers_is_tried(wired):
    lists = lists_of("test_roles", "ALLOWED") | lists_of("test_page_roles", "PAGES")
    for_drivers = {route for route, who in lists.items() if Role.DRIVER in who and None not in who and "{" in route}

    assert for_drivers == {*OWN_IDS, *OWN_PAGES, *EVERYBODYS}


@pytest.mark.parametrize("route", OWN_IDS)
def test_another_drivers_id_is_an_id_of_nothing(wired, doras, route):
    method, path = route.split(" ")
    body = {"json": BODIES[route]} if route in BODIES else {}

    for name in _others(route):
        assert wired.ask_as(name, method, _filled(path, doras), **body).status_code == HTTPStatus.NOT_FOUND, name

    # It is one of something, for its owner and for the operators who see everybody's.
    if method == "GET":
        for name in (DORA, *sorted({Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR} - OWN[route])):
            assert wired.ask_as(name, method, _filled(path, doras)).status_code == HTTPStatus.OK, name


@pytest.mark.parametrize("route", OWN_PAGES)
def test_another_drivers_id_is_an_id_of_nothing_on_pages_too(wired, doras, route):
    method, path = route.split(" ")

    answer = wired.browse_as(EMIL, method, _filled(path, doras))

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "There is nothing here" in answer.text
    assert DORA not in answer.text
    if method == "GET":
        assert wired.browse_as(DORA, method, _filled(path, doras)).status_code == HTTPStatus.OK


def test_another_drivers_reservation_is_on_no_page(wired, doras):
    for name, listed in ((DORA, True), (EMIL, False)):
        assert (doras["reservation_id"] in wired.browse_as(name, "GET", "/app/reservations").text) is listed


def test_shared_vehicles_times_do_not_tell_who_has_them(wired, doras):
    path = f"/api/v1/vehicles/{doras['vehicle_id_shared']}/reservations"

    seen = wired.ask_as(EMIL, "GET", path)

    assert seen.status_code == HTTPStatus.OK
    assert doras["user_id"] not in seen.text
    assert doras["reservation_id_shared"] not in seen.text
    assert doras["reservation_id_shared"] in wired.ask_as(DORA, "GET", path).text


def test_another_drivers_contract_goes_on(wired, doras):
    path = f"/api/v1/contracts/{doras['contract_id']}"

    wired.ask_as(EMIL, "PATCH", path, json={"status": "ended"})

    assert wired.ask_as(DORA, "GET", path).json()["status"] == "active"


@pytest.mark.parametrize("route", OWN_LISTS)
def test_lists_of_another_driver_are_empty(wired, doras, route):
    path = route.split(" ")[1]

    assert len(wired.ask_as(DORA, "GET", path).json()["items"]) == 1
    for name in _others(route):
        for query in ({}, {"user_id": doras["user_id"]}, {"session_id": doras["session_id"]}):
            assert wired.ask_as(name, "GET", path, params=query).json()["items"] == [], name


def test_nobody_signs_for_another_driver(wired, doras):
    for name in _others("POST /api/v1/contracts"):
        answer = wired.ask_as(name, "POST", "/api/v1/contracts", json={"user_id": doras["user_id"]})
        assert answer.status_code == HTTPStatus.FORBIDDEN, name
