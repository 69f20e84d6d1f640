"""Why a plan is as it is, as data: held against plans of sites that differ by a little."""

from __future__ import annotations

import json

import pytest

from twinev.errors import BadInput
from twinev.sct import explain, optimise

PRICES = [0.1, 0.4, 0.2, 0.3]
NUDGE_KW = 0.04


@pytest.mark.parametrize("slot", range(4))
@pytest.mark.parametrize("formulation", ["cpo", "v2g", "tradeoff"])
def test_shadow_price_is_what_a_little_more_demand_costs(problem, ev, formulation, slot):
    asked = {"price_eur_per_kwh": PRICES, "supply_point": {"max_kw": 10, "min_kw": 0}, "demand_kw": [3, 3, 3, 3]}
    asked |= {"sessions": [ev(soc_kwh=12), ev("EV1", soc_kwh=13)], "opportunity_cost_eur_per_slot": 0.01}
    more_kw = [3 + NUDGE_KW * (t == slot) for t in range(4)]

    insight = explain(problem(**asked), optimise(problem(**asked), formulation, gap=1e-9))
    nudged = optimise(problem(**{**asked, "demand_kw": more_kw}), formulation, gap=1e-9)

    rise_eur = nudged.objective - optimise(problem(**asked), formulation, gap=1e-9).objective
    assert insight.shadow_price_eur_per_kwh[slot] == pytest.approx(rise_eur / (NUDGE_KW / 4), abs=1e-4)


def test_limit_that_is_used_up_tells_what_more_of_it_would_save(problem, ev):
    # The EV needs 3 kWh: 2 in the cheapest slot, where the group lets 1 through, the rest at 0.2 and 0.3.
    group = {"id": "feeder", "session_ids": ["EV0"], "max_kw": [4, 8, 8, 8]}
    asked = problem(sessions=[ev(soc_kwh=12)], groups=[group], price_eur_per_kwh=PRICES)

    insight = explain(asked, optimise(asked))

    (binding,) = (limit for limit in insight.binding if 0 in limit.slots)
    assert binding.limit == "the limit of group feeder"
    # A kWh more at 0.1 would replace one at 0.2, of which the whole 2 kWh of the slot are taken.
    assert binding.saving_eur_per_kwh[binding.slots.index(0)] == pytest.approx(0.1, abs=1e-4)


def test_each_restriction_is_priced_by_a_plan_without_it(problem, ev):
    groups = [
        {"id": "feeder", "session_ids": ["EV0"], "max_kw": [0, 8, 8, 8]},
        {"id": "roomy", "session_ids": ["EV0"], "max_kw": 50},
    ]
    asked = problem(sessions=[ev(soc_kwh=13)], groups=groups, price_eur_per_kwh=PRICES)

    insight = explain(asked, optimise(asked))

    told = {cost.restriction: (cost.cost_eur, cost.shortfall_kwh) for cost in insight.restrictions}
    # 2 kWh at 0.2 instead of at 0.1.
    assert told == {"feeder": (pytest.approx(0.2, abs=1e-4), 0), "roomy": (pytest.approx(0, abs=1e-4), 0)}


def test_orders_are_priced_where_the_formulation_counts_them(problem, ev):
    asked = problem(sessions=[ev(target_slot=0, soc_kwh=13)], flexibility_kw=[-16, 0, 0, 0])

    counted, ignored = (explain(asked, optimise(asked, formulation)) for formulation in ("grid", "cpo"))

    # 4 of the 8 kW are left in the only slot.
    (orders,) = counted.restrictions
    assert (orders.restriction, orders.shortfall_kwh) == ("flexibility orders", pytest.approx(1))
    assert ignored.restrictions == ()


def test_contradicting_limits_are_explained_too(problem):
    asked = problem(demand_kw=[24, 0, 0, 0], price_eur_per_kwh=PRICES)

    insight = explain(asked, optimise(asked))

    assert any(limit.limit == "the supply point's limit" and 0 in limit.slots for limit in insight.binding)


def test_insight_is_json(problem, tmp_path):
    asked = problem(price_eur_per_kwh=PRICES)
    insight = explain(asked, optimise(asked))

    insight.to_json(tmp_path / "why.json")

    assert json.loads((tmp_path / "why.json").read_text()) == json.loads(json.dumps(insight.to_dict()))


def test_schedule_of_another_problem_is_refused(problem):
    with pytest.raises(BadInput, match="a schedule of this scenario"):
        explain(problem(demand_kw=[1, 0, 0, 0]), optimise(problem()))


def test_too_little_time_is_refused_by_name(problem):
    asked = problem()

    with pytest.raises(BadInput, match="time_limit"):
        explain(asked, optimise(asked), time_limit=0)


def test_site_without_sessions_is_explained(problem):
    groups = [{"id": "feeder", "session_ids": [], "max_kw": 3}]
    asked = problem(sessions=[], groups=groups, demand_kw=[1, 1, 1, 1], price_eur_per_kwh=PRICES)

    assert explain(asked, optimise(asked)).shadow_price_eur_per_kwh == tuple(PRICES)


@pytest.mark.parametrize("profile", ["cheap", "fast"])
def test_like_sessions_in_any_order_are_explained(problem, ev, profile):
    asked = problem(sessions=[ev(), ev("EV1")], tie_break="latest", opportunity_cost_eur_per_slot=0.1)

    assert len(explain(asked, optimise(asked, "tradeoff", profile)).shadow_price_eur_per_kwh) == 4
