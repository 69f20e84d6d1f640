"""Checks a schedule against its problem from first principles: no solver, and none of the code that made the plan.

Tolerances: 1e-6 kWh per constraint, 1e-6·max(1, |objective|) on money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.problem import Problem
from twinev.sct.schedule import Schedule, SessionSchedule

TOLERANCE_KWH = 1e-6
# Which parts of a scenario a formulation counts: flexibility orders, discharge power.
COUNTS = {"cpo": (False, False), "grid": (True, True)}


@dataclass(frozen=True, kw_only=True)
class BrokenRule:
    """One rule that the schedule breaks: where, by how much."""

    rule: str
    where: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.rule}, {self.where}: {self.found}; allowed: {self.allowed}"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome: it ``holds`` when no rule is broken."""

    broken: tuple[BrokenRule, ...]

    @property
    def holds(self) -> bool:
        return not self.broken

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return "; ".join(str(rule) for rule in self.broken) or "every rule holds"


def verify(problem: Problem, schedule: Schedule) -> Verification:
    """Check that a schedule answers this problem and breaks none of its rules.

    Whether it is the best plan is not checked, only that it does not claim to beat its own bound.

    Returns
    -------
    Verification
        Truthy when everything holds; else with the broken rules, the first slot of each.
    """
    shape_faults = _check_shape(problem, schedule)
    if shape_faults:
        return Verification(broken=tuple(shape_faults))
    checker = _Checker(problem, schedule)
    checker.check_sessions()
    checker.check_groups()
    checker.check_supply_point()
    checker.check_claims()
    return Verification(broken=tuple(checker.broken))


def _check_shape(problem: Problem, schedule: Schedule) -> list[BrokenRule]:
    """What must be right before anything can be computed."""
    faults = []

    def expect(rule: str, where: str, found: object, allowed: object) -> None:
        if found != allowed:
            faults.append(BrokenRule(rule=rule, where=where, found=str(found), allowed=str(allowed)))

    expect("the schedule answers this scenario", "scenario_sha256", schedule.scenario_sha256, problem.sha256)
    if schedule.formulation not in COUNTS:
        expect("the formulation is known", "formulation", schedule.formulation, " or ".join(COUNTS))
    expect("the tie-break is the scenario's", "tie_break", schedule.tie_break, problem.tie_break)
    planned, asked = [s.id for s in schedule.sessions], [s.id for s in problem.sessions]
    expect("one plan per session, in order", "sessions", planned, asked)
    for session in schedule.sessions:
        for name in ("energy_kwh", "soc_kwh"):
            expect("one value per slot", f"session {session.id}, {name}", len(getattr(session, name)), problem.slots)
    for name in ("imported_kwh", "exported_kwh", "limit_excess_kwh"):
        expect("one value per slot", f"supply_point.{name}", len(getattr(schedule.supply_point, name)), problem.slots)
    return faults


class _Checker:
    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        self._problem = problem
        self._schedule = schedule
        self._hours = np.array(problem.horizon.slot_hours)
        self._flexibility, self._discharge = COUNTS[schedule.formulation]
        shape = (len(problem.sessions), problem.slots)
        self._energy_kwh = np.array([s.energy_kwh for s in schedule.sessions], dtype=float).reshape(shape)
        self.broken: list[BrokenRule] = []

    def check_sessions(self) -> None:
        """EVSE power, stay, battery, and what the schedule says of each session."""
        slot = np.arange(self._problem.slots)
        for request, planned, energy_kwh in zip(
            self._problem.sessions, self._schedule.sessions, self._energy_kwh, strict=True
        ):
            who = f"session {request.id}"
            last = slot[-1] if request.departure_slot is None else request.departure_slot
            present = (slot >= request.arrival_slot) & (slot <= last)
            power_kw = np.full(slot.shape, request.evse_power_kw)
            if request.max_kw is not None:
                power_kw = np.minimum(power_kw, request.max_kw)
            back_kw = request.evse_discharge_power_kw if self._discharge else 0.0
            self._at_most("EVSE power", who, energy_kwh, power_kw * self._hours * present)
            self._at_most("EVSE discharge power", who, -energy_kwh, back_kw * self._hours * present)
            soc_kwh = request.soc_kwh + np.cumsum(energy_kwh)
            self._at_most("battery not above its capacity", who, soc_kwh, request.capacity_kwh)
            self._at_most("battery not below empty", who, -soc_kwh, 0.0)
            self._equal("state of charge follows from the energy", who, planned.soc_kwh, soc_kwh)
            self._check_target(request.target_kwh, request.target_slot, planned, soc_kwh, who)

    def _check_target(
        self, target_kwh: float, target_slot: int, planned: SessionSchedule, soc_kwh: np.ndarray, who: str
    ) -> None:
        missing_kwh = max(0.0, target_kwh - soc_kwh[target_slot])
        self._equal("target met or shortfall told, Eq. (19)", who, [planned.shortfall_kwh], [missing_kwh])
        self._check_reached_slot(target_kwh, planned.reached_slot, soc_kwh, who)

    def _check_reached_slot(self, target_kwh: float, told: int | None, soc_kwh: np.ndarray, who: str) -> None:
        """Within the tolerance of the target a slot may be called the first or not."""
        never = len(soc_kwh)
        barely = np.flatnonzero(soc_kwh >= target_kwh - TOLERANCE_KWH)
        surely = np.flatnonzero(soc_kwh >= target_kwh)
        earliest = int(barely[0]) if barely.size else never
        latest = int(surely[0]) if surely.size else never
        if not earliest <= (never if told is None else told) <= latest:
            allowed = str(earliest) if earliest < never else "none"
            self._break("reached_slot is the first with the target", who, str(told), allowed)

    def check_groups(self) -> None:
        """The sum of a group's sessions."""
        place = {session.id: n for n, session in enumerate(self._problem.sessions)}
        for group in self._problem.groups:
            members = [place[session_id] for session_id in group.session_ids]
            limit_kwh = np.array(group.max_kw) * self._hours
            self._at_most("group limit", f"group {group.id}", self._energy_kwh[members].sum(axis=0), limit_kwh)

    def check_supply_point(self) -> None:
        """Energy balance, import and export one at a time, limits with the excess that is owned up to."""
        problem, supply = self._problem, self._schedule.supply_point
        imported_kwh, exported_kwh = np.array(supply.imported_kwh), np.array(supply.exported_kwh)
        base_kwh = (np.array(problem.demand_kw) - np.array(problem.production_kw)) * self._hours
        flow_kwh = base_kwh + self._energy_kwh.sum(axis=0)
        who = "supply point"
        self._equal("energy balance, Eq. (4)", who, imported_kwh - exported_kwh, flow_kwh)
        self._at_most("import is not negative", who, -imported_kwh, 0.0)
        self._at_most("export is not negative", who, -exported_kwh, 0.0)
        self._at_most("never import and export at once", who, np.minimum(imported_kwh, exported_kwh), 0.0)
        order_kw = np.array(problem.flexibility_kw) * self._flexibility
        upper_kwh = (problem.supply_point.max_kw + order_kw) * self._hours
        lower_kwh = problem.supply_point.min_kw * self._hours
        excess_kwh = np.maximum(flow_kwh - upper_kwh, 0) + np.maximum(lower_kwh - flow_kwh, 0)
        self._equal("excess over the supply limits is told", who, supply.limit_excess_kwh, excess_kwh)
        if (self._schedule.status == "infeasible") != any(supply.limit_excess_kwh):
            allowed = "infeasible exactly where a supply limit is exceeded"
            self._break("status", "status", self._schedule.status, allowed)

    def check_claims(self) -> None:
        """Objective, bound and gap."""
        schedule = self._schedule
        cost_eur = float(np.array(self._problem.price_eur_per_kwh) @ np.array(schedule.supply_point.imported_kwh))
        tolerance = 1e-6 * max(1.0, abs(cost_eur))
        self._equal("objective, Eq. (1)", "objective", [schedule.objective], [cost_eur], tolerance=tolerance)
        if schedule.bound is None or schedule.gap is None:
            if schedule.bound is not None or schedule.gap is not None:
                self._break("bound and gap come together", "gap", str(schedule.gap), "both, or neither")
            return
        self._at_most("the bound is not above the objective", "bound", [schedule.bound], schedule.objective, tolerance)
        gap = (schedule.objective - schedule.bound) / max(abs(schedule.objective), 0.01)
        self._equal("gap", "gap", [schedule.gap], [gap])

    def _at_most(self, rule: str, where: str, found: object, allowed: object, tolerance: float = TOLERANCE_KWH) -> None:
        values = np.asarray(found, dtype=float)
        limits = np.broadcast_to(np.asarray(allowed, dtype=float), values.shape)
        # Written so that NaN breaks the rule too.
        self._report(rule, where, values, limits, ~(values <= limits + tolerance))

    def _equal(self, rule: str, where: str, found: object, right: object, tolerance: float = TOLERANCE_KWH) -> None:
        values, expected = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
        self._report(rule, where, values, expected, ~(np.abs(values - expected) <= tolerance))

    def _report(self, rule: str, where: str, values: np.ndarray, allowed: np.ndarray, wrong: np.ndarray) -> None:
        if wrong.any():
            slot = int(np.flatnonzero(wrong)[0])
            place = f"{where}, slot {slot}" if values.size > 1 else where
            self._break(rule, place, f"{values[slot]:.9g}", f"{allowed[slot]:.9g}")

    def _break(self, rule: str, where: str, found: str, allowed: str) -> None:
        self.broken.append(BrokenRule(rule=rule, where=where, found=found, allowed=allowed))
