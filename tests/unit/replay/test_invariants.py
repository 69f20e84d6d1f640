"""Physics that holds on every day, whatever the drivers do or say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinev.domain.vehicles import DriverProfile
from twinev.services.replay.metrics import site_power_kw
from twinev.services.replay.planned import Planned
from twinev.services.replay.rolling import run_strategy, slot_starts
from twinev.services.replay.uncontrolled import Uncontrolled

# A driver: arrives, stays [h], draws [kW] for this share of the stay, asks [kWh], declares a stay [h].
DRIVER = st.tuples(
    st.floats(6, 20),
    st.floats(0.1, 12),
    st.floats(0.5, 7),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0.1, 80)),
    st.one_of(st.none(), st.floats(-1, 14)),
)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def crowd(ev):
    def build(drivers):
        return tuple(
            ev(
                f"EV{n}",
                arrives,
                arrives + stays,
                kw * stays * share,
                max_kw=kw,
                says=(asks, None if says_to_stay is None else arrives + says_to_stay),
            )
            for n, (arrives, stays, kw, share, asks, says_to_stay) in enumerate(drivers)
        )

    return build


@SETTINGS
@given(drivers=st.lists(DRIVER, min_size=1, max_size=6))
def test_uncontrolled_gives_every_ev_what_it_took(crowd, site, drivers):
    evs = crowd(drivers)

    run = run_strategy(Uncontrolled(), evs, site(site_kw=1.0))

    for e in evs:
        assert run.received_kwh[e.id] == pytest.approx(e.need_kwh, abs=1e-6)


@SETTINGS
@given(
    drivers=st.lists(DRIVER, min_size=1, max_size=6),
    place=st.tuples(st.floats(0.5, 30), st.sampled_from([5, 15])),
)
def test_planned_power_keeps_the_limit_of_the_site(crowd, site, greedy_tool, drivers, place):
    site_kw, slot_minutes = place
    strategy = Planned(profile=DriverProfile.CHEAP, optimise=greedy_tool)

    run = run_strategy(strategy, crowd(drivers), site(site_kw=site_kw, slot_minutes=slot_minutes))

    assert max(site_power_kw(run, slot_minutes / 60)) <= site_kw + 1e-6
    assert run.highest_kw <= site_kw + 1e-6


@SETTINGS
@given(drivers=st.lists(DRIVER, min_size=1, max_size=6), planned=st.booleans())
def test_energy_flows_only_while_plugged_in_and_adds_up(crowd, site, greedy_tool, drivers, planned):
    evs, place = crowd(drivers), site(site_kw=15.0)
    strategy = Planned(profile=DriverProfile.CHEAP, optimise=greedy_tool) if planned else Uncontrolled()

    run = run_strategy(strategy, evs, place)

    starts = slot_starts(evs, place.slot)
    for e in evs:
        energies = run.energy_kwh[e.id]
        assert sum(energies) == pytest.approx(run.received_kwh[e.id], abs=1e-9)
        assert run.received_kwh[e.id] <= e.need_kwh + 1e-9
        for start, kwh in zip(starts, energies, strict=True):
            begin = max(start, e.session.connected_at)
            hours = max(0.0, (min(start + place.slot, e.session.disconnected_at) - begin) / timedelta(hours=1))
            assert -1e-12 <= kwh <= e.max_kw * hours + 1e-9
