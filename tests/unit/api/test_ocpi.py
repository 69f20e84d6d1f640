"""OCPI 2.2.1 as a roaming partner reads it: every object by the models of another library, and by OCPI's lengths."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from charged_sessions import START, Station
from ocpi_types import v2_2_1 as ocpi
from pricing_examples import AMSTERDAM, component, element, quarters, tariff

from twinev.api.app import create_app
from twinev.api.ocpi.desk import OcpiDesk
from twinev.api.ocpi.locations import CONNECTORS
from twinev.api.ocpi.tariffs import ocpi_tariff
from twinev.domain.charge_points import ConnectorStatus
from twinev.domain.ocpi_partner import PartyId
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.tariffs import TariffAssignment
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_sessions import SettleSessions
from twinev.settings import Settings
from twinev.wiring import pricing

HOUR = timedelta(hours=1)
HUB = {"name": "A hub", "country_code": "DE", "party_id": "HUB"}
#: What OCPI calls a CiString or string of limited length, by its key.
LONGEST = {
    "id": 39, "uid": 36, "evse_id": 48, "evse_uid": 36, "contract_id": 36, "country_code": 2, "party_id": 3, "city": 45,
    "address": 45, "country": 3, "session_id": 36, "location_id": 36, "connector_id": 36, "tariff_id": 36,
    "credit_reference_id": 36, "physical_reference": 16, "currency": 3, "name": 255, "postal_code": 10,
}  # fmt: skip
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DESK = OcpiDesk(
    party=PartyId(country_code="NL", party_id="TWE"),
    operator_name="TwinEV",
    country="NLD",
    base_url="https://twinev.example",
    secret_key="k",
)


class Partner:
    """Reads over OCPI with a token of ours."""

    def __init__(self, api: Any, token: str) -> None:
        self._api = api
        self.headers = {"Authorization": f"Token {base64.b64encode(token.encode()).decode()}"}

    def read(self, path: str, **options: Any) -> Any:
        return self._api.get(f"http://api/ocpi{path}", role=None, **{"headers": self.headers} | options)

    def data(self, path: str) -> Any:
        answer = self.read(path)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 1000), answer.text
        return answer.json()["data"]


@pytest.fixture
def api(api, tmp_path):
    platform = api.app.state.platform
    settings = Settings(data_dir=tmp_path, public_url="https://twinev.example")
    state = pricing.pricing_state(settings, platform.secret_key)
    app = create_app(platform=platform, identity=api.app.state.identity, routers=pricing.ROUTERS, state=state)
    return replace(api, app=app)


@pytest.fixture
def admitted(api):
    return api.post("/ocpi-partners", json=HUB).json()


@pytest.fixture
def partner(api, admitted) -> Partner:
    return Partner(api, admitted["token"])


@pytest.fixture
def charged(database, clock) -> str:
    """A tariff rules, one session ended and has its record, one runs; return the ended one's id."""
    with database.unit_of_work() as work:
        work.tariffs.add(
            tariff(
                element(component("FLAT", "0.50", vat="21")),
                element(component("ENERGY", "0.02", vat="21", fallback="0.50"), component("PARKING_TIME", "2")),
            )
        )
        work.tariffs.assign(TariffAssignment(site_id="s", tariff_id="T", since=START - HOUR, assigned_by="olga"))
        work.series.put(
            Series(kind=SeriesKind.PRICE, subject="NL", start=START, step_minutes=60, values=(0.1, 0.2, 0.3))
        )
        work.commit()
    session_id = Station(database=database).charge()
    clock.instant = START + HOUR
    service = SettleSessions(
        unit_of_work=database.unit_of_work, reading=database.reading, payments=InvoicePayments(), clock=clock
    )
    service.settle_due()
    running = Station(database=database, id="B")
    running.begin("2", at=10)
    running.measure("2", m45=2.0)
    return session_id


def same_for_others(kind: Any, shown: dict[str, Any]) -> None:
    """Another library reads the object, finds every key that OCPI wants, and leaves none over."""
    read_back = kind.from_dict(shown).to_dict()
    assert read_back == shown
    for key, value in walk(shown):
        if key in LONGEST and isinstance(value, str):
            assert len(value) <= LONGEST[key], f"{key}: {value}"
        if key == "last_updated" or key.endswith("date_time"):
            assert DATE_TIME.fullmatch(value), f"{key}: {value}"


def walk(part: Any) -> Any:
    """Every key with its value, at every depth."""
    for key, value in part.items() if isinstance(part, dict) else ():
        yield key, value
        yield from walk(value)
    for value in part if isinstance(part, list) else ():
        yield from walk(value)


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_admitting_again_with_the_same_key_makes_no_second_partner(api):
    body = {"name": "Hub", "country_code": "DE", "party_id": "HUB"}
    headers = {"Idempotency-Key": "once"}

    first = api.post("/ocpi-partners", json=body, headers=headers)
    again = api.post("/ocpi-partners", json=body, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["token"]
    assert again.json() == first.json() | {"token": None}
    assert len(api.get("/ocpi-partners").json()["items"]) == 1


def test_partner_reads_with_its_token_until_it_is_revoked(api, admitted, partner):
    assert partner.read("/versions").status_code == 200

    assert api.ask("DELETE", f"/ocpi-partners/{admitted['id']}").status_code == 204

    refused = partner.read("/versions")
    assert (refused.status_code, refused.json()["status_code"]) == (401, 2000)
    assert "timestamp" in refused.json()
    (shown,) = api.get("/ocpi-partners").json()["items"]
    assert shown["revoked_at"] is not None
    assert "token" not in shown


@pytest.mark.parametrize(
    "authorization",
    [None, "Token", "Token !!!", f"Token {base64.b64encode(b'guess').decode()}", "Bearer administrator"],
)
def test_nobody_reads_without_a_good_token(api, admitted, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("/versions", "/2.2.1", *(f"/2.2.1/{module}" for module in ("credentials", "locations", "cdrs"))):
        assert api.get(f"http://api/ocpi{path}", role=None, headers=headers).status_code == 401


def test_token_as_it_is_without_base64_is_refused(api, admitted, partner):
    plain = {"Authorization": f"Token {admitted['token']}"}

    assert partner.read("/versions", headers=plain).status_code == 401


def test_token_is_kept_as_a_digest_alone(admitted, tmp_path):
    stored = stored_bytes(tmp_path)

    assert admitted["id"].encode() in stored
    assert admitted["token"].encode() not in stored


def test_party_has_one_token_at_a_time(api, admitted):
    assert api.post("/ocpi-partners", json=HUB).status_code == 409
    api.ask("DELETE", f"/ocpi-partners/{admitted['id']}")
    assert api.post("/ocpi-partners", json=HUB).status_code == 201


# ── What it reads ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_versions_lead_to_every_module(partner):
    (version,) = partner.data("/versions")
    assert version == {"version": "2.2.1", "url": "https://twinev.example/ocpi/2.2.1"}

    details = partner.data("/2.2.1")

    assert {endpoint["role"] for endpoint in details["endpoints"]} == {"SENDER"}
    assert [endpoint["identifier"] for endpoint in details["endpoints"]] == [
        "credentials", "locations", "tariffs", "sessions", "cdrs",
    ]  # fmt: skip
    for endpoint in details["endpoints"]:
        assert partner.read(endpoint["url"].removeprefix("https://twinev.example/ocpi")).status_code == 200


def test_credentials_tell_who_we_are(partner, admitted):
    credentials = partner.data("/2.2.1/credentials")

    same_for_others(ocpi.Credentials, credentials)
    assert credentials["token"] == admitted["token"]
    assert (credentials["roles"][0]["country_code"], credentials["roles"][0]["party_id"]) == ("NL", "TWE")


def test_location_shows_its_evses_with_status_and_tariffs(partner, charged, database):
    with database.unit_of_work() as work:
        for station_id in ("A", "B"):
            work.stations.set_online(station_id, True, START, "socket")
            work.stations.set_status(station_id, 1, ConnectorStatus.OCCUPIED, START)
        work.commit()

    (location,) = partner.data("/2.2.1/locations")

    same_for_others(ocpi.Location, location)
    assert [(evse["uid"], evse["status"]) for evse in location["evses"]] == [("A*1", "BLOCKED"), ("B*1", "CHARGING")]
    assert [evse["evse_id"] for evse in location["evses"]] == ["NL*TWE*EA*1", "NL*TWE*EB*1"]
    assert location["evses"][0]["connectors"][0]["tariff_ids"] == ["T"]
    assert partner.data("/2.2.1/locations/s") == location
    evse = location["evses"][0]
    assert partner.data("/2.2.1/locations/s/A*1") == evse
    assert partner.data("/2.2.1/locations/s/A*1/1") == evse["connectors"][0]
    unknown = partner.read("/2.2.1/locations/s/A*9")
    assert (unknown.status_code, unknown.json()["status_code"]) == (404, 2003)


@pytest.mark.parametrize("connector", CONNECTORS)
def test_connector_is_one_of_ocpis(connector):
    standard, form = CONNECTORS[connector]

    assert ocpi.ConnectorType(standard).value == standard
    assert form in ("CABLE", "SOCKET")


def test_tariff_is_read_by_others(partner, charged):
    (shown,) = partner.data("/2.2.1/tariffs")

    same_for_others(ocpi.Tariff, shown)
    dated = [part for part in shown["elements"] if "restrictions" in part]
    # From 19:00 UTC on, two hours of the market are known; 20:00 by the site's clock.
    assert [(part["restrictions"]["start_time"], part["price_components"][0]["price"]) for part in dated] == [
        ("20:00", 0.22), ("21:00", 0.32),
    ]  # fmt: skip
    assert shown["elements"][-1]["price_components"] == [
        {"type": "PARKING_TIME", "price": 2.0, "step_size": 1},
        {"type": "ENERGY", "price": 0.5, "step_size": 1, "vat": 21.0},
    ]


def test_sessions_show_what_runs_and_what_is_over(partner, charged):
    sessions = partner.data("/2.2.1/sessions")

    for session in sessions:
        same_for_others(ocpi.Session, session)
    assert [(session["status"], session["kwh"]) for session in sessions] == [("ACTIVE", 2.0), ("COMPLETED", 6.0)]
    assert "end_date_time" not in sessions[0]


def test_cdr_is_read_by_others_and_adds_up(partner, charged):
    (cdr,) = partner.data("/2.2.1/cdrs")

    same_for_others(ocpi.Cdr, cdr)
    assert (cdr["session_id"], cdr["total_energy"], cdr["total_time"]) == (charged, 6.0, 1.0)
    # 0.50 to begin with, 6 kWh at 0.12.
    assert cdr["total_cost"] == {"excl_vat": 1.22, "incl_vat": 1.48}
    assert sum(part["volume"] for period in cdr["charging_periods"] for part in period["dimensions"]
               if part["type"] == "ENERGY") == 6.0  # fmt: skip
    (billed,) = [part for part in cdr["tariffs"][0]["elements"] if "restrictions" in part]
    assert billed["price_components"][0]["price"] == 0.12
    assert billed["restrictions"] == {
        "start_date": "2026-11-22", "end_date": "2026-11-23", "start_time": "19:00", "end_time": "20:00",
    }  # fmt: skip


def test_credit_cdr_names_what_it_takes_back(partner, charged, database, clock):
    station = Station(database=database)
    station.measure(seq_no=3, m50=5.5)
    clock.instant = START + 2 * HOUR
    SettleSessions(
        unit_of_work=database.unit_of_work, reading=database.reading, payments=InvoicePayments(), clock=clock
    ).settle_due()

    cdrs = partner.data("/2.2.1/cdrs")

    for cdr in cdrs:
        same_for_others(ocpi.Cdr, cdr)
    assert [(cdr["id"], cdr["credit"]) for cdr in cdrs] == [
        (f"{charged}-1", False), (f"{charged}-1-C", True), (f"{charged}-2", False),
    ]  # fmt: skip
    assert cdrs[1]["credit_reference_id"] == cdrs[0]["id"]
    assert cdrs[1]["total_cost"]["incl_vat"] == -cdrs[0]["total_cost"]["incl_vat"]


# ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_token_is_a_pseudonym_unless_it_is_the_partners_own(api, partner, admitted, charged):
    (before,) = partner.data("/2.2.1/cdrs")
    assert "card" not in str(before)
    assert before["cdr_token"]["uid"] == before["cdr_token"]["contract_id"]

    named = api.ask("PUT", f"/ocpi-partners/{admitted['id']}/tokens/CARD", json={"contract_id": "DE-HUB-C12345678"})

    assert named.json() == {"id_token": "card", "contract_id": "DE-HUB-C12345678"}
    (after,) = partner.data("/2.2.1/cdrs")
    assert after["cdr_token"] == {
        "country_code": "DE", "party_id": "HUB", "uid": "card", "type": "RFID", "contract_id": "DE-HUB-C12345678",
    }  # fmt: skip


def test_pseudonyms_of_two_partners_cannot_be_compared(api, partner, charged):
    other = Partner(api, api.post("/ocpi-partners", json=HUB | {"party_id": "XYZ"}).json()["token"])

    uids = [reader.data("/2.2.1/sessions")[0]["cdr_token"]["uid"] for reader in (partner, partner, other)]

    assert uids[0] == uids[1] != uids[2]


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_list_comes_in_pages_that_lead_on(partner, database, charged):
    Station(database=database).charge("3")
    seen: list[str] = []
    path = "/2.2.1/sessions?limit=2"
    while path:
        answer = partner.read(path)
        assert (answer.headers["x-total-count"], answer.headers["x-limit"]) == ("3", "100")
        seen += [session["id"] for session in answer.json()["data"]]
        link = re.fullmatch(r'<https://twinev\.example/ocpi(.+)>; rel="next"', answer.headers.get("link", ""))
        path = link and link.group(1)

    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize("module", ["locations", "tariffs", "sessions", "cdrs"])
def test_list_is_of_what_changed_in_the_window(partner, charged, module):
    objects = partner.data(f"/2.2.1/{module}")
    times = sorted(one["last_updated"] for one in objects)

    from_last = partner.data(f"/2.2.1/{module}?date_from={times[-1]}")
    assert [one["last_updated"] for one in from_last] == [times[-1]] * len(from_last)
    assert from_last
    before_first = partner.read(f"/2.2.1/{module}?date_to={times[0]}")
    assert (before_first.json()["data"], before_first.headers["x-total-count"]) == ([], "0")


@pytest.mark.parametrize("module", ["locations", "tariffs", "sessions", "cdrs"])
def test_list_from_the_beginning_of_all_clocks_is_everything(partner, charged, module):
    everything = partner.data(f"/2.2.1/{module}")

    assert everything
    assert partner.data(f"/2.2.1/{module}?date_from=1970-01-01T00:00:00Z") == everything


@pytest.mark.parametrize(
    "asked",
    [
        "date_from=yesterday",
        "date_from=0001-01-01T00:00:00%2B14:00",
        "date_from=9999-12-31T23:59:59-14:00",
        "date_to=9999-12-31T23:59:59Z",
        "offset=-1",
        "limit=0",
    ],
)
def test_parameter_that_cannot_be_meant_is_refused_in_the_envelope(partner, asked):
    refused = partner.read(f"/2.2.1/cdrs?{asked}")

    assert (refused.status_code, refused.json()["status_code"]) == (400, 2001)
    assert refused.json()["status_message"].startswith(asked.partition("=")[0])


# ── The market in OCPI ───────────────────────────────────────────────────────────────────────────────────────────────


def test_market_prices_are_dated_elements_that_end_with_the_day():
    of = tariff(element(component("ENERGY", "0.05", fallback="0.40")))
    late = datetime(2026, 11, 23, 23, 30, tzinfo=AMSTERDAM).astimezone(UTC)

    shown = ocpi_tariff(of, DESK, zone=AMSTERDAM, market=quarters(late, ["0.1", "0.1", "0.1", None, "0.1"]))

    restrictions = [part.get("restrictions", {}) for part in shown["elements"]]
    assert restrictions == [
        {"start_date": "2026-11-23", "end_date": "2026-11-24", "start_time": "23:30"},
        {"start_date": "2026-11-24", "end_date": "2026-11-25", "start_time": "00:00", "end_time": "00:15"},
        {"start_date": "2026-11-24", "end_date": "2026-11-25", "start_time": "00:30", "end_time": "00:45"},
        {},
    ]


def test_market_prices_are_shown_within_the_elements_hours_alone():
    of = tariff(element(component("ENERGY", "0", fallback="1"), start_time=time(12)))
    noon = datetime(2026, 11, 23, 11, 30, tzinfo=AMSTERDAM).astimezone(UTC)

    shown = ocpi_tariff(of, DESK, zone=AMSTERDAM, market=quarters(noon, ["0.1", "0.2", "0.3"]))

    assert [part["price_components"][0]["price"] for part in shown["elements"]] == [0.3, 1.0]


def stored_bytes(folder: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(path.read_bytes() for path in folder.glob("twinev.db*"))
