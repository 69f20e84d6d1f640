"""The column road against the literal model: Eq. (27) with one binary per session and slot, solved by HiGHS."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from twinev.sct import Problem
from twinev.sct.column_generation import plan_by_columns, suits_columns
from twinev.sct.column_generation.pricing import Duals, fill, price_pairs
from twinev.sct.column_generation.task import Pairs, read_task
from twinev.sct.inputs import read_inputs

PHASES = [["L1"], ["L2"], ["L3"], ["L1", "L2", "L3"]]
RUNS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


class Case:
    """A random small site: what plan_by_columns is asked, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng, self.n, self.slots = rng, int(rng.integers(2, 7)), int(rng.integers(6, 13))
        self.inputs = read_inputs(Problem.from_dict(self._scenario()), "tradeoff")
        need_kwh = self.inputs.need_kwh / self.inputs.charge_efficiency
        self.waiting = rng.random(self.n) < 0.8
        self.completes = rng.random(self.n) < 0.8
        self.need_evse_kwh = np.where(self.completes, need_kwh, need_kwh * rng.random(self.n).round(2))

    def _scenario(self) -> dict:
        rng, slots = self.rng, self.slots
        sessions = [self._session(n) for n in range(self.n)]
        price = rng.choice([0, 0.1, 0.2, 0.25, 0.3], slots)
        supply = {"max_kw": float(rng.choice([10, 14, 24])), "min_kw": -60}
        scenario = {
            "slot_minutes": int(rng.choice([15, 60])),
            "start": "2026-11-22T06:00:00+01:00",
            "supply_point": supply,
            "demand_kw": rng.uniform(0, 4, slots).tolist(),
            "production_kw": (rng.choice([0, 12], slots) * rng.random()).tolist(),
            "price_eur_per_kwh": price.tolist(),
            "export_price_eur_per_kwh": (price * rng.choice([0, 0.5, 1], slots)).tolist(),
            "demand_charge_eur_per_kw": float(rng.choice([0, 0.3])),
            "opportunity_cost_eur_per_slot": float(rng.choice([0.02, 0.2, 1])),
            "sessions": sessions,
        }
        if rng.random() < 0.4:
            supply["phase_max_kw"] = float(rng.uniform(8, 24))
        if rng.random() < 0.4:
            members = [session["id"] for session in sessions[: int(rng.integers(1, self.n + 1))]]
            scenario["groups"] = [{"id": "G", "session_ids": members, "max_kw": float(rng.uniform(8, 14))}]
        return scenario

    def _session(self, n: int) -> dict:
        rng, slots = self.rng, self.slots
        arrival = int(rng.integers(0, slots // 2))
        departure = int(rng.integers(min(arrival + 3, slots - 1), slots))
        session = {
            "id": f"EV{n}",
            "capacity_kwh": 80,
            "soc_kwh": 20,
            "evse_power_kw": float(rng.choice([3.7, 7.4, 11])),
            "target_soc": float((20 + rng.choice([0, 1, 3, 8]) * rng.random()) / 80),
            "arrival_slot": arrival,
            "departure_slot": departure,
            "target_slot": int(rng.choice([departure, rng.integers(arrival, departure + 1)])),
            "charge_efficiency": float(rng.choice([1, 0.9])),
            "phases": PHASES[rng.integers(0, 4)],
        }
        if rng.random() < 0.3:
            session["max_kw"] = rng.choice([0, 2, 11], slots).tolist()
        return session

    def plan(self, gap: float, seconds: float = 10):
        return plan_by_columns(
            self.inputs,
            waiting=self.waiting,
            completes=self.completes,
            need_evse_kwh=self.need_evse_kwh,
            gap=gap,
            deadline_s=time.monotonic() + seconds,
        )


class Literal:
    """Variables e, reached (binary), imported, exported, peak; rows as they are written in the paper."""

    def __init__(self, case: Case) -> None:
        self.case, self.inputs = case, case.inputs
        n, t = self.inputs.shape
        self.e = np.arange(n * t).reshape(n, t)
        self.reached = self.e + n * t
        self.imported = 2 * n * t + np.arange(t)
        self.exported = self.imported + t
        self.peak = 2 * n * t + 2 * t
        self.rows: list[tuple[np.ndarray, np.ndarray, float, float]] = []
        self._limits()
        self._targets()

    def _row(self, variables, values, lower: float, upper: float) -> None:
        self.rows.append((np.ravel(variables), np.ravel(values) * np.ones(np.size(variables)), lower, upper))

    def _limits(self) -> None:
        inputs = self.inputs
        room = inputs.row_ceiling_kwh - inputs.row_base_kwh
        for t in range(inputs.shape[1]):
            for share, most in zip(inputs.share, room[:, t], strict=True):
                self._row(self.e[:, t], share, -np.inf, most)
            for members, most in zip(inputs.members, inputs.group_limit_kwh[:, t], strict=True):
                self._row(self.e[:, t], members, -np.inf, most)
            flow = [*self.e[:, t], self.imported[t], self.exported[t]]
            self._row(flow, [-1] * len(self.e) + [1, -1], inputs.base_kwh[t], inputs.base_kwh[t])
            self._row([self.imported[t], self.peak], [1, -inputs.hours[t]], -np.inf, 0)

    def _targets(self) -> None:
        case, inputs = self.case, self.inputs
        for n, need in enumerate(case.need_evse_kwh):
            self._row(self.e[n][inputs.until_target[n] > 0], 1, need, need)
            for t in range(inputs.shape[1]):
                so_far = self.e[n, : t + 1]
                self._row([*so_far, self.reached[n, t]], [1] * len(so_far) + [-need], 0, np.inf)

    def optimum(self, earliest=None, latest=None) -> float:
        """Least cost, or infinity; with windows: among plans that complete within them."""
        case, inputs = self.case, self.inputs
        t = inputs.shape[1]
        cost, upper = np.zeros(self.peak + 1), np.full(self.peak + 1, np.inf)
        lower = np.zeros(self.peak + 1)
        costs = case.waiting & case.completes & (case.need_evse_kwh > 0)
        always = inputs.stay[case.waiting & ~case.completes].sum()
        cost[self.reached] = -inputs.opportunity_cost_eur_per_slot * inputs.stay * costs[:, None]
        cost[self.imported], cost[self.exported] = inputs.price_eur_per_kwh, -inputs.export_price_eur_per_kwh
        cost[self.peak] = inputs.demand_charge_eur_per_kw
        constant = inputs.opportunity_cost_eur_per_slot * (inputs.stay[costs].sum() + always)
        upper[self.e], upper[self.reached] = inputs.charge_limit_kwh, 1
        if earliest is not None:
            slot = np.arange(t)
            upper[self.reached] = np.where(costs[:, None], slot >= earliest[:, None], 1)
            lower[self.reached] = np.where(costs[:, None], slot >= latest[:, None], 0)
        entries = [
            (v, r, x) for r, (cols, values, *_) in enumerate(self.rows) for v, x in zip(cols, values, strict=True)
        ]
        column, row, value = zip(*entries, strict=True)
        matrix = sparse.csr_matrix((value, (row, column)), shape=(len(self.rows), len(cost)))
        integer = np.zeros(len(cost))
        integer[self.reached] = 1
        limits = np.array([row[2] for row in self.rows]), np.array([row[3] for row in self.rows])
        answer = optimize.milp(
            cost,
            integrality=integer,
            bounds=optimize.Bounds(lower, upper),
            constraints=optimize.LinearConstraint(matrix, *limits),
            options={"mip_rel_gap": 0},
        )
        return answer.fun + constant if answer.success else np.inf


@RUNS
@given(st.integers(0, 10**6))
def test_plan_is_as_good_as_the_literal_models(seed):
    case = Case(seed)
    assert suits_columns(case.inputs)

    plan, optimum = case.plan(gap=1e-6), Literal(case).optimum()

    if np.isinf(optimum):
        assert plan.energy_kwh is None
        return
    assert plan.value == pytest.approx(optimum, rel=2e-6, abs=1e-5)
    assert plan.bound <= optimum + 1e-6
    assert plan.value - plan.bound <= 1e-6 * max(abs(plan.value), 0.01) + 1e-9
    _assert_plan_holds(case, plan)


@RUNS
@given(st.integers(0, 10**6))
def test_windows_keep_whatever_is_better(seed):
    case = Case(seed)
    plan, literal = case.plan(gap=0.2), Literal(case)
    optimum = literal.optimum()
    if np.isinf(optimum):
        return

    within = literal.optimum(plan.earliest_slot, plan.latest_slot)

    assert plan.bound <= optimum + 1e-6
    assert plan.value >= optimum - 1e-6
    if plan.value > optimum + 1e-6:
        assert within == pytest.approx(optimum, abs=1e-6)


def _assert_plan_holds(case: Case, plan) -> None:
    """Limits and needs hold, and the value is that of the energies."""
    inputs, energy_kwh = case.inputs, plan.energy_kwh
    assert (energy_kwh >= 0).all()
    assert (energy_kwh <= inputs.charge_limit_kwh * inputs.until_target).all()
    assert energy_kwh.sum(axis=1) == pytest.approx(case.need_evse_kwh, abs=1e-7)
    assert (inputs.share @ energy_kwh <= inputs.row_ceiling_kwh - inputs.row_base_kwh + 1e-7).all()
    assert (inputs.members @ energy_kwh <= inputs.group_limit_kwh + 1e-7).all()
    flow_kwh = inputs.base_kwh + energy_kwh.sum(axis=0)
    imported_kwh = np.maximum(flow_kwh, 0)
    short = np.cumsum(energy_kwh, axis=1) < (case.need_evse_kwh - 2e-7)[:, None]
    waits = inputs.stay & (short | ~case.completes[:, None]) & case.waiting[:, None]
    value = inputs.price_eur_per_kwh @ imported_kwh + inputs.export_price_eur_per_kwh @ (flow_kwh - imported_kwh)
    value += inputs.demand_charge_eur_per_kw * (imported_kwh / inputs.hours).max()
    value += inputs.opportunity_cost_eur_per_slot * waits.sum()
    assert plan.value == pytest.approx(value, rel=1e-6, abs=1e-6)


@RUNS
@given(st.integers(0, 10**6))
def test_bound_holds_at_any_duals(seed):
    case = Case(seed)
    optimum = Literal(case).optimum()
    task, chosen = read_task(case.inputs, case.waiting, case.completes, case.need_evse_kwh)
    if not len(chosen) or np.isinf(optimum):
        return
    peak = case.rng.random(case.slots)
    duals = Duals(
        flow=case.rng.uniform(-0.2, 1, case.slots),
        shared=case.rng.uniform(0, 0.5, task.room_kwh.shape),
        peak=peak / peak.sum() * task.demand_charge_eur_per_kw,
    )

    pairs = Pairs.of(task)
    pricing = price_pairs(task, pairs, duals)

    assert pricing.bound <= optimum + 1e-6
    energy_kwh = fill(task, pairs.session, pairs.slot, pricing.order)
    price = np.broadcast_to(duals.price(task), task.shape)[pairs.session]
    assert (energy_kwh * price).sum(axis=1) == pytest.approx(pricing.energy_eur, abs=1e-6)


def test_nobody_needs_anything():
    case = Case(1)
    case.need_evse_kwh = np.zeros(case.n)

    plan = case.plan(gap=1e-4)

    assert not plan.energy_kwh.any()
    assert plan.value == plan.bound
    assert (plan.earliest_slot == case.inputs.stay.argmax(axis=1)).all()


def test_needs_that_fill_the_limits_to_the_last_digit_have_a_plan():
    sessions = [
        {"id": f"EV{n}", "capacity_kwh": 80, "soc_kwh": 20, "evse_power_kw": 11, "target_slot": 7, "target_soc": soc}
        for n, soc in enumerate([0.3, 0.35, 0.4])
    ]
    scenario = {"slot_minutes": 60, "start": "2026-11-22T06:00:00+01:00", "supply_point": {"max_kw": 3, "min_kw": 0}}
    inputs = read_inputs(Problem.from_dict(scenario | {"slots": 8, "sessions": sessions}), "tradeoff")
    everyone = np.ones(3, dtype=bool)
    need_kwh = np.array([4, 8, 12]) + 1e-8

    plan = plan_by_columns(
        inputs,
        waiting=everyone,
        completes=everyone,
        need_evse_kwh=need_kwh,
        gap=1e-4,
        deadline_s=time.monotonic() + 10,
    )

    assert plan.energy_kwh.sum(axis=1) == pytest.approx(need_kwh, abs=5e-7)
    assert (plan.energy_kwh.sum(axis=0) <= 3 + 1e-9).all()


def test_no_time_at_all_leaves_no_plan_or_a_true_one():
    case = Case(3)

    plan = case.plan(gap=1e-4, seconds=0)

    assert plan.energy_kwh is None or plan.bound <= plan.value


def test_progress_only_improves():
    case, seen = Case(5), []

    plan_by_columns(
        case.inputs,
        waiting=case.waiting,
        completes=case.completes,
        need_evse_kwh=case.need_evse_kwh,
        gap=1e-6,
        deadline_s=time.monotonic() + 10,
        on_progress=lambda value, bound: seen.append((value, bound)),
    )

    values, bounds = zip(*seen, strict=True)
    assert list(values) == sorted(values, reverse=True)
    assert list(bounds) == sorted(bounds)
