"""Fleet files, and the one that comes with the package."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import twinev.simulator
from twinev.errors import BadInput
from twinev.simulator.fleet import make_fleet, read_fleet

DEMO = Path(twinev.simulator.__file__).parent / "demo_fleet.json"


def test_demo_fleet_has_six_stations_of_both_versions_at_two_sites():
    fleet = read_fleet(DEMO)
    assert Counter(station.site_id for station in fleet.stations) == {
        "utrecht-croeselaan": 6,
        "rotterdam-kruisplein": 6,
    }
    assert set(Counter((station.site_id, station.ocpp) for station in fleet.stations).values()) == {3}
    assert {station.rate_unit for station in fleet.stations} == {None, "A", "W"}
    assert len(set(fleet.id_tokens)) == len(fleet.id_tokens) >= 2 * len(fleet.stations)


def test_demo_fleet_asks_for_more_than_its_sites_can_give():
    sites = json.loads(DEMO.read_text())["sites"]
    for site in sites:
        asked_kw = sum(station.max_kw for station in read_fleet(DEMO).stations if station.site_id == site["id"])
        assert asked_kw > site["supply_max_kw"]


def test_fleet_file_brings_keys_and_the_address(tmp_path):
    file = tmp_path / "fleet.json"
    station = {"id": "A", "name": "Bay", "ocpp": "1.6", "max_kw": 11, "phases": 3, "key": "secret"}
    file.write_text(json.dumps({"url": "ws://x/ocpp", "stations": [station], "id_tokens": ["C"]}))
    fleet = read_fleet(file)
    assert (fleet.url, fleet.stations[0].key) == ("ws://x/ocpp", "secret")
    assert "secret" not in repr(fleet)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("nonsense", "JSON"),
        ("[]", "stations"),
        ('{"stations": [], "id_tokens": ["C"]}', "at least one"),
        ('{"stations": [{"id": "A", "ocpp": "1.5"}], "id_tokens": ["C"]}', "station A: ocpp"),
        ('{"stations": [{"id": "A", "ocpp": "1.6", "rate_unit": "kW"}], "id_tokens": ["C"]}', "rate_unit"),
    ],
)
def test_fleet_file_that_cannot_be_used_is_refused(tmp_path, content, named):
    file = tmp_path / "fleet.json"
    file.write_text(content)
    with pytest.raises(BadInput, match=named):
        read_fleet(file)


def test_fleet_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"absent.json"):
        read_fleet(tmp_path / "absent.json")


def test_made_up_fleet_is_numbered():
    fleet = make_fleet(stations=2, ocpp="2.0.1")
    assert [station.id for station in fleet.stations] == ["SIM-001", "SIM-002"]
    assert all(station.key is None for station in fleet.stations)
