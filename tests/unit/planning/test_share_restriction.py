"""One limit over several sites: the parts add up, whoever is planned first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.services.evse_limits import EvseLimits
from twinev.services.share_restriction import fair_parts_kw, share_kw


def told(make, station_id, limit_kw):
    profile = ChargingProfile(
        id=12,
        purpose=ProfilePurpose.TX,
        stack_level=0,
        evse_id=1,
        schedule=ChargingSchedule(start=make.NOW, periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),)),
        ocpp_transaction_id=f"tx-{station_id}",
    )
    return {(station_id, 1): EvseLimits(tx=(profile,))}


def states_of(make, *, needs_kwh, told_kw, online=(True, True)):
    """Two sites with one station and EV each."""
    return {
        name: make.state(
            site=make.site(name),
            stations=(make.station(name, site_id=name, online=up),),
            sessions=(make.session(name, site_id=name, needs={"energy_kwh": need}),),
            limits=told(make, name, kw),
        )
        for name, need, kw, up in zip(("one", "two"), needs_kwh, told_kw, online, strict=True)
    }


def test_fair_parts_follow_need_and_add_up(make):
    states = states_of(make, needs_kwh=(30.0, 10.0), told_kw=(5.0, 5.0))
    restriction = make.restriction("one", "two", limit_kw=8.0)

    parts = fair_parts_kw(restriction, states, states["one"].horizon)

    assert (parts["one"][0], parts["two"][0]) == pytest.approx((6.0, 2.0))


def test_offline_site_is_served_first(make):
    states = states_of(make, needs_kwh=(30.0, 10.0), told_kw=(5.0, 5.0), online=(True, False))
    restriction = make.restriction("one", "two", limit_kw=8.0)

    parts = fair_parts_kw(restriction, states, states["one"].horizon)

    assert (parts["one"][0], parts["two"][0]) == pytest.approx((3.0, 5.0))


def test_site_rises_only_as_far_as_the_other_has_fallen(make):
    restriction = make.restriction("one", "two", limit_kw=8.0)
    before = states_of(make, needs_kwh=(30.0, 10.0), told_kw=(4.0, 4.0))
    after = states_of(make, needs_kwh=(30.0, 10.0), told_kw=(4.0, 2.0))
    horizon = before["one"].horizon

    assert share_kw(restriction, before, "one", horizon)[0] == pytest.approx(4.0)
    assert share_kw(restriction, before, "two", horizon)[0] == pytest.approx(2.0)
    assert share_kw(restriction, after, "one", horizon)[0] == pytest.approx(6.0)


@given(
    needs_kwh=st.tuples(st.floats(0, 50), st.floats(0, 50)),
    told_kw=st.tuples(st.floats(0, 11), st.floats(0, 11)),
    limit_kw=st.floats(0, 30),
    first=st.sampled_from(["one", "two"]),
)
def test_sum_holds_whoever_is_planned_first(make, needs_kwh, told_kw, limit_kw, first):
    restriction = make.restriction("one", "two", limit_kw=limit_kw)
    draws = dict(zip(("one", "two"), told_kw, strict=True))
    order = [first, "two" if first == "one" else "one"]

    for site_id in order * 2:
        states = states_of(make, needs_kwh=needs_kwh, told_kw=tuple(draws.values()))
        share = share_kw(restriction, states, site_id, states[site_id].horizon)
        draws[site_id] = min(share[0], 11.0)

    assert sum(draws.values()) <= limit_kw + 1e-6
