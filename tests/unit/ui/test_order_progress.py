"""How far an order has come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from twinev.ui.live import Snapshot
from twinev.ui.order_progress import progress_html, steps_of
from twinev.wire.rest.plans import PlanOut


def _plan(made_at: datetime) -> PlanOut:
    return PlanOut(
        id="p1", site_id="utrecht", made_at=made_at, trigger="restriction.created", formulation="cpo",
        status="optimal", solver="SCIP", gap=0.0, objective=1.0, solve_seconds=0.1,
    )  # fmt: skip


@pytest.fixture
def ordered_at(now: datetime) -> datetime:
    return now - timedelta(minutes=1)


def test_fresh_order_waits_for_its_plan(snapshot: Snapshot, make_restriction) -> None:
    restriction = make_restriction(power_kw=30.0, state="pending", first_enforced_at=None)
    states = [step.state for step in steps_of(restriction, [], [], snapshot)]
    assert states == ["done", "doing", "waiting", "waiting", "waiting", "doing"]


def test_finished_order_tells_the_time_of_each_step(snapshot, make_restriction, make_command, ordered_at) -> None:
    commands = [
        make_command(station, action, ordered_at + timedelta(seconds=seconds))
        for station in ("UTR-01", "UTR-02")
        for action, seconds in (("SetChargingProfile", 1.0), ("GetCompositeSchedule", 2.0))
    ]
    plans = [_plan(ordered_at + timedelta(seconds=0.5))]
    steps = steps_of(make_restriction(), plans, commands, snapshot)
    assert {step.state for step in steps} == {"done"}
    assert [(step.at - ordered_at).total_seconds() for step in steps] == [0, 0.5, 1.0, 1.2, 2.2, 5.0]


def test_one_station_that_refuses_keeps_the_step_open(snapshot, make_restriction, make_command, ordered_at) -> None:
    commands = [
        make_command("UTR-01", "SetChargingProfile", ordered_at + timedelta(seconds=1)),
        make_command("UTR-02", "SetChargingProfile", ordered_at + timedelta(seconds=1), outcome="rejected"),
    ]
    _, _, sent, accepted, *_ = steps_of(make_restriction(), [], commands, snapshot)
    assert (sent.state, accepted.state, accepted.detail) == ("done", "doing", "1 of 2")


def test_what_happened_before_the_order_does_not_count(snapshot, make_restriction, make_command, ordered_at) -> None:
    before = ordered_at - timedelta(seconds=1)
    commands = [make_command("UTR-01", "SetChargingProfile", before)]
    _, planned, sent, *_ = steps_of(make_restriction(), [_plan(before)], commands, snapshot)
    assert (planned.state, sent.state) == ("doing", "waiting")


def test_order_for_later_waits_for_its_start(snapshot, make_restriction, now) -> None:
    later = make_restriction(start=now + timedelta(hours=1), end=now + timedelta(hours=2), state="scheduled")
    *_, under = steps_of(later, [], [], snapshot)
    assert (under.state, under.detail) == ("waiting", "when it starts, 14:00")


def test_power_over_the_limit_is_never_called_done(snapshot, make_restriction) -> None:
    *_, under = steps_of(make_restriction(power_kw=13.0), [], [], snapshot)
    assert under.state == "doing"
    assert under.at is None


def test_station_that_does_not_follow_is_named_with_its_reason(snapshot, make_restriction) -> None:
    stations = ({"station_id": "UTR-02", "state": "not_enforced", "reason": "offline <b>"},)
    html = progress_html(make_restriction(stations=stations, state="partly"), [], [], snapshot)
    assert "<b>UTR-02</b> offline &lt;b&gt;" in html
