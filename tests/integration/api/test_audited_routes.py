"""Every route that changes something leaves an entry in the audit log; every one that makes something can be repeated.

The routes are those of the application as wired: one that is added and is in neither table below fails these tests.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.planner_endpoint import PlannerEndpoint
from twinev.domain.session import ChargingSession
from twinev.domain.tariffs import PriceComponent, Tariff, TariffAssignment, TariffDimension, TariffElement
from twinev.fleet import ProcessFleet
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.ports.audit import AuditFilter
from twinev.services.settle_sessions import SettleSessions
from twinev.services.solve_problem import SolveProblem, warm_up
from twinev.settings import Settings
from twinev.wiring.api import ApiParts

#: Routes whose success is no change of a person's, each with the reason.
NO_CHANGE = {
    "POST /login": "opens a login session, which is kept with its time and kind itself",
    "POST /logout": "ends a login session, likewise",
    "POST /api/v1/auth/login": "opens a login session, likewise",
    "POST /api/v1/auth/logout": "ends a login session, likewise",
    "POST /api/v1/auth/renew": "keeps nothing: a token is only signed",
    "POST /api/v1/auth/tickets": "a ticket lives for 30 seconds and belongs to a login session",
    "POST /api/v1/auth/tickets/redeem": "uses such a ticket up",
    "POST /api/v1/auth/backchannel-logout": "ends login sessions, likewise",
    "POST /password": "one's own password, by whoever knows the old one: the login that it opens is kept",
    "POST /ticket": "a ticket, as POST /api/v1/auth/tickets makes it",
    "POST /api/v1/restrictions/preview": "keeps and sends nothing",
    "POST /api/v1/sessions/preview": "keeps and sends nothing",
    "POST /api/v1/recommendations": "keeps nothing",
    "POST /api/v1/plans/{plan_id}/reproductions": "keeps nothing",
}
#: Routes that answer 201 and take no Idempotency-Key, each with the reason.
NOT_REPEATABLE = {
    "POST /api/v1/auth/tickets": "a secret that is good once: whoever lost it asks for another",
}
#: Forms of pages that change something, in the order in which they can be sent, each with its fields.
PAGES = {
    "POST /admin/users": {"username": "vera", "role": "driver"},
    "POST /admin/users/{user_id}": {"display_name": "Vera", "role": "driver"},
    "POST /admin/users/{user_id}/password": {},
    "POST /app/stations/{station_id}/reserve": {"day": "{tomorrow}", "time": "10:00", "minutes": "60"},
    "POST /app/reservations/{reservation_id}/cancel": {},
}

OPERATOR, GRID, ADMINISTRATOR, DRIVER = "charge_point_operator", "grid_operator", "administrator", "driver"
RESTRICTION = {"limit_kw": 5.0, "start": "2026-11-22T18:00:00Z", "end": "2099-01-01T00:00:00Z"}
SCENARIO = json.loads((Path(__file__).parents[3] / "data/scenarios/paper_1.json").read_text())
PASSWORD = "correct horse battery"
BILLED = "billed-1"
ANY_VERSION = {"If-Match": "*"}
TARIFF = {"name": "Day", "elements": [{"price_components": [{"type": "ENERGY", "price": "0.3"}]}]}
TERMS = {"title": "Terms", "text": "Charge, pay, go."}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request that succeeds; ``{name}`` in the path is an identifier of an earlier answer.

    ``first`` is a POST by the same role that must come before: its path, its body, and the name of what it makes.
    """

    path: str
    role: str = OPERATOR
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: str | None = None
    first: tuple[str, dict[str, Any], str] | None = None


SITE = {"name": "S", "latitude_degrees": 52, "longitude_degrees": 5, "supply_max_kw": 50}
SERIES = {"start": "2026-11-22T18:00:00Z", "step_minutes": 15, "values": [1]}
CARD = {"status": "Accepted"}


def window(*, hours: int) -> dict[str, str]:
    """An hour that begins so many hours from now, by the clock that the application goes by."""
    start = datetime.now(UTC) + timedelta(hours=hours)
    return {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}


STEPS = {
    "PUT /api/v1/sites/{site_id}": Step(path="sites/t", body=SITE),
    "PATCH /api/v1/sites/{site_id}": Step(path="sites/t", body={"name": "T"}, headers=ANY_VERSION),
    "POST /api/v1/stations": Step(path="stations", body={"id": "N", "site_id": "t"}),
    "PATCH /api/v1/stations/{station_id}": Step(path="stations/N", body={"name": "New"}, headers=ANY_VERSION),
    "POST /api/v1/stations/{station_id}/keys": Step(path="stations/N/keys"),
    "POST /api/v1/stations/{station_id}/key-rotations": Step(path="stations/N/key-rotations"),
    "POST /api/v1/stations/{station_id}/commands": Step(
        path="stations/N/commands", body={"action": "ClearCache"}, keeps="command"
    ),
    "POST /api/v1/commands/{command_id}/retries": Step(path="commands/{command}/retries"),
    "POST /api/v1/stations/{station_id}/composite-schedules": Step(
        path="stations/N/composite-schedules", body={"evse_id": 1}
    ),
    "POST /api/v1/sessions": Step(path="sessions", body={"station_id": "N", "id_token": "card"}),
    "PATCH /api/v1/sessions/{session_id}": Step(path="sessions/charging", body={"energy_kwh": 5}),
    "POST /api/v1/sessions/{session_id}/stop": Step(path="sessions/charging/stop"),
    "PUT /api/v1/id-tokens/{id_token}": Step(path="id-tokens/new", body=CARD),
    "PUT /api/v1/series/{kind}/{subject}": Step(path="series/demand_kw/t", body=SERIES),
    "POST /api/v1/plans": Step(path="plans", body=SCENARIO),
    "POST /api/v1/restrictions": Step(
        path="restrictions", role=GRID, body=RESTRICTION | {"station_ids": ["N"]}, keeps="restriction"
    ),
    "PATCH /api/v1/restrictions/{restriction_id}": Step(
        path="restrictions/{restriction}", role=GRID, body={"limit_kw": 4.0}, headers=ANY_VERSION
    ),
    "DELETE /api/v1/restrictions/{restriction_id}": Step(path="restrictions/{restriction}", role=GRID),
    "POST /api/v1/flexibility-orders": Step(
        path="flexibility-orders",
        role=GRID,
        body={"site_id": "s", "start": window(hours=2)["start"], "values_kw": [-1.0]},
        keeps="order",
    ),
    "DELETE /api/v1/flexibility-orders/{order_id}": Step(path="flexibility-orders/{order}", role=GRID),
    "POST /api/v1/tariffs": Step(path="tariffs", body=TARIFF, keeps="tariff"),
    "POST /api/v1/tariffs/{tariff_id}/versions": Step(
        path="tariffs/{tariff}/versions", body=TARIFF | {"valid_from": window(hours=2)["start"]}
    ),
    "POST /api/v1/tariffs/assignments": Step(
        path="tariffs/assignments", body={"site_id": "s", "station_id": "A", "tariff_id": None}
    ),
    "POST /api/v1/contracts": Step(path="contracts", role=DRIVER, body={}, keeps="contract"),
    "PATCH /api/v1/contracts/{contract_id}": Step(path="contracts/{contract}", role=DRIVER, body={"status": "ended"}),
    "POST /api/v1/terms/{terms_id}/versions": Step(path="terms/charging/versions", body=TERMS),
    "POST /api/v1/terms/{terms_id}/acceptances": Step(
        path="terms/charging/acceptances", role=DRIVER, body={"version": 1}
    ),
    "PATCH /api/v1/auth/me": Step(path="auth/me", role=DRIVER, body={"display_name": "Dora"}),
    "POST /api/v1/cdrs/{cdr_id}/payments": Step(path="cdrs/{cdr}/payments", body={"status": "paid"}),
    "POST /api/v1/ocpi-partners": Step(
        path="ocpi-partners", body={"name": "P", "country_code": "NL", "party_id": "ABC"}, keeps="partner"
    ),
    "PUT /api/v1/ocpi-partners/{partner_id}/tokens/{id_token}": Step(
        path="ocpi-partners/{partner}/tokens/roaming", body={"contract_id": "NL-ABC-1"}
    ),
    "DELETE /api/v1/ocpi-partners/{partner_id}": Step(path="ocpi-partners/{partner}"),
    "PUT /api/v1/stations/{station_id}/access/{user_id}": Step(path="stations/B/access/nobody"),
    "DELETE /api/v1/stations/{station_id}/access/{user_id}": Step(path="stations/B/access/nobody"),
    "POST /api/v1/reservations": Step(
        path="reservations", role=DRIVER, body=window(hours=4) | {"station_id": "B"}, keeps="reservation"
    ),
    "DELETE /api/v1/reservations/{reservation_id}": Step(path="reservations/{reservation}", role=DRIVER),
    "PATCH /api/v1/preferences": Step(path="preferences", role=DRIVER, body={"profile": "green"}, headers=ANY_VERSION),
    "POST /api/v1/vehicles": Step(
        path="vehicles", body={"name": "Car", "battery_kwh": 50, "shared": True, "site_id": "s"}, keeps="vehicle"
    ),
    "PATCH /api/v1/vehicles/{vehicle_id}": Step(path="vehicles/{vehicle}", body={"name": "Shared car"}),
    "POST /api/v1/vehicles/{vehicle_id}/reservations": Step(
        path="vehicles/{vehicle}/reservations", role=DRIVER, body=partial(window, hours=0), keeps="booking"
    ),
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/pick-up": Step(
        path="vehicles/{vehicle}/reservations/{booking}/pick-up", role=DRIVER
    ),
    "POST /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}/return": Step(
        path="vehicles/{vehicle}/reservations/{booking}/return", role=DRIVER
    ),
    "DELETE /api/v1/vehicles/{vehicle_id}/reservations/{reservation_id}": Step(
        path="vehicles/{vehicle}/reservations/{later booking}",
        role=DRIVER,
        first=("vehicles/{vehicle}/reservations", window(hours=4), "later booking"),
    ),
    "DELETE /api/v1/vehicles/{vehicle_id}": Step(
        path="vehicles/{own vehicle}",
        role=DRIVER,
        first=("vehicles", {"name": "Mine", "battery_kwh": 40}, "own vehicle"),
    ),
    "POST /api/v1/stations/{station_id}/block": Step(path="stations/N/block", body={"reason": "r"}),
    "POST /api/v1/stations/{station_id}/unblock": Step(path="stations/N/unblock"),
    "DELETE /api/v1/stations/{station_id}": Step(path="stations/N"),
    "POST /api/v1/users": Step(
        path="users",
        role=ADMINISTRATOR,
        body={"username": "piet", "password": PASSWORD, "roles": ["driver"]},
        keeps="user",
    ),
    "PATCH /api/v1/users/{user_id}": Step(path="users/{user}", role=ADMINISTRATOR, body={"display_name": "Piet"}),
    "POST /api/v1/users/{user_id}/password-reset": Step(path="users/{user}/password-reset", role=ADMINISTRATOR),
    "POST /api/v1/auth/password": Step(path="auth/password", role=GRID, body={"new_password": PASSWORD}),
}


class Walk:
    """The application as wired, with real NATS and a real planner, asked by the demonstration's accounts."""

    def __init__(self, database: Database, http: httpx.AsyncClient, accounts: dict[str, dict[str, str]]) -> None:
        self._database = database
        self._http = http
        self._accounts = accounts
        self._kept: dict[str, str] = {"cdr": BILLED, "station": "B"}
        self._tokens: dict[str, str] = {}

    async def take(self, operation: str, step: Step) -> httpx.Response:
        """Make the request of one step, with an Idempotency-Key as our client does."""
        method = operation.split(" ", maxsplit=1)[0]
        headers = {"Authorization": f"Bearer {await self._token(step.role)}", "User-Agent": "walk/1", **step.headers}
        if method == "POST":
            headers["Idempotency-Key"] = operation
        # What begins now is told when it is asked for.
        body = step.body() if callable(step.body) else step.body
        if operation.endswith("/auth/password"):
            body = body | {"old_password": self._accounts[step.role]["password"]}
        path = "/api/v1/" + step.path.format(**self._kept)
        answer = await self._http.request(method, path, json=body, headers=headers, timeout=60)
        if step.keeps and answer.is_success:
            self._kept[step.keeps] = answer.json()["id"]
        return answer

    async def send_form(self, operation: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form of a page as a browser does in which the administrator is logged in."""
        if "session" not in self._kept:
            account = self._accounts[ADMINISTRATOR]
            login = {"username": account["username"], "password": account["password"]}
            form_token = await self._hidden("form_token", "/login")
            entered = await self._http.post("/login", data=login | {"form_token": form_token})
            assert entered.status_code == 303, entered.text
            self._kept["session"] = "open"
        ids = {"user_id": "vera", "station_id": "station", "reservation_id": "made"}
        path = operation.removeprefix("POST ").format_map({name: self._kept.get(key) for name, key in ids.items()})
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        sent = {name: value.format(tomorrow=tomorrow) for name, value in fields.items()}
        csrf_token = await self._hidden("csrf_token", "/admin/users")
        answer = await self._http.post(path, data=sent | {"csrf_token": csrf_token})
        if made := re.search(r"[?]made=(\w+)", answer.headers.get("location", "")):
            self._kept["made"] = made[1]
        if "vera" not in self._kept and (made := re.search(r'action="/admin/users/([^/"]+)"', answer.text)):
            self._kept["vera"] = made[1]
        return answer

    async def _hidden(self, name: str, path: str) -> str:
        """A hidden field of a page's form."""
        page = await self._http.get(path)
        return re.search(rf'name="{name}" value="([^"]+)"', page.text)[1]

    async def prepare(self, step: Step) -> None:
        """Make what the step needs and no other step leaves."""
        if step.first is not None:
            path, body, name = step.first
            made = await self.take(f"POST {name}", Step(path=path, role=step.role, body=body, keeps=name))
            assert made.is_success, made.text

    def entries(self) -> list:
        with self._database.reading() as work:
            return list(work.audit.list(AuditFilter(), limit=1000))

    async def _token(self, role: str) -> str:
        if role not in self._tokens:
            account = self._accounts[role]
            body = {"username": account["username"], "password": account["password"]}
            answer = await self._http.post("/api/v1/auth/login", json=body)
            self._tokens[role] = answer.raise_for_status().json()["access_token"]
        return self._tokens[role]


@pytest.fixture
def parts_of(database, tmp_path):
    def build(client) -> ApiParts:
        parts = ApiParts(settings=Settings(_env_file=None, data_dir=tmp_path), engine=database._engine, client=client)
        parts.identity.make_accounts(demo=True)
        return parts

    return build


@pytest.fixture
def walking(*, nats_server, database, parts_of, clock, tmp_path, going):
    """A walk within a block, with an EV that charges at station A."""

    @asynccontextmanager
    async def walk() -> AsyncIterator[Walk]:
        fleet = ProcessFleet(warm_up=warm_up)
        await fleet.start()
        try:
            async with nats_server.client("api") as api, nats_server.client("planner") as planning:
                endpoint = PlannerEndpoint(client=planning, planner=SolveProblem(quick=fleet, long=fleet))
                parts = parts_of(api)
                accounts = json.loads((tmp_path / "demo_accounts.json").read_text())
                _let_charge(database, clock)
                _bill(database, clock)
                app = parts.app()
                transport = httpx.ASGITransport(app=app)
                async with (
                    going(endpoint.run),
                    httpx.AsyncClient(base_url="http://localhost", transport=transport) as http,
                ):
                    yield Walk(database, http, {account["role"]: account for account in accounts})
        finally:
            fleet.close()

    return walk


def _let_charge(database, clock) -> None:
    with database.unit_of_work() as work:
        work.sessions.save(
            ChargingSession(
                id="charging",
                site_id="s",
                station_id="A",
                evse_id=1,
                ocpp_transaction_id="7",
                id_token="card",
                started_at=clock.now(),
            )
        )
        work.commit()


def _bill(database, clock) -> None:
    """A session that is over, and its record, which somebody may pay."""
    began = clock.now() - timedelta(hours=1)
    fee = PriceComponent(type=TariffDimension.FLAT, price=Decimal("1"))
    tariff = Tariff(
        id="fee",
        version=1,
        name="Fee",
        currency="EUR",
        elements=(TariffElement(price_components=(fee,)),),
        valid_from=began,
        published_at=began,
        published_by="olga",
    )
    with database.unit_of_work() as work:
        work.tariffs.add(tariff)
        work.tariffs.assign(TariffAssignment(site_id="s", tariff_id="fee", since=began, assigned_by="olga"))
        work.sessions.save(
            ChargingSession(
                id="billed",
                site_id="s",
                station_id="B",
                evse_id=1,
                ocpp_transaction_id="6",
                id_token="card",
                started_at=began,
                ended_at=clock.now(),
            )
        )
        work.charge_detail_records.mark("billed", clock.now())
        work.commit()
    SettleSessions(
        unit_of_work=database.unit_of_work, reading=database.reading, payments=InvoicePayments(), clock=clock
    ).settle_due()


def routes_in(routes: Iterable[Any]) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for route in routes:
        router = getattr(route, "original_router", None)
        if router is not None:
            yield from routes_in(router.routes)
        elif getattr(route, "methods", None):
            yield route


def writing_operations(app) -> set[str]:
    """Every method and path of the application that may change something."""
    return {
        f"{method} {route.path}"
        for route in routes_in(app.routes)
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
    }


@pytest.fixture
def app(nats_server, parts_of):
    async def build():
        async with nats_server.client("api") as api:
            return parts_of(api).app()

    return asyncio.run(build())


def test_every_writing_route_is_walked_or_is_no_change(app):
    assert writing_operations(app) == {*STEPS, *NO_CHANGE, *PAGES}


def test_every_route_that_makes_something_takes_an_idempotency_key(app):
    without = set()
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            if "201" in operation["responses"] and "Idempotency-Key" not in names:
                without.add(f"{method.upper()} {path}")

    assert without == set(NOT_REPEATABLE)


def test_every_change_leaves_an_entry_of_its_own(walking):
    async def scenario() -> list[tuple[str, int, Any]]:
        found = []
        async with walking() as walk:
            for operation, step in STEPS.items():
                await walk.prepare(step)
                before = len(walk.entries())
                answer = await walk.take(operation, step)
                assert answer.is_success, (operation, answer.text)
                entries = walk.entries()
                found.append((operation, len(entries) - before, entries[0], answer))
        return found

    for operation, new, entry, answer in asyncio.run(scenario()):
        assert new >= 1, f"{operation} left no entry"
        assert entry.actor.action == operation
        assert re.fullmatch(r"[\w-]+(/[^{}]+)?", entry.actor.subject), entry.actor.subject
        assert entry.actor.app == "walk/1"
        assert entry.actor.roles == (STEPS[operation].role,)
        assert entry.changes, operation
        told = answer.json() if answer.content else {}
        for secret in (PASSWORD, *(told.get(name) for name in ("key", "token", "password"))):
            assert not secret or secret not in str(entry), f"{operation} keeps a secret"


def test_every_form_that_changes_something_leaves_an_entry(walking):
    async def scenario() -> list[tuple[str, int, Any]]:
        found = []
        async with walking() as walk:
            for operation, fields in PAGES.items():
                before = len(walk.entries())
                answer = await walk.send_form(operation, fields)
                assert answer.is_success or answer.status_code == HTTPStatus.SEE_OTHER, (operation, answer.text)
                entries = walk.entries()
                found.append((operation, len(entries) - before, entries[0]))
        return found

    for operation, new, entry in asyncio.run(scenario()):
        assert new == 1, operation
        assert (entry.actor.action, entry.actor.roles) == (operation, (ADMINISTRATOR,))
        assert entry.changes, operation


def test_refused_change_leaves_no_entry(walking):
    async def scenario() -> tuple[int, list]:
        async with walking() as walk:
            step = Step(path="stations", body={"id": "A", "site_id": "s"})
            answer = await walk.take("POST /api/v1/stations", step)
            return answer.status_code, walk.entries()

    status, entries = asyncio.run(scenario())

    assert (status, entries) == (409, [])
