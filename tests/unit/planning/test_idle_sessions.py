"""When an EV counts as one that needs nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from twinev.domain.charge_points import ChargingState
from twinev.services.idle_sessions import IdleSessions


def watched(make, steps):
    """Observe (minute, measured kW, offered kW) one after the other; return the ids that are idle at the end."""
    idle, session = IdleSessions(), make.session("A")
    for minute, power_kw, offered_kw in steps:
        now = make.NOW + timedelta(minutes=minute)
        idle.observe(replace(session, power_kw=power_kw, measured_at=now), now, offered_kw=offered_kw, least_kw=1.38)
    return idle.ids


@pytest.mark.parametrize(
    ("steps", "is_idle"),
    [
        ([(0, 0.0, 7.0), (6, 0.0, 7.0)], True),
        ([(0, 0.0, 7.0), (4, 0.0, 7.0)], False),
        ([(0, 0.0, 7.0), (3, 5.0, 7.0), (6, 0.0, 7.0)], False),
        ([(0, 0.0, 1.3), (6, 0.0, 1.3)], False),
        ([(0, 0.0, 7.0), (3, 0.0, 0.0), (6, 0.0, 7.0)], False),
        ([(0, 0.0, 7.0), (6, 0.0, 7.0), (7, 0.0, 0.0), (20, 0.0, 0.0)], True),
        ([(0, 0.0, 7.0), (6, 0.0, 7.0), (37, 0.0, 0.0)], False),
        ([(0, 0.0, 7.0), (6, 0.0, 7.0), (7, 3.0, 7.0)], False),
    ],
    ids=["full", "too soon", "took some", "limit too low", "we stopped it", "stays idle", "asked again", "woke up"],
)
def test_idle_is_who_takes_nothing_of_an_offer(make, steps, is_idle):
    assert bool(watched(make, steps)) is is_idle


def test_ev_that_its_evse_holds_back_is_not_idle(make):
    idle, session = IdleSessions(), make.session("A", charging_state=ChargingState.SUSPENDED_EVSE)
    for minute in (0, 6, 12):
        now = make.NOW + timedelta(minutes=minute)
        assert not idle.observe(replace(session, measured_at=now), now, offered_kw=7.0, least_kw=1.38)

    assert not idle.ids


def test_silent_meter_makes_nobody_idle(make):
    idle, session = IdleSessions(), make.session("A")
    for minute in (0, 6, 12):
        assert not idle.observe(session, make.NOW + timedelta(minutes=minute), offered_kw=7.0, least_kw=1.38)

    assert not idle.ids


def test_new_needs_and_departures_are_forgotten(make):
    idle, session = IdleSessions(), make.session("A")
    for minute in (0, 6):
        now = make.NOW + timedelta(minutes=minute)
        idle.observe(replace(session, measured_at=now), now, offered_kw=7.0, least_kw=1.38)
    assert idle.ids

    idle.keep_only(set())

    assert not idle.ids
