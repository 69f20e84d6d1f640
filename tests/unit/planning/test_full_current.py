"""A plan for all that a 16 A station gives reaches it as 16.0 A: no digit is lost from the solver to the socket."""

from datetime import timedelta

import pytest

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.limits import fit_profile
from twinev.adapters.ocpp.mapping.station import Station
from twinev.domain.charging_profile import ProfilePurpose
from twinev.sct import optimise
from twinev.services.build_problem import build_problem
from twinev.services.translate_plan import SOLVER_NOISE_W, round_down_kw, translate_plan

FULL_KW = 16 * 230 * 3 / 1000
AMPERES = Abilities(rate_unit=RateUnit.AMPERE)
STATION = Station(station_id="A", protocol="ocpp1.6", phases=3, voltage_v=230.0)


@pytest.mark.parametrize("seconds", [0, 250, 871, 893])
@pytest.mark.parametrize("limit", ["EVSE", "restriction", "supply"])
def test_full_power_in_the_plan_is_sixteen_amperes_at_the_station(make, seconds, limit):
    now = make.NOW.replace(minute=0, second=0, microsecond=0) + timedelta(seconds=seconds)
    needs = {"energy_kwh": 60.0, "departure_at": now + timedelta(hours=3)}
    state = make.state(
        now=now,
        site=make.site(supply_max_kw=FULL_KW if limit == "supply" else 300.0),
        stations=(make.station("A", max_kw=FULL_KW if limit == "EVSE" else 22.0),),
        sessions=(make.session("A", started_at=now - timedelta(minutes=5), needs=needs),),
        restrictions=(make.restriction("A", limit_kw=FULL_KW, start=now, end=now + timedelta(hours=4)),)
        if limit == "restriction"
        else (),
    )
    built = build_problem(state)

    desired = translate_plan(optimise(built.problem), built, state)

    (plan,) = (one.profile for one in desired if one.profile.purpose is ProfilePurpose.TX)
    assert {period.limit for period in fit_profile(plan, AMPERES, STATION).periods} == {16.0}


@pytest.mark.parametrize("missing_w", [0.0, 1e-7, 1e-4, 0.9e-3])
def test_solver_noise_below_a_clean_power_is_forgiven(missing_w):
    assert round_down_kw(FULL_KW - missing_w / 1000) == FULL_KW


@pytest.mark.parametrize("missing_w", [2e-3, 0.01, 0.999])
def test_a_limit_never_grows_by_more_than_the_noise(missing_w):
    power_kw = FULL_KW - missing_w / 1000

    assert round_down_kw(power_kw) <= power_kw + SOLVER_NOISE_W / 1000
    assert round_down_kw(power_kw) == 11.039
