"""Who comes when: repeatable, plausible, and never more than a station can give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinev.errors import BadInput
from twinev.simulator.arrivals import ScriptedVisits, read_arrivals
from twinev.simulator.drivers import SeededVisits
from twinev.simulator.fleet import StationSpec, make_stations

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STATIONS = make_stations(count=12, ocpp="1.6", common={})
CARDS = tuple(f"CARD-{number}" for number in range(24))


def seeded(seed: int = 1) -> SeededVisits:
    return SeededVisits(seed=seed, stations=STATIONS, id_tokens=CARDS, settle_in_seconds=6)


def day(visits: SeededVisits, station: StationSpec, count: int = 6) -> list:
    found, free_since = [], NOW
    for number in range(count):
        visit = visits.next_visit(station, evse_id=1, number=number, free_since=free_since, started=number == 0)
        found.append(visit)
        free_since = visit.arrives_at + timedelta(seconds=visit.stay_seconds)
    return found


def test_visits_are_the_same_for_the_same_seed():
    assert [day(seeded(), station) for station in STATIONS] == [day(seeded(), s) for s in STATIONS]


def test_visits_differ_with_the_seed_and_with_the_station():
    first, second = STATIONS[:2]
    assert day(seeded(1), first) != day(seeded(2), first)
    assert day(seeded(1), first)[3] != day(seeded(1), second)[3]


def test_a_visit_does_not_depend_on_the_visits_before():
    station = STATIONS[4]
    expected = day(seeded(), station)[3]
    free_since = expected.arrives_at - timedelta(minutes=20)
    again = seeded().next_visit(station, evse_id=1, number=3, free_since=free_since, started=False)
    assert (again.soc, again.energy_kwh, again.stay_seconds) == (
        expected.soc,
        expected.energy_kwh,
        expected.stay_seconds,
    )


def test_two_thirds_of_the_stations_are_occupied_soon_and_one_after_the_other():
    visits = seeded()
    first = sorted(day(visits, station, 1)[0].arrives_at for station in STATIONS)
    soon = [at for at in first if at <= NOW + timedelta(seconds=6)]
    assert len(soon) == 8
    assert len(set(soon)) == 8
    assert all(at >= NOW + timedelta(minutes=15) for at in first[8:])


def test_no_driver_asks_for_more_than_fits():
    for station in STATIONS:
        for visit in day(seeded(), station, 20):
            stay_hours = visit.stay_seconds / 3600
            assert 0 < visit.energy_kwh <= 0.61 * min(visit.ev.max_kw, station.max_kw) * stay_hours
            assert visit.soc + visit.energy_kwh / visit.ev.battery_kwh <= 0.91
            assert visit.ev.min_kw < station.max_kw


def test_no_card_is_at_two_stations():
    cards = [{visit.id_token for visit in day(seeded(), station, 9)} for station in STATIONS]
    assert sum(map(len, cards)) == len(set().union(*cards))


def test_scripted_visit_comes_at_its_time_or_when_the_station_is_free():
    script = {("SIM-001", 1): [{"at_seconds": 60, "energy_kwh": 10, "stay_minutes": 30}] * 2}
    visits = ScriptedVisits(arrivals=script, origin=NOW, id_tokens=["CARD"])
    station = STATIONS[0]
    on_time = visits.next_visit(station, evse_id=1, number=0, free_since=NOW, started=True)
    late = visits.next_visit(station, evse_id=1, number=1, free_since=NOW + timedelta(hours=1), started=False)
    assert on_time.arrives_at == NOW + timedelta(seconds=60)
    assert late.arrives_at == NOW + timedelta(hours=1)
    assert visits.next_visit(station, evse_id=1, number=2, free_since=NOW, started=False) is None
    assert visits.next_visit(STATIONS[1], evse_id=1, number=0, free_since=NOW, started=True) is None


GOOD = {"station": "SIM-001", "at_seconds": 0, "energy_kwh": 10, "stay_minutes": 30}


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (GOOD | {"station": "SIM-099"}, r"arrivals\[0\].station"),
        (GOOD | {"evse": 2}, r"arrivals\[0\].evse"),
        (GOOD | {"energy_kwh": -1}, r"arrivals\[0\].energy_kwh"),
        (GOOD | {"colour": "red"}, r"arrivals\[0\].*colour"),
        ({"station": "SIM-001"}, r"arrivals\[0\].at_seconds"),
        ("SIM-001", r"arrivals\[0\]"),
    ],
)
def test_arrival_that_cannot_be_used_is_refused_by_its_key(entry, key):
    with pytest.raises(BadInput, match=key):
        read_arrivals([entry], STATIONS)


def test_arrivals_are_read_in_order_of_time():
    arrivals = read_arrivals([GOOD | {"at_seconds": 9}, GOOD], STATIONS)
    assert [entry["at_seconds"] for entry in arrivals["SIM-001", 1]] == [0, 9]


def test_who_starts_from_his_phone_comes_at_once_without_a_card():
    visits = seeded()
    coming = visits.next_visit(STATIONS[0], evse_id=1, number=3, free_since=NOW, started=False)

    called = visits.called(coming, NOW)

    assert NOW < called.arrives_at <= NOW + timedelta(minutes=1)
    assert called.id_token is None
    assert (called.energy_kwh, called.stay_seconds) == (coming.energy_kwh, coming.stay_seconds)
    assert visits.called(None, NOW) is None


def test_call_changes_nothing_of_what_is_written_down():
    arrivals = read_arrivals(
        [{"station": STATIONS[0].id, "at_seconds": 900, "energy_kwh": 10, "stay_minutes": 60}], STATIONS
    )
    visits = ScriptedVisits(arrivals=arrivals, origin=NOW, id_tokens=CARDS)
    coming = visits.next_visit(STATIONS[0], evse_id=1, number=0, free_since=NOW, started=True)

    assert visits.called(coming, NOW) == coming
