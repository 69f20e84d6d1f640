"""How well a restriction was kept, from what meters said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.facts import Sample
from twinev.domain.grid import Restriction, RestrictionAct, RestrictionChange
from twinev.domain.session import ChargingSession
from twinev.services.measure_restriction import MOST_STEPS, OrderedLimit, judge_measured, ordered_limits
from twinev.services.power_steps import HOLD, PowerStep, means_kw, metered_power, summed

START = datetime(2026, 11, 23, 18, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def step(begins: float, ends: float, power_kw: float) -> PowerStep:
    return PowerStep(start=at(begins), end=at(ends), power_kw=power_kw)


def limit(begins: float, ends: float, limit_kw: float) -> OrderedLimit:
    return OrderedLimit(start=at(begins), end=at(ends), limit_kw=limit_kw)


def power(minutes: float, value: float, **changes: object) -> Sample:
    return Sample(timestamp=at(minutes), measurand="Power.Active.Import", value=value, unit="kW", **changes)


def register(minutes: float, value: float, measurand: str = "Energy.Active.Import.Register") -> Sample:
    return Sample(timestamp=at(minutes), measurand=measurand, value=value, unit="kWh")


def session(**changes: object) -> ChargingSession:
    values = {
        "id": "s", "site_id": "site", "station_id": "A", "evse_id": 1, "ocpp_transaction_id": "1", "id_token": None,
        "started_at": at(-30), "ended_at": None,
    } | changes  # fmt: skip
    return ChargingSession(**values)


def steps_of(samples: list[Sample], *, ends: float = 60, **changes: object) -> list[tuple[float, float, float]]:
    found = metered_power(session(**changes), samples, start=START, until=at(ends)).steps
    return [
        ((s.start - START) / timedelta(minutes=1), (s.end - START) / timedelta(minutes=1), s.power_kw) for s in found
    ]


def test_reading_holds_until_the_next_one_and_the_last_until_the_session_ends() -> None:
    samples = [power(-5, 11), power(5, 4), power(15, 0), power(18, 7)]
    assert steps_of(samples, ended_at=at(25)) == [(0, 5, 11), (5, 15, 4), (15, 18, 0), (18, 25, 7)]


def test_phases_are_summed_and_export_counts_against_import() -> None:
    exported = Sample(timestamp=at(0), measurand="Power.Active.Export", value=5, unit="kW")
    samples = [power(0, 1, phase="L1"), power(0, 2, phase="L2"), exported]
    assert steps_of(samples, ends=10) == [(0, 10, -2)]


def test_station_that_sends_its_register_alone_is_taken_at_its_slope() -> None:
    samples = [register(-15, 100), register(15, 104), register(30, 106)]
    assert steps_of(samples) == [(0, 15, pytest.approx(8)), (15, 30, pytest.approx(8))]


def test_register_of_what_was_given_back_counts_against_it() -> None:
    exported = "Energy.Active.Export.Register"
    samples = [register(0, 10), register(0, 1, exported), register(15, 10), register(15, 2, exported)]
    assert steps_of(samples) == [(0, 15, pytest.approx(-4))]


def test_meter_of_the_station_itself_is_left_out() -> None:
    assert steps_of([power(0, 11), power(0, 99, location="Inlet")], ends=10) == [(0, 10, 11)]


def test_meter_that_falls_silent_is_not_believed_for_ever() -> None:
    silent = metered_power(session(), [power(0, 11)], start=START, until=at(60))
    assert [s.end for s in silent.steps] == [START + HOLD]
    assert silent.silent
    assert not metered_power(session(), [power(0, 11), power(19, 11)], start=START, until=at(35)).silent


def test_sum_of_steps_has_no_gaps() -> None:
    total = summed([step(0, 20, 5), step(10, 30, 7)], start=START, until=at(40))
    assert [s.power_kw for s in total] == [5, 12, 7, 0]
    assert [s.start for s in total] == [at(0), at(10), at(20), at(30)]


@given(
    st.lists(st.tuples(st.floats(-30, 90), st.floats(0.1, 50), st.floats(-20, 50)), max_size=12),
    st.sampled_from([30, 60, 700, 3600]),
)
def test_means_hold_the_energy_of_the_steps(parts: list[tuple[float, float, float]], step_seconds: float) -> None:
    steps = [step(begins, begins + lasts, power_kw) for begins, lasts, power_kw in parts]
    total = summed(steps, start=START, until=at(60))
    means = means_kw(total, start=START, until=at(60), step_seconds=step_seconds)
    widths = [min(step_seconds, 3600 - number * step_seconds) for number in range(len(means))]
    energy_kwh = sum(mean * width / 3600 for mean, width in zip(means, widths, strict=True))
    assert energy_kwh == pytest.approx(sum(s.power_kw * s.hours for s in total), abs=2e-3)


def test_time_within_the_limit_and_the_energy_above_it() -> None:
    measured = judge_measured([limit(0, 60, 10)], [step(0, 15, 22), step(15, 60, 9)], start=START, until=at(60))
    assert measured.kept_share == pytest.approx(0.75)
    assert measured.excess_kwh == pytest.approx(12 * 0.25)
    assert measured.highest_kw == 22


def test_what_a_meter_and_rounding_explain_is_no_breach() -> None:
    measured = judge_measured([limit(0, 60, 10)], [step(0, 60, 10.15)], start=START, until=at(60))
    assert measured.kept_share == 1


def test_each_limit_counts_in_its_own_time() -> None:
    limits = [limit(0, 30, 20), limit(30, 60, 5)]
    assert judge_measured(limits, [step(0, 60, 12)], start=START, until=at(60)).kept_share == pytest.approx(0.5)


def test_restriction_that_has_not_begun_was_neither_kept_nor_broken() -> None:
    measured = judge_measured([], [], start=START, until=START)
    assert (measured.kept_share, measured.highest_kw, measured.measured_kw) == (None, None, ())


def test_long_restriction_has_no_more_steps_than_a_chart_can_show() -> None:
    measured = judge_measured([limit(0, 30 * 1440, 10)], [], start=START, until=at(30 * 1440))
    assert len(measured.measured_kw) <= MOST_STEPS


def test_ordered_limits_follow_the_changes() -> None:
    order = Restriction(
        id="r", station_ids=("A",), limit_kw=5, start=at(0), end=at(60), created_by="olga", created_at=at(-10)
    )
    acts = [
        RestrictionChange(restriction_id="r", at=moment, by="olga", act=act, limit_kw=kw, end=at(60), v2g=False)
        for moment, act, kw in [
            (at(-10), RestrictionAct.ORDERED, 20.0),
            (at(-5), RestrictionAct.CHANGED, 15.0),
            (at(20), RestrictionAct.CHANGED, 5.0),
        ]
    ]
    assert ordered_limits(order, acts, start=at(0), until=at(40)) == (limit(0, 20, 15), limit(20, 40, 5))
