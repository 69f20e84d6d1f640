"""A station's clock: it drifts as it must, and is corrected by what the station listens to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.simulator.fleet import ClockSetting, StationSpec
from twinev.simulator.memory import StationMemory
from twinev.simulator.station_clock import StationClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def clock(drift: float, set_by: ClockSetting = ClockSetting.HEARTBEAT) -> StationClock:
    spec = StationSpec(id="A", ocpp="1.6", clock_drift_seconds_per_hour=drift, clock_set_by=set_by)
    return StationClock(spec=spec, memory=StationMemory(at=NOW, clock_set_at=NOW, evses=[]))


@pytest.mark.parametrize("drift", [0, 30, -30, 1800])
def test_clock_drifts_by_so_many_seconds_each_hour(drift):
    assert clock(drift).shown(NOW + 2 * HOUR) == NOW + 2 * HOUR + timedelta(seconds=2 * drift)


@given(st.floats(-1800, 1800), st.floats(-3600, 3600), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_true_time_is_the_inverse_of_the_shown_time(drift, told_off_seconds, later):
    station_clock = clock(drift)
    station_clock.told(NOW + HOUR + timedelta(seconds=told_off_seconds), NOW + HOUR, by=ClockSetting.HEARTBEAT)
    at = NOW + HOUR + later
    assert abs(station_clock.true(station_clock.shown(at)) - at) <= timedelta(microseconds=10)


@pytest.mark.parametrize(
    ("set_by", "by", "corrected"),
    [
        (ClockSetting.HEARTBEAT, ClockSetting.HEARTBEAT, True),
        (ClockSetting.HEARTBEAT, ClockSetting.BOOT, True),
        (ClockSetting.BOOT, ClockSetting.HEARTBEAT, False),
        (ClockSetting.BOOT, ClockSetting.BOOT, True),
        (ClockSetting.NEVER, ClockSetting.BOOT, False),
    ],
)
def test_clock_is_corrected_by_what_the_station_listens_to(set_by, by, corrected):
    station_clock = clock(60, set_by)
    assert station_clock.told(NOW + HOUR, NOW + HOUR, by=by) is corrected
    off = timedelta(0) if corrected else timedelta(seconds=60)
    assert station_clock.shown(NOW + HOUR) == NOW + HOUR + off
    assert station_clock.shown(NOW + 2 * HOUR) == NOW + 2 * HOUR + off + timedelta(seconds=60)


def test_jitter_of_an_answer_moves_no_hands():
    station_clock = clock(1)
    assert not station_clock.told(NOW + HOUR + timedelta(seconds=0.5), NOW + HOUR, by=ClockSetting.HEARTBEAT)


def test_clock_without_drift_is_the_platform_s():
    station_clock = clock(0)
    assert not station_clock.told(NOW + HOUR, NOW, by=ClockSetting.BOOT)
    assert station_clock.shown(NOW) is NOW
