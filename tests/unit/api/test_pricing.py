"""Tariffs, contracts, terms, records and receipts over REST; drivers see their own and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from charged_sessions import START, Station
from fastapi import FastAPI

from twinev.api.app import create_app
from twinev.api.platform import Platform
from twinev.client import Client
from twinev.domain.charge_detail_record import PaymentStatus
from twinev.domain.contracts import ContractStatus
from twinev.domain.login import LoggedIn, SessionKind
from twinev.domain.users import AuthorizationStatus, Role, User
from twinev.errors import Forbidden, NotAuthenticated
from twinev.services.agree_contract import require_contract
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.price_session import session_owner
from twinev.services.settle_sessions import SettleSessions
from twinev.settings import Settings
from twinev.wire.rest.tariffs import TariffVersionIn
from twinev.wiring import pricing

HOUR = timedelta(hours=1)
TARIFF = {
    "id": "day",
    "name": "By day",
    "elements": [
        {"price_components": [{"type": "FLAT", "price": "0.50", "vat_percent": "21"}]},
        {"price_components": [{"type": "ENERGY", "price": 0.3, "vat_percent": 21}]},
    ],
}
TERMS = {"title": "Terms of charging", "text": "Charge, pay, go."}
OPERATOR, DRIVER, OTHER = "charge_point_operator", "driver", "other driver"


class DriversAndRoles:
    """Takes a role's name for a bearer token; there is a second driver too."""

    cookie_name = "session"
    at_once = True

    def is_open(self, login: LoggedIn) -> bool:
        return True

    def of_token(self, token: str) -> LoggedIn:
        role = Role.DRIVER if token == OTHER else token
        if role not in list(Role):
            raise NotAuthenticated("no such token")
        user = User(id=token, username=token, roles=frozenset({Role(role)}))
        return LoggedIn(user=user, session_id="x", kind=SessionKind.TOKEN, expires_at=START)

    def of_cookie(self, cookie: str) -> LoggedIn:
        return self.of_token(cookie)


def application(platform: Platform, tmp_path: Any) -> FastAPI:
    settings = Settings(data_dir=tmp_path, public_url="https://twinev.example")
    return create_app(
        platform=platform,
        identity=DriversAndRoles(),
        routers=pricing.ROUTERS,
        state=pricing.pricing_state(settings, platform.secret_key),
    )


@pytest.fixture
def api(api, tmp_path):
    """The API with its routers of prices and bills, asked by roles and by two drivers."""
    return replace(api, app=application(api.app.state.platform, tmp_path))


@pytest.fixture
def settle(database, clock):
    """Settle what is due, two hours after the sessions began."""

    def settled() -> None:
        clock.instant = max(clock.instant, START + timedelta(hours=2))
        SettleSessions(
            unit_of_work=database.unit_of_work, reading=database.reading, payments=InvoicePayments(), clock=clock
        ).settle_due()

    return settled


@pytest.fixture
def ruled(api, database):
    """A tariff rules at the site, and ``card`` is the driver's."""
    assert api.post("/tariffs", json=TARIFF).status_code == 201
    assert api.post("/tariffs/assignments", json={"site_id": "s", "tariff_id": "day"}).status_code == 201
    with database.unit_of_work() as work:
        work.tokens.save("card", AuthorizationStatus.ACCEPTED, DRIVER)
        work.commit()
    return api


@pytest.fixture
def billed(ruled, database, settle) -> str:
    """The id of the driver's record."""
    session_id = Station(database=database).charge()
    settle()
    return f"{session_id}-1"


# ── Tariffs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_published_tariff_is_read_by_everybody(ruled):
    for role in (*Role, None):
        shown = ruled.get("/tariffs/day", role=role).json()
        assert (shown["name"], shown["version"], shown["elements"][1]["price_components"][0]["price"]) == (
            "By day", 1, "0.3",
        )  # fmt: skip
        assert "published_by" not in shown
    assert [tariff["id"] for tariff in ruled.get("/tariffs", role=None).json()["items"]] == ["day"]
    assert ruled.get("/tariffs/at?station_id=A", role=None).json()["id"] == "day"


def test_published_tariff_is_told_as_an_event(ruled, database):
    with database.reading() as work:
        told = [(event.kind, event.data["tariff_id"]) for event in work.outbox.pending(10)]

    assert told == [("tariff.published", "day"), ("tariff.assigned", "day")]


def test_tariff_is_followed_by_a_version_and_never_changed(ruled, clock):
    assert ruled.post("/tariffs", json=TARIFF).status_code == 409
    clock.advance(hours=1)
    version = {key: value for key, value in TARIFF.items() if key != "id"} | {"name": "By night"}

    made = ruled.post("/tariffs/day/versions", json=version)

    assert (made.status_code, made.json()["version"]) == (201, 2)
    assert [known["name"] for known in ruled.get("/tariffs/day/versions").json()["items"]] == ["By night", "By day"]
    assert ruled.get("/tariffs/day?version=1").json()["name"] == "By day"
    dollars = ruled.post("/tariffs/day/versions", json=version | {"currency": "USD", "valid_from": later(2)})
    assert dollars.status_code == 409
    assert ruled.post("/tariffs/none/versions", json=version).status_code == 404


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"valid_from": "2026-11-22T17:00:00Z"}, "valid_from"),
        ({"valid_to": "2026-11-22T17:00:00Z"}, "valid_to"),
        ({"elements": []}, "elements"),
        ({"currency": "euro"}, "currency"),
        ({"valid_from": "9999-12-31T23:59:59-12:00"}, "valid_from"),
        ({"id": "a tariff"}, "id"),
        ({"price": 1}, "price"),
        ({"elements": [{"price_components": [{"type": "ENERGY", "price": -1}]}]}, "price"),
        ({"elements": [{"price_components": [{"type": "POWER", "price": 1}]}]}, "elements.0.price_components.0.type"),
    ],
)
def test_tariff_that_cannot_be_meant_is_refused_with_its_key(api, change, key):
    refused = api.post("/tariffs", json=TARIFF | change)

    assert (refused.status_code, refused.json()["key"]) == (422, key)


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ({"site_id": "none"}, 404),
        ({"site_id": "s", "station_id": "none"}, 404),
        ({"site_id": "s", "tariff_id": "none"}, 404),
        ({"site_id": "s", "station_id": "A", "evse_id": 7}, 422),
        ({"site_id": "s", "evse_id": 1}, 422),
    ],
)
def test_tariff_is_assigned_to_what_exists(ruled, place, status):
    assert ruled.post("/tariffs/assignments", json={"tariff_id": "day"} | place).status_code == status


def test_assignments_are_listed_for_operators(ruled):
    (rule,) = ruled.get("/tariffs/assignments?site_id=s").json()["items"]

    assert (rule["station_id"], rule["evse_id"], rule["tariff_id"]) == (None, 0, "day")
    assert ruled.get("/tariffs/assignments?site_id=s", role=DRIVER).status_code == 403


def test_estimate_tells_the_cost_before_charging(ruled):
    told = ruled.get("/tariffs/estimate?station_id=A&energy_kwh=10&charging_minutes=60", role=None)

    assert told.json()["total"] == {"excl_vat": "3.50", "incl_vat": "4.24"}
    wanted = "/tariffs/estimate?station_id=A&energy_kwh=1&charging_minutes=1"
    assert ruled.get(f"{wanted}&evse_id=9").status_code == 404
    assert ruled.get(f"{wanted}&start=9999-12-31T23:59:59Z").json()["key"] == "start"


# ── Costs and records ────────────────────────────────────────────────────────────────────────────────────────────────


def test_running_session_tells_its_cost_so_far(ruled, database):
    station = Station(database=database)
    station.begin()
    station.measure(m30=5.0)

    cost = ruled.get(f"/sessions/{station.session_id()}/cost", role=DRIVER).json()

    assert cost["total"] == {"excl_vat": "2.00", "incl_vat": "2.43"}
    assert cost["as_of"] == "2026-11-22T18:30:00Z"


def test_session_is_billed_to_whom_it_belongs_and_else_to_the_owner_of_the_card(ruled, database):
    station = Station(database=database)
    station.charge()
    with database.unit_of_work() as work:
        kept = work.sessions.get(station.session_id())
        owners = {owner: session_owner(replace(kept, user_id=owner), work=work) for owner in (DRIVER, OTHER, None)} | {
            "no card": session_owner(replace(kept, user_id=None, id_token=None), work=work)
        }

    assert owners == {DRIVER: DRIVER, OTHER: OTHER, None: DRIVER, "no card": None}


def test_driver_sees_the_own_record_with_its_payment(billed, ruled):
    (listed,) = ruled.get("/cdrs", role=DRIVER).json()["items"]
    shown = ruled.get(f"/cdrs/{billed}", role=DRIVER).json()

    assert shown == listed
    assert (shown["id"], shown["payment_status"]) == (billed, "pending")
    assert shown["cost"]["total"] == {"excl_vat": "2.30", "incl_vat": "2.79"}
    assert [step["status"] for step in ruled.get(f"/cdrs/{billed}/payments", role=DRIVER).json()["items"]] == [
        "pending"
    ]


def test_what_is_another_drivers_is_not_there(billed, ruled):
    session_id = billed.rpartition("-")[0]
    contract_id = ruled.post("/contracts", json={}, role=DRIVER).json()["id"]
    reads = [f"/cdrs/{billed}", f"/cdrs/{billed}/payments", f"/cdrs/{billed}/receipt", f"/sessions/{session_id}/cost",
             f"/contracts/{contract_id}"]  # fmt: skip

    assert {ruled.get(path, role=DRIVER).status_code for path in reads} == {200}
    for role in (OTHER, "grid_operator"):
        assert {ruled.get(path, role=role).status_code for path in reads} == {404}
        for path in ("/cdrs", f"/cdrs?user_id={DRIVER}", "/contracts", f"/contracts?user_id={DRIVER}",
                     f"/terms/acceptances?user_id={DRIVER}"):  # fmt: skip
            assert ruled.get(path, role=role).json()["items"] == []
    ended = ruled.ask("PATCH", f"/contracts/{contract_id}", json={"status": "ended"}, role=OTHER)
    assert ended.status_code == 404


def test_operator_notes_payments_with_who_and_when(billed, ruled, clock):
    paid = ruled.post(f"/cdrs/{billed}/payments", json={"status": "paid", "reference": "bank 17"})
    again = ruled.post(f"/cdrs/{billed}/payments", json={"status": "paid"})

    assert (paid.status_code, paid.json()["by"]) == (201, OPERATOR)
    assert again.json() == paid.json()
    assert ruled.get(f"/cdrs/{billed}").json()["payment_status"] == "paid"
    assert [record["id"] for record in ruled.get("/cdrs?payment_status=paid").json()["items"]] == [billed]
    refused = ruled.post(f"/cdrs/{billed}/payments", json={"status": "pending"})
    assert (refused.status_code, refused.json()["detail"]) == (
        409, f"the payment of {billed} is paid: it can become refunded, not pending",
    )  # fmt: skip
    assert ruled.post(f"/cdrs/{billed}/payments", json={"status": "refunded"}, role=DRIVER).status_code == 403


def test_receipt_shows_what_was_billed(billed, ruled):
    page = ruled.get(f"/cdrs/{billed}/receipt", role=DRIVER)

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for shown in ("Receipt", billed, "Station A", "6.000 kWh", "By day", "2.30", "2.79", "to be paid", "19:00:00 CET"):
        assert shown in page.text
    assert page.text.count("<script") == 0


def test_receipt_leads_who_is_not_logged_in_to_the_login_and_back(billed, ruled):
    answer = ruled.get(f"/cdrs/{billed}/receipt", role=None)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next=/api/v1/cdrs/{billed}/receipt")
    by_cookie = ruled.get(f"/cdrs/{billed}/receipt", role=None, headers={"Cookie": "session=driver"})
    assert by_cookie.status_code == 200


# ── Contracts and terms ──────────────────────────────────────────────────────────────────────────────────────────────


def test_driver_signs_and_ends_the_own_contract(api, clock):
    made = api.post("/contracts", json={}, role=DRIVER).json()
    assert (made["user_id"], made["status"], made["created_by"]) == (DRIVER, "active", DRIVER)
    assert api.post("/contracts", json={}, role=DRIVER).status_code == 409
    path = f"/contracts/{made['id']}"
    assert api.ask("PATCH", path, json={"status": "suspended"}, role=DRIVER).status_code == 403

    clock.advance(hours=1)
    ended = api.ask("PATCH", path, json={"status": "ended"}, role=DRIVER).json()

    assert (ended["status"], ended["valid_to"]) == ("ended", later(1))
    assert api.ask("PATCH", path, json={"status": "active"}).status_code == 409
    assert api.post("/contracts", json={}, role=DRIVER).status_code == 201


def test_special_tariff_is_the_operators_to_give(ruled):
    wanted = {"tariff_id": "day"}

    assert ruled.post("/contracts", json=wanted, role=DRIVER).status_code == 403
    assert ruled.post("/contracts", json={"user_id": DRIVER}, role=OTHER).status_code == 403
    given = ruled.post("/contracts", json=wanted | {"user_id": DRIVER})
    assert (given.status_code, given.json()["tariff_id"]) == (201, "day")


def test_terms_are_accepted_in_the_version_that_counts(api, clock):
    assert api.post("/terms/charging/versions", json=TERMS).json()["version"] == 1
    clock.advance(hours=1)
    assert api.post("/terms/charging/versions", json=TERMS | {"text": "Charge and pay."}).json()["version"] == 2

    old = api.post("/terms/charging/acceptances", json={"version": 1}, role=DRIVER)
    new = api.post("/terms/charging/acceptances", json={"version": 2}, role=DRIVER, headers={"User-Agent": "app/1"})

    assert old.status_code == 409
    assert new.json() == {
        "user_id": DRIVER, "terms_id": "charging", "version": 2, "accepted_at": later(1), "app": "app/1",
    }  # fmt: skip
    assert api.get("/terms/acceptances", role=DRIVER).json()["items"] == [new.json()]
    assert api.get(f"/terms/acceptances?user_id={DRIVER}").json()["items"] == [new.json()]
    assert [terms["text"] for terms in api.get("/terms", role=None).json()["items"]] == ["Charge and pay."]
    assert api.post("/terms/charging/acceptances", json={"version": 3}, role=DRIVER).status_code == 404


def test_driver_charges_by_the_app_only_with_contract_and_accepted_terms(api, database, clock):
    def required():
        with database.reading() as work:
            return require_contract(DRIVER, work=work, now=clock.now())

    assert required() is None
    api.post("/terms/charging/versions", json=TERMS)
    with pytest.raises(Forbidden, match="accept the terms and conditions before charging: “Terms of charging”"):
        required()
    api.post("/terms/charging/acceptances", json={"version": 1}, role=DRIVER)
    with pytest.raises(Forbidden, match="sign a contract before charging"):
        required()
    contract_id = api.post("/contracts", json={}, role=DRIVER).json()["id"]
    assert required().id == contract_id
    api.ask("PATCH", f"/contracts/{contract_id}", json={"status": "suspended"})
    with pytest.raises(Forbidden, match="sign a contract"):
        required()


def test_creating_request_that_is_repeated_makes_one_thing(api):
    headers = {"Idempotency-Key": "once"}

    first, second = (api.post("/contracts", json={}, role=DRIVER, headers=headers) for _ in range(2))

    assert first.json() == second.json()
    assert len(api.get("/contracts", role=DRIVER).json()["items"]) == 1


def later(hours: int) -> str:
    return (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_client_speaks_of_prices_and_bills(ruled, billed):
    with Client("http://api", token=OPERATOR, transport=Bridge(ruled.app)) as client:
        assert [tariff.id for tariff in client.tariffs()] == ["day"]
        assert client.tariff_at("A") == client.tariff("day", version=1)
        version = TariffVersionIn(name="Later", elements=client.tariff("day").elements, valid_from=START + 9 * HOUR)
        assert client.publish_tariff_version("day", version).version == 2
        assert client.assign_tariff(None, site_id="s", station_id="B").tariff_id is None
        assert client.estimate_cost("A", energy_kwh=10, charging_minutes=60).total.excl_vat == Decimal("3.50")
        assert client.note_payment(billed, PaymentStatus.PAID, reference="bank 17").by == OPERATOR
        assert [step.status for step in client.payments(billed)] == ["pending", "paid"]
        contract = client.sign_contract(user_id=DRIVER, tariff_id="day")
        assert client.change_contract(contract.id, status=ContractStatus.SUSPENDED).status == "suspended"
        assert client.publish_terms("charging", title="Terms", text="…").version == 1
        partner = client.admit_ocpi_partner("A hub", country_code="DE", party_id="HUB")
        assert client.name_ocpi_customer(partner.id, "card", contract_id="DE-HUB-C1").id_token == "card"
        client.revoke_ocpi_partner(partner.id)
        assert client.ocpi_partners()[0].revoked_at is not None
    with Client("http://api", token=DRIVER, transport=Bridge(ruled.app)) as client:
        (record,) = client.charge_detail_records(payment_status=PaymentStatus.PAID)
        assert client.charge_detail_record(record.id) == record
        assert client.session_cost(record.session_id) == record.cost
        assert "Receipt" in client.receipt(record.id)
        assert client.accept_terms("charging", client.terms()[0].version) == client.accepted_terms()[0]
        assert client.contracts() == [contract.model_copy(update={"status": ContractStatus.SUSPENDED})]


class Bridge(httpx.BaseTransport):
    """Carries a synchronous client's requests to the application in this process."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def carried() -> httpx.Response:
            headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
            sent = httpx.Request(request.method, request.url, headers=headers, content=request.read())
            answer = await self._transport.handle_async_request(sent)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(carried())
