"""Scenarios: what a file may say, and the fleet that comes with the package."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import twinev.simulator
from twinev.errors import BadInput
from twinev.simulator.fleet import ClockSetting, ProfileManner, StationSpec
from twinev.simulator.scenario import PARTS_BESIDE_STATIONS, read_scenario, require_parts

DEMO = json.loads((Path(twinev.simulator.__file__).parent / "demo_fleet.json").read_text())
STATION = {"id": "A", "ocpp": "1.6"}


@pytest.fixture
def written(tmp_path):
    """Write scenario files and return their paths."""

    def write(*contents) -> list[Path]:
        paths = [tmp_path / f"{number}.json" for number, _ in enumerate(contents)]
        for path, content in zip(paths, contents, strict=True):
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return paths

    return write


def demo_stations(written) -> tuple[StationSpec, ...]:
    return read_scenario(written({"stations": DEMO["stations"], "id_tokens": DEMO["id_tokens"]})).stations


def test_demo_fleet_has_six_stations_of_both_versions_at_two_sites(written):
    stations = demo_stations(written)
    assert Counter(station.site_id for station in stations) == {"utrecht-croeselaan": 6, "rotterdam-kruisplein": 6}
    assert set(Counter((station.site_id, station.ocpp) for station in stations).values()) == {3}
    assert {station.rate_unit for station in stations} == {None, "A", "W"}
    assert len(set(DEMO["id_tokens"])) == len(DEMO["id_tokens"]) >= 2 * len(stations)


def test_demo_fleet_asks_for_more_than_its_sites_can_give(written):
    stations = demo_stations(written)
    for site in DEMO["sites"]:
        assert sum(station.max_kw for station in stations if station.site_id == site["id"]) > site["supply_max_kw"]


def test_parts_of_a_scenario_may_lie_in_several_files(written):
    arrival = {"station": "A", "at_seconds": 5, "energy_kwh": 9, "stay_minutes": 60}
    fleet = {"url": "ws://x/ocpp", "stations": [STATION | {"name": "Bay", "key": "secret"}], "id_tokens": ["C"]}
    scenario = read_scenario(written(fleet, {"arrivals": [arrival]}))
    assert (scenario.url, scenario.stations[0].key, scenario.id_tokens) == ("ws://x/ocpp", "secret", ("C",))
    assert scenario.arrivals == {("A", 1): [arrival]}
    assert "secret" not in repr(scenario)


def test_what_every_station_has_yields_to_what_one_says(written):
    scenario = read_scenario(
        written({"every_station": {"max_kw": 22}, "stations": [STATION, STATION | {"id": "B", "max_kw": 7}]})
    )
    assert [station.max_kw for station in scenario.stations] == [22, 7]


def test_manners_of_a_station_are_read_as_what_the_simulator_compares(written):
    said = STATION | {"profiles": "ignored", "clock_set_by": "never"}
    [station] = read_scenario(written({"stations": [said]})).stations
    assert station.profiles is ProfileManner.IGNORED
    assert station.clock_set_by is ClockSetting.NEVER


def test_without_stations_they_are_made_up(written):
    scenario = read_scenario(written({"every_station": {"max_kw": 22}}), stations=2, ocpp="1.6")
    assert [(station.id, station.ocpp, station.max_kw) for station in scenario.stations] == [
        ("SIM-001", "1.6", 22),
        ("SIM-002", "1.6", 22),
    ]
    assert all(station.key is None for station in scenario.stations)
    assert len(scenario.id_tokens) == 4


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("nonsense", "JSON"),
        ([], "object"),
        ({"stations": []}, "at least one"),
        ({"station": [STATION]}, "station"),
        ({"stations": [{"ocpp": "1.6"}]}, r"stations\[0\].id"),
        ({"stations": [STATION | {"colour": "red"}]}, "colour"),
        ({"stations": [STATION | {"ocpp": "1.5"}]}, "station A: ocpp"),
        ({"stations": [STATION | {"rate_unit": "kW"}]}, "rate_unit"),
        ({"stations": [STATION, STATION]}, "different"),
        ({"id_tokens": "CARD"}, "id_tokens"),
        ({"arrivals": {}}, "arrivals"),
    ],
)
def test_scenario_that_cannot_be_used_is_refused(written, content, named):
    with pytest.raises(BadInput, match=named):
        read_scenario(written(content))


def test_example_of_the_documentation_can_be_read(written):
    page = Path(twinev.__file__).parent.parent / "docs" / "simulator.md"
    example = page.read_text(encoding="utf-8").split("## The scenario")[1].split("\n\n")[2]
    scenario = read_scenario(written(json.loads(example)))
    assert [station.id for station in scenario.stations] == ["A-1", "A-2"]
    assert [entry["kind"] for entries in scenario.faults.values() for entry in entries] == ["reboot", "charging_limit"]
    assert scenario.arrivals["A-1", 2][0]["energy_kwh"] == 20


def test_same_part_in_two_files_is_refused(written):
    with pytest.raises(BadInput, match="one file only"):
        read_scenario(written({"stations": [STATION]}, {"stations": [STATION]}))


def test_number_of_stations_beside_named_ones_is_refused(written):
    with pytest.raises(BadInput, match="--stations"):
        read_scenario(written({"stations": [STATION]}), stations=3)


def test_scenario_beside_given_stations_has_arrivals_and_faults_alone(written):
    [good, bad] = written({"arrivals": [], "faults": []}, {"arrivals": [], "stations": [STATION]})
    require_parts(good, PARTS_BESIDE_STATIONS)
    with pytest.raises(BadInput, match="arrivals and faults alone"):
        require_parts(bad, PARTS_BESIDE_STATIONS)


def test_scenario_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadInput, match=r"absent.json"):
        read_scenario([Path("absent.json")])
