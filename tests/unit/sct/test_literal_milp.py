"""The compact form against the equations written out one by one and solved by CBC, on random small sites."""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.sct import Problem, optimise, verify

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True)
QUARTER_H = 0.25
# PuLP 3 still brings CBC with it and announces that PuLP 4 will want it installed apart.
pytestmark = pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated:DeprecationWarning")


@st.composite
def small_sites(draw):
    """Up to three EVs and six slots, with round numbers so that ties and exact fits are frequent."""
    slots = draw(st.integers(1, 6))

    def per_slot(values):
        return draw(st.lists(st.sampled_from(values), min_size=slots, max_size=slots))

    sessions = []
    for n in range(draw(st.integers(0, 3))):
        arrival = draw(st.integers(0, slots - 1))
        departure = draw(st.integers(arrival, slots - 1))
        sessions.append(
            {
                "id": f"EV{n}",
                "capacity_kwh": 20,
                "soc_kwh": draw(st.sampled_from([0, 9, 15, 20])),
                "evse_power_kw": draw(st.sampled_from([0, 4, 8])),
                "evse_discharge_power_kw": draw(st.sampled_from([0, 4])),
                "target_soc": draw(st.sampled_from([0, 0.5, 0.8, 1])),
                "target_slot": draw(st.integers(0, departure)),
                "arrival_slot": arrival,
                "departure_slot": departure,
            }
        )
    ids = [session["id"] for session in sessions]
    groups = [{"id": "feeder", "session_ids": ids[:2], "max_kw": per_slot([0, 4, 10])}] if len(ids) > 1 else []
    return {
        "slot_minutes": 15,
        "start": "2026-11-22T18:00:00+01:00",
        "supply_point": {"max_kw": draw(st.sampled_from([0, 6, 30])), "min_kw": draw(st.sampled_from([0, -5, -30]))},
        "demand_kw": per_slot([0, 0, 3, 7]),
        "production_kw": per_slot([0, 0, 4, 12]),
        "flexibility_kw": per_slot([0, 0, -4, 4]),
        "price_eur_per_kwh": per_slot([-0.1, 0, 0.1, 0.3]),
        "sessions": sessions,
        "groups": groups if draw(st.booleans()) else [],
    }


class LiteralModel:
    """The printed model as read in docs/formulation.md: SoC per slot, import, export and a binary per slot."""

    def __init__(self, data, *, grid, elastic_targets=False, elastic_limits=False):
        self.data = data
        self.slots = range(len(data["price_eur_per_kwh"]))
        self.model = pulp.LpProblem("literal", pulp.LpMinimize)
        variable = self.model.add_variable
        self.imported = {t: variable(f"imported_{t}", 0) for t in self.slots}
        self.exported = {t: variable(f"exported_{t}", 0) for t in self.slots}
        self.importing = {t: variable(f"importing_{t}", cat="Binary") for t in self.slots}
        self.energy = {}
        self.shortfall = {}
        most = None if elastic_limits else 0
        self.over, self.under = (
            {t: variable(f"{name}_{t}", 0, most) for t in self.slots} for name in ("over", "under")
        )
        for n, session in enumerate(data["sessions"]):
            self._add_session(n, session, grid, elastic_targets)
        self._add_groups()
        for t in self.slots:
            self._add_balance(t, grid)

    def _add_session(self, n, session, grid, elastic_targets):
        soc = session["soc_kwh"]
        back_kw = session["evse_discharge_power_kw"] if grid else 0
        self.shortfall[n] = self.model.add_variable(f"short_{n}", 0, None if elastic_targets else 0)
        for t in self.slots:
            present = session["arrival_slot"] <= t <= session["departure_slot"]
            most, least = session["evse_power_kw"] * QUARTER_H * present, -back_kw * QUARTER_H * present
            self.energy[n, t] = self.model.add_variable(f"energy_{n}_{t}", least, most)
            held = self.model.add_variable(f"soc_{n}_{t}", 0, session["capacity_kwh"])
            self.model += held == soc + self.energy[n, t]
            if t == session["target_slot"]:
                self.model += held + self.shortfall[n] >= session["target_soc"] * session["capacity_kwh"]
            soc = held

    def _add_groups(self):
        index = {session["id"]: n for n, session in enumerate(self.data["sessions"])}
        for group in self.data["groups"]:
            for t in self.slots:
                total = pulp.lpSum(self.energy[index[session_id], t] for session_id in group["session_ids"])
                self.model += total <= group["max_kw"][t] * QUARTER_H

    def _add_balance(self, t, grid):
        data = self.data
        base = (data["demand_kw"][t] - data["production_kw"][t]) * QUARTER_H
        flow = base + pulp.lpSum(self.energy[n, t] for n in range(len(data["sessions"])))
        upper = (data["supply_point"]["max_kw"] + (data["flexibility_kw"][t] if grid else 0)) * QUARTER_H
        lower = data["supply_point"]["min_kw"] * QUARTER_H
        large = 100
        self.model += self.imported[t] - self.exported[t] == flow
        self.model += flow <= upper + self.over[t]
        self.model += flow >= lower - self.under[t]
        self.model += self.imported[t] <= large * self.importing[t]
        self.model += self.exported[t] <= large * (1 - self.importing[t])

    def minimise(self, objective):
        """Return the least value, None when there is no solution."""
        self.model.setObjective(objective)
        self.model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0))
        # PuLP has no value for an objective without variables, which is 0 here.
        return (pulp.value(objective) or 0.0) if pulp.LpStatus[self.model.status] == "Optimal" else None

    def excess(self):
        return pulp.lpSum([*self.over.values(), *self.under.values()])

    def cost(self):
        return pulp.lpSum(self.data["price_eur_per_kwh"][t] * self.imported[t] for t in self.slots)


@pytest.mark.parametrize("formulation", ["cpo", "grid"])
@EXAMPLES
@given(data=small_sites())
def test_compact_form_finds_the_literal_optimum(formulation, data):
    problem = Problem.from_dict(data)
    literal = LiteralModel(data, grid=formulation == "grid")
    expected = literal.minimise(literal.cost())

    schedule = optimise(problem, formulation=formulation)

    assert verify(problem, schedule).holds
    if expected is None:
        assert schedule.status == "infeasible" or schedule.shortfall_kwh > 0
    else:
        assert schedule.status == "optimal"
        assert schedule.shortfall_kwh == 0
        assert schedule.objective == pytest.approx(expected, rel=1e-4, abs=2e-6)
        assert schedule.bound <= expected + 1e-6


@pytest.mark.parametrize("formulation", ["cpo", "grid"])
@EXAMPLES
@given(data=small_sites())
def test_limit_excess_and_shortfall_are_the_least_possible(formulation, data):
    problem = Problem.from_dict(data)
    grid = formulation == "grid"
    loosest = LiteralModel(data, grid=grid, elastic_targets=True, elastic_limits=True)
    least_excess_kwh = loosest.minimise(loosest.excess())
    loosest.model += loosest.excess() <= least_excess_kwh + 1e-7
    least_shortfall_kwh = loosest.minimise(pulp.lpSum(loosest.shortfall.values()))

    schedule = optimise(problem, formulation=formulation)

    told_kwh = sum(schedule.supply_point.limit_excess_kwh)
    assert schedule.method == "optimum"
    assert told_kwh == pytest.approx(least_excess_kwh, abs=1e-5)
    assert schedule.shortfall_kwh == pytest.approx(least_shortfall_kwh or 0, abs=1e-5)


@EXAMPLES
@given(data=small_sites())
def test_both_solvers_find_the_same_cost(data):
    problem = Problem.from_dict(data)

    highs, scip = (optimise(problem, formulation="grid", solver=solver) for solver in ("highs", "scip"))

    assert highs.status == scip.status
    assert highs.shortfall_kwh == pytest.approx(scip.shortfall_kwh, abs=1e-6)
    assert highs.objective == pytest.approx(scip.objective, rel=2e-4, abs=4e-6)


@EXAMPLES
@given(
    data=small_sites(), profile=st.sampled_from(["cheap", "default"]), tie_break=st.sampled_from(["earliest", "latest"])
)
def test_every_plan_keeps_physics_and_limits(data, profile, tie_break):
    problem = Problem.from_dict({**data, "tie_break": tie_break})

    schedule = optimise(problem, formulation="grid", profile=profile)

    assert verify(problem, schedule).holds
    assert schedule.method == "optimum"
    assert np.isfinite(schedule.objective)
