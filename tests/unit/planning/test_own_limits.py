"""A station that limits itself is planned at that where report and meter agree, and tried again after a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from twinev.services.compare_composite import Difference
from twinev.services.own_limits import believed_limits, own_limits

KEY = ("A", 1)


def reported(make, *differences):
    """Differences as (from minutes, to minutes, expected kW, reported kW)."""
    found = [
        Difference(
            start=make.NOW + timedelta(minutes=start),
            end=make.NOW + timedelta(minutes=end),
            expected_kw=expected_kw,
            reported_kw=reported_kw,
        )
        for start, end, expected_kw, reported_kw in differences
    ]
    return {KEY: own_limits(KEY, found, make.NOW)}


def test_only_what_is_below_becomes_a_limit(make):
    (limit,) = reported(make, (0, 60, 7.0, 3.7), (60, 90, 7.0, 9.0))[KEY]

    assert (limit.station_id, limit.evse_id) == KEY
    assert limit.schedule.limit_kw_at(make.NOW) == 3.7
    assert limit.schedule.limit_kw_at(make.NOW + timedelta(minutes=60)) is None


@pytest.mark.parametrize(
    ("measured_after_minutes", "power_kw", "minutes_later", "believed"),
    [
        (1, 3.6, 2, True),
        (1, 6.9, 2, False),
        (-1, 3.6, 2, False),
        (None, 0.0, 2, False),
        (1, 3.6, 31, False),
    ],
)
def test_report_is_believed_while_the_meter_agrees_for_half_an_hour(
    make, measured_after_minutes, power_kw, minutes_later, believed
):
    measured_at = None if measured_after_minutes is None else make.NOW + timedelta(minutes=measured_after_minutes)
    session = make.session("A", power_kw=power_kw, measured_at=measured_at)
    limits = reported(make, (0, 60, 7.0, 3.7))

    found = believed_limits(limits, [session], make.NOW + timedelta(minutes=minutes_later))

    assert found == (list(limits[KEY]) if believed else [])


def test_station_without_a_report_of_less_has_none(make):
    session = make.session("B", power_kw=1.0, measured_at=make.NOW + timedelta(minutes=1))

    assert believed_limits(reported(make, (0, 60, 7.0, 3.7)), [session], make.NOW + timedelta(minutes=2)) == []
