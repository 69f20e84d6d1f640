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
from pathlib import Path
from typing import Any

import httpx
import pytest

from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.planner_endpoint import PlannerEndpoint
from twinev.domain.session import ChargingSession
from twinev.fleet import ProcessFleet
from twinev.services.ports.audit import AuditFilter
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
    "POST /api/v1/restrictions/preview": "keeps and sends nothing",
}
#: Routes that answer 201 and take no Idempotency-Key, each with the reason.
NOT_REPEATABLE = {
    "POST /api/v1/auth/tickets": "a secret that is good once: whoever lost it asks for another",
}

OPERATOR, GRID, ADMINISTRATOR = "charge_point_operator", "grid_operator", "administrator"
RESTRICTION = {"limit_kw": 5.0, "start": "2026-11-22T18:00:00Z", "end": "2099-01-01T00:00:00Z"}
SCENARIO = json.loads((Path(__file__).parents[3] / "data/scenarios/paper_1.json").read_text())
PASSWORD = "correct horse battery"
ANY_VERSION = {"If-Match": "*"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request that succeeds; ``{name}`` in the path is an identifier of an earlier answer."""

    path: str
    role: str = OPERATOR
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: str | None = None


SITE = {"name": "S", "latitude_degrees": 52, "longitude_degrees": 5, "supply_max_kw": 50}
SERIES = {"start": "2026-11-22T18:00:00Z", "step_minutes": 15, "values": [1]}
CARD = {"status": "Accepted"}
STEPS = {
    "PUT /api/v1/sites/{site_id}": Step(path="sites/t", body=SITE),
    "PATCH /api/v1/sites/{site_id}": Step(path="sites/t", body={"name": "T"}, headers=ANY_VERSION),
    "POST /api/v1/stations": Step(path="stations", body={"id": "N", "site_id": "t"}),
    "PATCH /api/v1/stations/{station_id}": Step(path="stations/N", body={"name": "New"}, headers=ANY_VERSION),
    "POST /api/v1/stations/{station_id}/keys": Step(path="stations/N/keys"),
    "POST /api/v1/stations/{station_id}/key-rotations": Step(path="stations/N/key-rotations"),
    "POST /api/v1/stations/{station_id}/commands": Step(path="stations/N/commands", body={"action": "ClearCache"}),
    "POST /api/v1/sessions": Step(path="sessions", body={"station_id": "N", "id_token": "card"}),
    "PATCH /api/v1/sessions/{session_id}": Step(path="sessions/charging", body={"energy_kwh": 5}),
    "POST /api/v1/sessions/{session_id}/stop": Step(path="sessions/charging/stop"),
    "PUT /api/v1/id-tokens/{id_token}": Step(path="id-tokens/new", body=CARD),
    "PUT /api/v1/series/{kind}/{subject}": Step(path="series/demand_kw/t", body=SERIES),
    "POST /api/v1/plans": Step(path="plans", body=SCENARIO),
    "POST /api/v1/restrictions": Step(
        path="restrictions", role=GRID, body=RESTRICTION | {"station_ids": ["N"]}, keeps="restriction"
    ),
    "DELETE /api/v1/restrictions/{restriction_id}": Step(path="restrictions/{restriction}", role=GRID),
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
    "POST /api/v1/auth/password": Step(path="auth/password", role=GRID, body={"new_password": PASSWORD}),
}


class Walk:
    """The application as wired, with real NATS and a real planner, asked by the demonstration's accounts."""

    def __init__(self, database: Database, http: httpx.AsyncClient, accounts: dict[str, dict[str, str]]) -> None:
        self._database = database
        self._http = http
        self._accounts = accounts
        self._kept: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    async def take(self, operation: str, step: Step) -> httpx.Response:
        """Make the request of one step, with an Idempotency-Key as our client does."""
        method = operation.split(" ", maxsplit=1)[0]
        headers = {"Authorization": f"Bearer {await self._token(step.role)}", "User-Agent": "walk/1", **step.headers}
        if method == "POST":
            headers["Idempotency-Key"] = operation
        body = step.body
        if operation.endswith("/auth/password"):
            body = body | {"old_password": self._accounts[step.role]["password"]}
        path = "/api/v1/" + step.path.format(**self._kept)
        answer = await self._http.request(method, path, json=body, headers=headers, timeout=60)
        if step.keeps and answer.is_success:
            self._kept[step.keeps] = answer.json()["id"]
        return answer

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
    assert writing_operations(app) == {*STEPS, *NO_CHANGE}


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
        for secret in (PASSWORD, answer.text and answer.json().get("key")):
            assert not secret or secret not in str(entry), f"{operation} keeps a secret"


def test_refused_change_leaves_no_entry(walking):
    async def scenario() -> tuple[int, list]:
        async with walking() as walk:
            step = Step(path="stations", body={"id": "A", "site_id": "s"})
            answer = await walk.take("POST /api/v1/stations", step)
            return answer.status_code, walk.entries()

    status, entries = asyncio.run(scenario())

    assert (status, entries) == (409, [])
