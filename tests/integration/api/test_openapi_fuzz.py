"""Schemathesis asks every operation of the OpenAPI document what the document allows, and things that it does not.

The application is the one that wiring builds, on a real database, without NATS: what needs a station or a planner
answers 503. Whatever is asked, by whichever role or by nobody, no answer may be an error of the API's own, and each is
one that the document tells: its status, its media type and its body.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from twinev.adapters.messaging.connection import StayingClient
from twinev.domain.users import Role
from twinev.settings import Settings
from twinev.wiring.api import ApiParts

#: Their answers never end.
ENDLESS = {"/api/v1/events", "/api/v1/availability/events"}
#: They would end the login that asks.
ENDS_THE_LOGIN = {"/api/v1/auth/logout", "/api/v1/auth/password"}
#: What exists; a random identifier never gets past the 404.
KNOWN = {
    "site_id": "s",
    "station_id": "A",
    "session_id": "charging",
    "kind": "demand_kw",
    "subject": "s",
    "id_token": "card",
}
#: Each question is asked by all of them, who may do most comes last; None has no login.
ASKING = (None, Role.DRIVER, Role.GRID_OPERATOR, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: There is no NATS: what needs it says so.
CONFIG = {"checks": {"not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", 503]}}}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The application's schema, and who asks."""

    schema: Any
    http: httpx.AsyncClient
    tokens: dict[Role, str]
    loop: asyncio.Runner

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self.loop.run(self.http.request(method, url, **options))

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            operation = found.ok()
            if operation.path not in ENDLESS | ENDS_THE_LOGIN:
                yield operation


@pytest.fixture
def asked(database, tmp_path) -> Iterator[Asked]:
    unlimited = Settings(_env_file=None, data_dir=tmp_path, rate_per_user=0, rate_per_address=0)
    client = StayingClient(shown_name="never connected")
    parts = ApiParts(settings=unlimited, engine=database._engine, client=client)
    parts.identity.make_accounts(demo=True)
    accounts = {account["role"]: account for account in json.loads((tmp_path / "demo_accounts.json").read_text())}
    app = parts.app()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    with asyncio.Runner() as loop:
        schema = schemathesis.openapi.from_dict(app.openapi(), config=SchemathesisConfig.from_dict(CONFIG))
        asked = Asked(schema=schema, http=http, tokens={}, loop=loop)
        for role in Role:
            body = {"username": accounts[role]["username"], "password": accounts[role]["password"]}
            asked.tokens[role] = asked.ask("POST", "/api/v1/auth/login", json=body).json()["access_token"]
        yield asked
        loop.run(http.aclose())


def faults_of(asked: Asked, *, examples: int) -> list[str]:
    """Ask every operation ``examples`` questions as each role; the same questions in every run."""
    return [fault for operation in asked.operations() if (fault := _fault_of(operation, asked, examples))]


def _fault_of(operation: Any, asked: Asked, examples: int) -> str | None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def ask(case: Case, known: bool) -> None:
        if known:
            case.path_parameters.update({name: value for name, value in KNOWN.items() if name in case.path_parameters})
        for role in ASKING:
            _check(case, asked, role)

    try:
        ask()
    except FailureGroup as group:
        told = "; ".join(str(failure) for failure in group.exceptions)
        return f"{operation.method.upper()} {operation.path}: {told}"
    return None


def _check(case: Case, asked: Asked, role: Role | None) -> None:
    question = case.as_transport_kwargs(base_url="http://localhost")
    headers = {name: value for name, value in (question.pop("headers") or {}).items() if value.isascii()}
    headers.pop("Authorization", None)
    if role is not None:
        headers["Authorization"] = f"Bearer {asked.tokens[role]}"
    if isinstance(question.get("data"), (bytes, str)):
        question["content"] = question.pop("data")
    question = {
        name: value for name, value in question.items() if name in ("method", "url", "params", "json", "content")
    }
    case.validate_response(asked.ask(**question, headers=headers), checks=CHECKS)


def test_no_question_that_the_document_allows_is_an_error_of_the_api(asked):
    assert faults_of(asked, examples=4) == []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_question_of_many_is_an_error_of_the_api(asked):
    assert faults_of(asked, examples=60) == []
