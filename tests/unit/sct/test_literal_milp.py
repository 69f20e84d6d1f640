"""The compact forms against the printed model, written out and solved by CBC, on random small sites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.sct.literal_model import LiteralModel
from unit.sct.plan_values import PlanValues
from unit.sct.strategies import FEW, PROFILES, REGIMES, run_campaign, sites

from twinev.sct import Problem, optimise, verify

FORMULATIONS = ("cpo", "v2g", "grid", "tradeoff")
GAP = 1e-6
LEAST_EUR = 0.01
# What the tolerances of two solvers and of the literal model's stages add up to. [kWh, €]
NUMERICS = 5e-6
# PuLP 3 still brings CBC with it and announces that PuLP 4 will want it installed apart.
pytestmark = pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated:DeprecationWarning")


def energies_kwh(schedule):
    return [session.energy_kwh for session in schedule.sessions]


def assert_gives_way_as_little_as_possible(reached, expected):
    """Excess, shortfall of each priority and its sharing."""
    assert reached.excess_kwh == pytest.approx(expected.excess_kwh, abs=NUMERICS)
    assert reached.shortfall_kwh == pytest.approx(expected.shortfall_kwh, abs=NUMERICS)
    for tier, shares in expected.shares.items():
        if shares:
            assert reached.shares[tier] == pytest.approx(shares, abs=NUMERICS)


def check_optimum(data, formulation):
    """The plan of a formulation's own objective is the literal optimum, verified, with an honest bound."""
    problem = Problem.from_dict(data)
    model = LiteralModel(data, formulation)
    expected = model.optimum()

    schedule = optimise(problem, formulation=formulation, gap=GAP)

    assert str(verify(problem, schedule)) == "every rule holds"
    reached = PlanValues(data, formulation, energies_kwh(schedule)).reached()
    assert_gives_way_as_little_as_possible(reached, expected)
    least = expected.stages["objective"]
    allowed = GAP * max(abs(least - model.site.constant), LEAST_EUR) + NUMERICS
    assert schedule.objective == pytest.approx(reached.stages["objective"], abs=NUMERICS)
    assert schedule.objective == pytest.approx(least, abs=allowed)
    assert schedule.status == ("infeasible" if any(schedule.supply_point.limit_excess_kwh) else "optimal")
    assert schedule.method == "optimum"
    assert schedule.bound <= min(schedule.objective, least + NUMERICS)
    size = max(abs(schedule.objective - model.site.constant), LEAST_EUR)
    assert schedule.gap == pytest.approx((schedule.objective - schedule.bound) / size, abs=1e-6)
    assert schedule.gap <= GAP + 1e-8


def check_stages(data, formulation, profile=None):
    """Every stage of a mix, or of one profile for all, has the literal value."""
    profiles = [profile or session.get("profile") for session in data["sessions"]]
    problem = Problem.from_dict(data)
    expected = LiteralModel(data, formulation).optimum(profiles)

    schedule = optimise(problem, formulation=formulation, profile=profile, gap=GAP)

    assert str(verify(problem, schedule)) == "every rule holds"
    reached = PlanValues(data, formulation, energies_kwh(schedule)).reached(profiles)
    assert_gives_way_as_little_as_possible(reached, expected)
    assert list(reached.stages) == list(expected.stages)
    for name, value in expected.stages.items():
        allowed = 2 * GAP * max(abs(value), LEAST_EUR) + 4 * NUMERICS
        assert reached.stages[name] == pytest.approx(value, abs=allowed), name
    told = {stage.name: stage.value for stage in schedule.stages}
    for name, value in told.items():
        if name in PROFILES:
            assert value == pytest.approx(reached.stages[name], abs=4 * NUMERICS), name


def check_solvers_agree(data, formulation):
    """SCIP and HiGHS find plans that are worth the same."""
    problem = Problem.from_dict(data)
    constant = LiteralModel(data, formulation).site.constant

    highs, scip = (optimise(problem, formulation=formulation, solver=solver, gap=1e-9) for solver in ("highs", "scip"))

    assert highs.status == scip.status
    assert highs.shortfall_kwh == pytest.approx(scip.shortfall_kwh, abs=NUMERICS)
    allowed = 1e-6 * max(1.0, abs(highs.objective - constant))
    assert highs.objective == pytest.approx(scip.objective, abs=allowed)


def check_repeatable(data, formulation):
    """Equal input gives equal output, but for the time that it took."""
    first, second = (optimise(Problem.from_dict(data), formulation=formulation).to_dict() for _ in range(2))

    assert {**first, "solve_seconds": 0} == {**second, "solve_seconds": 0}


@pytest.mark.parametrize("formulation", FORMULATIONS)
@FEW
@given(data=sites())
def test_plan_is_the_literal_optimum(formulation, data):
    check_optimum(data, formulation)


@pytest.mark.long
@pytest.mark.parametrize("regime", REGIMES)
@FEW
@given(data=st.data())
def test_plan_is_the_literal_optimum_in_every_degenerate_regime(regime, data):
    check_optimum(data.draw(sites(regime=regime)), data.draw(st.sampled_from(FORMULATIONS)))


@pytest.mark.long
@pytest.mark.parametrize("formulation", FORMULATIONS)
@FEW
@given(data=sites(optional=False))
def test_plan_without_optional_inputs_is_the_papers_optimum(formulation, data):
    check_optimum(data, formulation)


@FEW
@given(data=sites(profiles=True), formulation=st.sampled_from(FORMULATIONS))
def test_stages_of_a_mix_have_the_literal_values(data, formulation):
    check_stages(data, formulation)


@pytest.mark.long
@pytest.mark.parametrize("profile", PROFILES)
@FEW
@given(data=sites(), formulation=st.sampled_from(FORMULATIONS))
def test_one_profile_for_all_has_the_literal_value(profile, data, formulation):
    check_stages(data, formulation, profile)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@FEW
@given(data=sites())
def test_both_solvers_find_plans_of_the_same_worth(formulation, data):
    check_solvers_agree(data, formulation)


@FEW
@given(data=sites(profiles=True), formulation=st.sampled_from(FORMULATIONS))
def test_equal_input_gives_equal_output(data, formulation):
    check_repeatable(data, formulation)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_campaign_of_optima(formulation):
    def check_formulation(data):
        check_optimum(data, formulation)

    run_campaign(check_formulation, examples=800, data=sites())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_campaign_of_mixes():
    run_campaign(check_stages, examples=800, data=sites(profiles=True), formulation=st.sampled_from(FORMULATIONS))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("profile", PROFILES)
def test_campaign_of_one_profile_for_all(profile):
    def check_profile(data, formulation):
        check_stages(data, formulation, profile)

    run_campaign(check_profile, examples=200, data=sites(), formulation=st.sampled_from(FORMULATIONS))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_campaign_of_both_solvers():
    run_campaign(check_solvers_agree, examples=400, data=sites(), formulation=st.sampled_from(FORMULATIONS))
