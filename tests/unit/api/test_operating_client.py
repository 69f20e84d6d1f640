"""The typed client's calls for operators, against the application itself."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from twinev.api.one_turn import add_routes
from twinev.api.routers import station_use
from twinev.client import Client
from twinev.domain.facts import Sample
from twinev.errors import BadInput, ChangedMeanwhile, Conflict, NotFound, VersionMissing
from twinev.services.take_out_of_use import TakeOutOfUse


class InProcess(httpx.BaseTransport):
    """Carries the client's requests to the application."""

    def __init__(self, api, role: str) -> None:
        self._api = api
        self._role = role

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "authorization")}
        path = request.url.raw_path.decode().removeprefix("/api/v1")
        answer = self._api.ask(request.method, path, role=self._role, content=request.read(), headers=headers)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def client_of(api, database, commands, clock):
    api.app.state.take_out_of_use = TakeOutOfUse(commands=commands, unit_of_work=database.unit_of_work, clock=clock)
    add_routes(api.app, station_use.router)

    def build(role: str = "charge_point_operator") -> Client:
        return Client("http://api", token="t", transport=InProcess(api, role), app="tests")

    return build


def test_client_edits_from_the_version_that_it_read(client_of):
    client = client_of()
    station, site = client.station("A"), client.site("s")

    assert client.change_station("A", version=station.version, name="Fast").name == "Fast"
    assert client.change_site("s", version=site.version, supply_max_kw=60).supply_max_kw == 60
    with pytest.raises(ChangedMeanwhile, match="station A was changed"):
        client.change_station("A", version=station.version, name="Slow")
    with pytest.raises(VersionMissing, match="site s"):
        client.save_site("s", name="S", supply_max_kw=1, latitude_degrees=1, longitude_degrees=1)


def test_client_takes_a_station_out_of_use(client_of):
    client = client_of()

    assert client.block_station("A", reason="r").block_reason == "r"
    assert client.unblock_station("A").blocked_at is None
    assert len(client.issue_key("A").key) == 32
    client.remove_station("A")
    with pytest.raises(NotFound):
        client.station("A")
    with pytest.raises(Conflict, match="removed"):
        client.add_station("A", site_id="s")
    assert [evse.station_id for evse in client.availability()] == ["B"]


def test_client_reads_the_audit_log(client_of):
    client_of().let_charge("new")

    (entry,) = client_of("administrator").audit_entries(subject="id-tokens")

    assert (entry.action, entry.subject) == ("PUT /api/v1/id-tokens/{id_token}", "id-tokens/new")
    assert entry.username == "charge_point_operator"
    assert entry.app.startswith("tests ")


def test_client_reads_a_month_of_a_station(client_of, database, clock):
    samples = [Sample(timestamp=clock.now() + timedelta(hours=hour), value=hour, unit="kWh") for hour in range(48)]
    with database.unit_of_work() as work:
        work.meter_values.add("A", 1, None, samples)
        work.commit()
    client = client_of()

    day = client.station_meter_values("A", start=clock.now(), end=clock.now() + timedelta(days=1))

    assert [value.value for value in day] == list(range(24))
    with pytest.raises(BadInput, match="at most 32 days"):
        client.station_meter_values("A", start=clock.now(), end=clock.now() + timedelta(days=33))
