"""A month of one station is found by an index, however many values there are: on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from meter_value_load import FIRST, MEASURAND, insert_values, month_plan, station_ids, with_stations

from twinev.adapters.database.meter_values import within

INDEX = "ix_meter_values_station_id_timestamp"


def assert_month_uses_the_index(database, stations: int) -> None:
    start = FIRST + timedelta(days=60)
    statement = within(station_ids(stations)[stations // 2], start=start, end=start + timedelta(days=30))

    plan = month_plan(database, statement)

    assert INDEX in plan, plan
    assert "Seq Scan" not in plan
    assert "SCAN meter_values" not in plan


def test_month_of_one_station_uses_the_index(database):
    with_stations(database, 20)
    insert_values(database, stations=20, rows=60_000)

    assert_month_uses_the_index(database, 20)


def test_month_of_one_station_is_what_was_measured_then(database):
    with_stations(database, 2)
    insert_values(database, stations=2, rows=20_000)
    start = FIRST + timedelta(days=10)

    with database.reading() as work:
        found = work.meter_values.of_station("S0001", start=start, end=start + timedelta(days=1))
        energy = work.meter_values.of_station(
            "S0001", start=start, end=FIRST + timedelta(days=400), measurand=MEASURAND
        )

    times = [sample.timestamp for _, sample in found]
    assert times == sorted(times)
    assert min(times) >= start
    assert max(times) < start + timedelta(days=1)
    assert found
    assert {sample.measurand for _, sample in energy} == {MEASURAND}


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_month_of_one_station_uses_the_index_among_five_million_values(database):
    with_stations(database, 50)
    insert_values(database, stations=50, rows=5_000_000)

    assert_month_uses_the_index(database, 50)
