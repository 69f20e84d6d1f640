"""When not every target can be met: the least shortfall, shared as fairly as the limits allow (leximin).

First the total is made as small as it can be, that of the highest priority before that of the next. Then, within each
priority, the largest shortfall, as a share of its session's need, is made as small as it can be; sessions that cannot
do better are settled at it, and the rest go on to the next round.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from twinev.sct.equations import Model, deliver_by_target_slot
from twinev.sct.schedule import Stage
from twinev.sct.solver import Answer, Solver

NOTHING_KWH = 1e-7
# A dual value above this share of the largest possible marks a session as unable to do better.
DUAL_SHARE = 1e-6
SLACK_KWH = 1e-8
# The same where integers are searched: a search's presolve takes what is tighter for a contradiction.
SEARCH_SLACK_KWH = 1e-7
# More than what is called a reached target: who may go short is treated as short.
LEAST_TOLD_KWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who goes short by how much, and what later steps must keep.

    Parameters
    ----------
    shortfall_kwh : (n_sessions,)
        What each session is short of; 0 for who cannot go short. [kWh]
    kept : list of cp.Constraint
        What holds it. Where binaries leave the division open among equals, that is the shares' order and no more.
    energy_kwh : (n_sessions, n_slots)
        A plan that does it. [kWh]
    stages : tuple of Stage
        What settled it.
    closed : bool
        Every stage was proven.
    """

    shortfall_kwh: np.ndarray
    kept: list[cp.Constraint]
    energy_kwh: np.ndarray
    stages: tuple[Stage, ...]
    closed: bool


def share_shortfall(model: Model, limits: list[cp.Constraint], lost_kwh: np.ndarray, solver: Solver) -> Sharing | None:
    """Find the least shortfall and its fairest division; None when time ran out.

    Parameters
    ----------
    limits : list of cp.Constraint
        The supply point's and the phases' limits in the form that they are kept.
    lost_kwh : (n_sessions,)
        What each session would be short of even alone. [kWh]
    """
    return _Division(model, limits, lost_kwh, solver).run()


class _Division:
    def __init__(self, model: Model, limits: list[cp.Constraint], lost_kwh: np.ndarray, solver: Solver) -> None:
        inputs = model.inputs
        self._model, self._solver = model, solver
        self._lost_kwh, self._claim_kwh = lost_kwh, inputs.claim_kwh
        most_kwh = inputs.largest_shortfall_kwh
        self._missing_kwh = cp.Variable(most_kwh.shape, bounds=[np.zeros_like(most_kwh), most_kwh])
        # What the division keeps, and what it only needs meanwhile.
        self._kept = [deliver_by_target_slot(model.energy, inputs, self._missing_kwh)]
        self._meanwhile = [*model.physics, *limits, *(switch.exact() for switch in model.switches)]
        self._slack_kwh = SEARCH_SLACK_KWH if model.switches else SLACK_KWH
        self._closed = True
        self._found: tuple[np.ndarray, np.ndarray] | None = None
        self._settled_kwh = np.where(self._claim_kwh > 0, np.nan, 0.0)
        self._stages: list[Stage] = []

    def run(self) -> Sharing | None:
        model, tiers = self._model, self._tiers()
        settle = self._settle_in_order if model.switches else self._settle_by_duals
        steps = [(f"shortfall{name}", tier, self._least_total) for name, tier in tiers]
        steps += [(f"fair share{name}", tier, settle) for name, tier in tiers]
        whole = True
        for name, tier, take in steps:
            self._solver.begin(name)
            whole = whole and take(name, tier)
        if steps and self._found is None:
            return None
        # Where nobody can go short there was nothing to solve: the plan is that of the step before.
        energy_kwh, missing_kwh = self._found or (np.array(model.energy.net_kwh.value), self._settled_kwh)
        if not whole:
            # What was found before the step that came to nothing is as good as it gets.
            self._settled_kwh = np.maximum(missing_kwh, 0.0)
        # The last round's plan uses up to that slack: with less, what follows could be infeasible by a hair.
        settled_kwh = self._settled_kwh + 2 * self._slack_kwh
        settled = [deliver_by_target_slot(model.energy, model.inputs, settled_kwh)]
        return Sharing(
            shortfall_kwh=self._may_be_short(settled_kwh) if model.switches else settled_kwh,
            kept=self._kept if model.switches and whole else settled,
            energy_kwh=energy_kwh,
            stages=tuple(self._stages),
            closed=self._closed and whole,
        )

    def _may_be_short(self, settled_kwh: np.ndarray) -> np.ndarray:
        """Where the division among equals is open, everyone of a tier that goes short may be the one."""
        priority = self._model.inputs.priority
        tiers = set(priority[settled_kwh > NOTHING_KWH].tolist())
        exposed = np.isin(priority, list(tiers)) & (self._claim_kwh > 0)
        return np.where(exposed, np.maximum(settled_kwh, LEAST_TOLD_KWH), settled_kwh)

    def _tiers(self) -> list[tuple[str, np.ndarray]]:
        """The sessions that may go short by priority, the highest first."""
        priority, open_sessions = self._model.inputs.priority, np.isnan(self._settled_kwh)
        levels = sorted(set(priority[open_sessions].tolist()), reverse=True)
        named = len(levels) > 1
        return [
            (f", priority {level}" if named else "", np.flatnonzero(open_sessions & (priority == level)))
            for level in levels
        ]

    def _least_total(self, name: str, tier: np.ndarray) -> bool:
        total_kwh = cp.sum(self._missing_kwh[tier])
        answer = self._minimise(total_kwh, [])
        if answer.found:
            self._record(name, answer)
            self._kept.append(total_kwh <= answer.value + self._slack_kwh)
            if answer.value <= NOTHING_KWH:
                self._settled_kwh[tier] = 0.0
        return answer.found

    def _settle_by_duals(self, name: str, tier: np.ndarray) -> bool:
        """Minimise the largest share of the tier; settle those who hold it in every best plan; go on with the rest.

        A positive dual value of ``missing ≤ share · claim`` says that the constraint is tight in every optimal
        solution (complementary slackness), so the session cannot do better. Weighted by claim the duals add up to 1:
        one is positive. Who cannot do better even alone and stays above the others' share is settled at that at once.
        """
        recorded = False
        while np.isnan(self._settled_kwh[tier]).any():
            open_sessions = tier[np.isnan(self._settled_kwh[tier])]
            alone = self._lost_kwh[open_sessions] > 0
            answer, share, duals = self._least_worst(open_sessions, alone)
            while alone.any() and not self._stay_above(answer, share, open_sessions, alone):
                # If they cannot all have what they can take, or some would be better off than the others: share it.
                alone &= answer.found & (self._lost_share(open_sessions) >= share)
                answer, share, duals = self._least_worst(open_sessions, alone)
            if not answer.found:
                return False
            if not recorded:
                worst = max(share, float(self._lost_share(open_sessions)[alone].max(initial=0.0)))
                self._stages.append(Stage(name=name, value=_clean(worst), bound=_clean(worst)))
                recorded = True
            self._settle(open_sessions, alone, share, duals)
        return True

    def _stay_above(self, answer: Answer, share: float, sessions: np.ndarray, alone: np.ndarray) -> bool:
        return answer.found and bool((self._lost_share(sessions)[alone] >= share).all())

    def _lost_share(self, sessions: np.ndarray) -> np.ndarray:
        return self._lost_kwh[sessions] / self._claim_kwh[sessions]

    def _least_worst(self, sessions: np.ndarray, alone: np.ndarray) -> tuple[Answer, float, np.ndarray]:
        """The least largest share of the open sessions when those marked ``alone`` get all that they can take."""
        sharing, settled = sessions[~alone], self._settled()
        if alone.any():
            settled.append(self._missing_kwh[sessions[alone]] <= self._lost_kwh[sessions[alone]] + self._slack_kwh)
        share = cp.Variable(nonneg=True)
        worst_off = self._missing_kwh[sharing] <= share * self._claim_kwh[sharing]
        bounded = [worst_off] if sharing.size else []
        answer = self._minimise(share, [*settled, *bounded])
        if not answer.found:
            return answer, 0.0, np.zeros(0)
        duals = np.abs(worst_off.dual_value) * self._claim_kwh[sharing] if sharing.size else np.zeros(0)
        return answer, float(answer.value) if sharing.size else 0.0, duals

    def _settle(self, sessions: np.ndarray, alone: np.ndarray, share: float, duals: np.ndarray) -> None:
        self._settled_kwh[sessions[alone]] = self._lost_kwh[sessions[alone]]
        sharing = sessions[~alone]
        if not sharing.size:
            return
        if share * self._claim_kwh[sharing].max() <= NOTHING_KWH:
            self._settled_kwh[sharing] = 0.0
            return
        tight = sharing[duals > DUAL_SHARE * max(duals.max(), DUAL_SHARE)]
        tight = tight if tight.size else sharing
        self._settled_kwh[tight] = share * self._claim_kwh[tight]

    def _settle_in_order(self, name: str, tier: np.ndarray) -> bool:
        """The same where binaries leave no duals: make the k largest shares together small, for k = 1, 2, …

        The sum of the k largest of x is min k·t + Σ max(xₙ − t, 0) over t. Minimised for k = 1, 2, … in turn, each
        held, these sums are the leximin order of any set of plans, convex or not (Ogryczak, Tamir, Inf. Process.
        Lett. 85, 2003).
        """
        sessions = tier[np.isnan(self._settled_kwh[tier])]
        shares = cp.multiply(1 / self._claim_kwh[sessions], self._missing_kwh[sessions])
        found_kwh, before = None, 0.0
        for k in range(1, sessions.size + 1):
            level, above = cp.Variable(), cp.Variable(sessions.size, nonneg=True)
            total, beyond = k * level + cp.sum(above), above >= shares - level
            answer = self._minimise(total, [*self._settled(), beyond])
            if not answer.found:
                self._closed = False
                break
            found_kwh = np.maximum(self._missing_kwh.value[sessions], 0.0)
            if k == 1:
                self._record(name, answer)
            self._kept += [beyond, total <= answer.value + self._slack_kwh]
            if answer.value - before <= NOTHING_KWH:
                break
            before = answer.value
        if found_kwh is not None:
            self._settled_kwh[sessions] = found_kwh
        return found_kwh is not None or not sessions.size

    def _minimise(self, value: cp.Expression, more: list[cp.Constraint]) -> Answer:
        constraints = [*self._meanwhile, *self._kept, *more]
        answer = self._solver.minimise(value, constraints, exact=not self._model.switches)
        self._closed &= answer.status != "incumbent"
        if answer.found:
            energy_kwh = self._model.energy.net_kwh.value
            self._found = np.array(energy_kwh), np.array(self._missing_kwh.value)
        return answer

    def _settled(self) -> list[cp.Constraint]:
        closed = np.flatnonzero(~np.isnan(self._settled_kwh))
        return [self._missing_kwh[closed] <= self._settled_kwh[closed] + self._slack_kwh] if closed.size else []

    def _record(self, name: str, answer: Answer) -> None:
        bound = _clean(answer.bound) if np.isfinite(answer.bound) else None
        self._stages.append(Stage(name=name, value=_clean(answer.value), bound=bound))


def _clean(value: float) -> float:
    return round(value, 9) + 0.0
