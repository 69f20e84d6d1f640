"""The EV's physics as invariants: limits, ramps, energy, state of charge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.errors import BadInput
from twinev.simulator.ev import Ev, advance, plugged, seconds_to_settle, wanted_kw

evs = st.builds(
    Ev,
    battery_kwh=st.floats(1, 120),
    max_kw=st.floats(1.5, 43),
    phases=st.sampled_from([1, 3]),
    ramp_kw_per_second=st.floats(0.05, 50),
    taper_from_soc=st.floats(0, 0.99),
    taper_floor=st.floats(0, 1),
)
socs = st.floats(0, 1)
needs_kwh = st.floats(0, 150)
limits_kw = st.floats(0, 50)
bidirectional_evs = st.builds(
    Ev,
    battery_kwh=st.floats(1, 120),
    max_kw=st.floats(1.5, 43),
    max_discharge_kw=st.floats(0, 43),
    min_soc=st.floats(0, 1),
    phases=st.sampled_from([1, 3]),
    ramp_kw_per_second=st.floats(0.05, 50),
)
# What happens to an EV: for so many seconds it may draw so much.
histories = st.lists(st.tuples(st.floats(0.001, 600), limits_kw), min_size=1, max_size=6)
both_ways = st.lists(st.tuples(st.floats(0.001, 3000), st.floats(-50, 50)), min_size=1, max_size=8)


@settings(deadline=None)
@given(evs, socs, needs_kwh, histories)
def test_state_of_charge_stays_between_empty_and_full_and_never_falls(ev, soc, energy_kwh, history):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, limit_kw in history:
        before, state = state, advance(ev, state, seconds=seconds, limit_kw=limit_kw)
        assert before.battery_energy_kwh <= state.battery_energy_kwh <= state.target_kwh <= ev.battery_kwh


@settings(deadline=None)
@given(evs, socs, needs_kwh, histories)
def test_energy_delivered_is_energy_in_the_battery(ev, soc, energy_kwh, history):
    state = start = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, limit_kw in history:
        state = advance(ev, state, seconds=seconds, limit_kw=limit_kw)
    gained_kwh = state.battery_energy_kwh - start.battery_energy_kwh
    assert state.delivered_kwh == pytest.approx(gained_kwh, abs=1e-6)


@settings(deadline=None)
@given(evs, st.floats(0, 0.8), needs_kwh, histories)
def test_energy_is_the_integral_of_power(ev, soc, energy_kwh, history):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, limit_kw in history:
        step = min(seconds, 10) / 20
        integral_kwh, before = 0.0, state
        for _ in range(20):
            after = advance(ev, state, seconds=step, limit_kw=limit_kw)
            integral_kwh += (state.power_kw + after.power_kw) / 2 * step / 3600
            state = after
        # Between two looks power may bend: by no more than the ramp allows.
        bend_kwh = 20 * ev.ramp_kw_per_second * step**2 / 3600
        assert state.delivered_kwh - before.delivered_kwh == pytest.approx(integral_kwh, abs=bend_kwh + 1e-6)


@settings(deadline=None)
@given(evs, socs, needs_kwh, histories, limits_kw)
def test_power_is_never_above_the_limit_after_the_ramp(ev, soc, energy_kwh, history, limit_kw):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, earlier_limit_kw in history:
        state = advance(ev, state, seconds=seconds, limit_kw=earlier_limit_kw)
    ramp_seconds = max(0.0, state.power_kw - limit_kw) / ev.ramp_kw_per_second
    for seconds in (ramp_seconds + 1e-6, 0.01, 1.0, 60.0):
        state = advance(ev, state, seconds=seconds, limit_kw=limit_kw)
        assert state.power_kw <= limit_kw + 1e-4 * ev.ramp_kw_per_second + 1e-6
        assert state.power_kw <= ev.max_kw + 1e-9


@settings(deadline=None)
@given(evs, socs, needs_kwh, histories)
def test_power_changes_no_faster_than_the_ramp(ev, soc, energy_kwh, history):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, limit_kw in history:
        before, state = state, advance(ev, state, seconds=seconds, limit_kw=limit_kw)
        # One more millisecond: the finest step of the integration.
        allowed_kw = ev.ramp_kw_per_second * (seconds + 2e-3) + 1e-6
        assert abs(state.power_kw - before.power_kw) <= allowed_kw


@settings(deadline=None)
@given(evs, st.floats(0, 0.5), st.floats(0.5, 50))
def test_limit_below_six_amperes_per_phase_stops_the_charging(ev, soc, energy_kwh):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    state = advance(ev, state, seconds=5, limit_kw=50)
    state = advance(ev, state, seconds=ev.max_kw / ev.ramp_kw_per_second + 1, limit_kw=ev.min_kw * 0.999)
    assert state.power_kw == pytest.approx(0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(evs, socs, needs_kwh)
def test_ev_takes_exactly_what_its_driver_asked_for_when_time_suffices(ev, soc, energy_kwh):
    start = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    state = advance(ev, start, seconds=150 / 1.38 * 3600, limit_kw=50)
    if ev.max_kw < ev.min_kw:
        assert state == start
    else:
        assert state.battery_energy_kwh == pytest.approx(state.target_kwh, abs=1e-6)
        assert state.power_kw == pytest.approx(0, abs=1e-6)


def test_ev_settles_after_the_time_that_its_ramp_takes():
    ev = Ev(battery_kwh=60, max_kw=11, ramp_kw_per_second=2.75)
    state = plugged(ev, soc=0.2, energy_kwh=30)
    assert seconds_to_settle(ev, state, 11) == pytest.approx(4)
    assert advance(ev, state, seconds=4, limit_kw=11).power_kw == pytest.approx(11)
    assert advance(ev, state, seconds=2, limit_kw=11).power_kw == pytest.approx(5.5)


def test_ev_takes_less_when_it_is_nearly_full():
    ev = Ev(battery_kwh=60, max_kw=11, taper_from_soc=0.9, taper_floor=0.4)
    powers_kw = [wanted_kw(ev, plugged(ev, soc=soc, energy_kwh=10), 11) for soc in (0.5, 0.9, 0.95, 0.999)]
    assert powers_kw == pytest.approx([11, 11, 7.7, 4.466], abs=0.01)


@pytest.mark.parametrize(
    ("key", "value"), [("battery_kwh", 0), ("max_kw", -1), ("phases", 4), ("ramp_kw_per_second", float("nan"))]
)
def test_ev_that_cannot_be_is_refused(key, value):
    with pytest.raises(BadInput, match=key):
        Ev(**({"battery_kwh": 60, "max_kw": 11} | {key: value}))


@settings(deadline=None)
@given(bidirectional_evs, socs, needs_kwh, both_ways)
def test_energy_in_the_battery_is_what_flowed_in_less_what_flowed_out(ev, soc, energy_kwh, history):
    state = start = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, limit_kw in history:
        before, state = state, advance(ev, state, seconds=seconds, limit_kw=limit_kw)
        assert state.delivered_kwh >= before.delivered_kwh
        assert state.returned_kwh >= before.returned_kwh
        assert state.floor_kwh <= state.battery_energy_kwh <= state.target_kwh
        assert -ev.max_discharge_kw - 1e-6 <= state.power_kw <= ev.max_kw + 1e-6
    gained_kwh = state.battery_energy_kwh - start.battery_energy_kwh
    assert state.delivered_kwh - state.returned_kwh == pytest.approx(gained_kwh, abs=1e-6)


@settings(deadline=None)
@given(bidirectional_evs, socs, needs_kwh, both_ways, st.floats(-50, -0.1))
def test_ev_never_discharges_with_more_than_it_is_asked_for_after_the_ramp(ev, soc, energy_kwh, history, limit_kw):
    state = plugged(ev, soc=soc, energy_kwh=energy_kwh)
    for seconds, earlier_kw in history:
        state = advance(ev, state, seconds=seconds, limit_kw=earlier_kw)
    state = advance(ev, state, seconds=100 / ev.ramp_kw_per_second, limit_kw=limit_kw)
    assert limit_kw - 1e-4 * ev.ramp_kw_per_second - 1e-6 <= state.power_kw <= 1e-4 * ev.ramp_kw_per_second + 1e-6


def test_ev_that_discharges_ends_at_its_floor_and_charges_again_to_its_target():
    ev = Ev(battery_kwh=60, max_kw=11, max_discharge_kw=11, min_soc=0.25, ramp_kw_per_second=2.75)
    state = plugged(ev, soc=0.5, energy_kwh=10)
    state = advance(ev, state, seconds=600, limit_kw=-8)
    assert state.power_kw == pytest.approx(-8)
    # Ten minutes at 8 kW, less the ramp.
    assert state.returned_kwh == pytest.approx(8 / 6, abs=0.01)
    state = advance(ev, state, seconds=3 * 3600, limit_kw=-8)
    assert (state.power_kw, state.battery_energy_kwh) == (0, 15)
    state = advance(ev, state, seconds=4 * 3600, limit_kw=11)
    assert (state.power_kw, state.battery_energy_kwh) == (0, 40)
    assert (state.returned_kwh, state.delivered_kwh) == (pytest.approx(15), pytest.approx(25))


def test_ev_without_the_gift_does_not_discharge():
    ev = Ev(battery_kwh=60, max_kw=11)
    state = advance(ev, plugged(ev, soc=0.9, energy_kwh=3), seconds=600, limit_kw=-8)
    assert (state.power_kw, state.returned_kwh, state.delivered_kwh) == (0, 0, 0)


def test_ev_turns_from_charging_to_discharging_along_its_ramp():
    ev = Ev(battery_kwh=60, max_kw=11, max_discharge_kw=11, ramp_kw_per_second=1)
    state = advance(ev, plugged(ev, soc=0.5, energy_kwh=20), seconds=60, limit_kw=8)
    assert seconds_to_settle(ev, state, -8) == pytest.approx(16)
    powers_kw = [advance(ev, state, seconds=seconds, limit_kw=-8).power_kw for seconds in (4, 8, 12, 16, 20)]
    assert powers_kw == pytest.approx([4, 0, -4, -8, -8], abs=1e-6)
