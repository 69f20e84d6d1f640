"""One run of the column road of `tradeoff`: any plan, then columns, then a search among what they leave open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from twinev.sct.column_generation.fixed_completions import FixedCompletions
from twinev.sct.column_generation.master import Master, Mixture
from twinev.sct.column_generation.pricing import Duals, Pricing, fill, price_pairs
from twinev.sct.column_generation.search import CompletionSearch
from twinev.sct.column_generation.task import CompletionTask, Pairs

# How far the prices move towards the master's, which swing while columns are missing.
STEP = 0.3
# The master is solved when its value and the bound are this close, relative to the value.
MASTER_GAP = 1e-5
# The first search looks at completions whose reduced cost is below this share of the value; each next one at more.
FIRST_REACH, NEXT_REACH = 1e-4, 4.0
# A search this many times as wide as the planned one is tried at once where it can prove the gap.
LEAP = 3.0
# For a search that cannot prove the gap yet and is after better plans: how many nodes, what share of the time left.
SCOUTING_NODES = 500
SCOUTING_SHARE = 0.3
ROUNDINGS = (0.5, 0.7, 0.8, 0.9, 1 - 1e-6)
EASE_KWH = 1e-7  # well below what counts as a shortfall
LEAST_EUR = 0.01  # a gap is relative to the value, or to this where the value is smaller

Listener = Callable[[float, float], None]


class ColumnRoad:
    """The state of one run: best plan, best bound, and the duals that gave it."""

    def __init__(self, task: CompletionTask, gap: float, deadline_s: float, on_progress: Listener | None) -> None:
        self.task = task
        self.energy_kwh: np.ndarray | None = None
        self.done_slot = task.last
        self.value, self.bound = np.inf, -np.inf
        self._gap, self._deadline_s, self._on_progress = gap, deadline_s, on_progress
        self._pairs = Pairs.of(task)
        self._centre: Duals | None = None
        self._root_bound = -np.inf

    @property
    def _seconds_left(self) -> float:
        return self._deadline_s - time.monotonic()

    @property
    def _allowed_eur(self) -> float:
        return self._gap * max(abs(self.value), LEAST_EUR)

    @property
    def _rounding_eur(self) -> float:
        """What sums of this size may be off by in the last digits."""
        return 1e-9 * max(abs(self.value), 1.0)

    @property
    def _finished(self) -> bool:
        return self.value - self.bound <= self._allowed_eur or self._seconds_left <= 0

    def run(self) -> None:
        """Start with any plan, improve it by columns, search among what they leave open."""
        start = self._start() or self._start_eased()
        if start is None:
            return
        master = Master(self.task, *start)
        mixture = self._generate(master)
        if mixture is not None and not self._finished:
            self._fixed = FixedCompletions(self.task)
            self._round(master, mixture)
            self._search()

    def window(self) -> tuple[np.ndarray, np.ndarray]:
        """First and last completion of each session that a plan better than `value` may have."""
        if self._centre is None:
            return self.task.soonest, self.task.last
        kept = self._within(self.value - self._root_bound + self._rounding_eur)
        free = self.task.wait_eur <= 0
        return np.where(free, self.task.soonest, kept.earliest), kept.latest

    def _start(self) -> tuple[np.ndarray, np.ndarray] | None:
        """A plan that pays for a session's waiting by its energy's mean delay, which is never more than the waiting."""
        task = self.task
        delay = np.arange(task.shape[1]) - task.first_slot[:, None]
        relaxed = FixedCompletions(task, delay * (task.wait_eur / task.need_kwh)[:, None])
        plan = relaxed.solve(task.last, self._seconds_left)
        if plan is not None:
            self._offer(*plan)
            self._price(relaxed.duals)
        return plan

    def _start_eased(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The same for needs that fill the limits to the last digit and, as sums, a little more."""
        if self._seconds_left <= 0:
            return None
        self.task = replace(self.task, need_kwh=np.maximum(self.task.need_kwh - EASE_KWH, EASE_KWH))
        self._pairs = Pairs.of(self.task)
        return self._start()

    def _offer(self, energy_kwh: np.ndarray, done_slot: np.ndarray) -> None:
        """Keep a plan if it is better; whose waiting costs nothing may be done as late as can be."""
        done_slot = np.where(self.task.wait_eur > 0, done_slot, self.task.last)
        value = self.task.cost(energy_kwh, done_slot)
        if value < self.value:
            self.value, self.energy_kwh, self.done_slot = value, energy_kwh, done_slot
            self._tell()

    def _prove(self, bound: float) -> None:
        if bound > self.bound:
            self.bound = bound
            self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.value, min(self.bound, self.value))

    def _price(self, duals: Duals) -> tuple[Pairs, Pricing]:
        """Price the pairs; where the bound is the best so far, keep the duals, and the pairs a better plan may have."""
        pairs, pricing = self._pairs, price_pairs(self.task, self._pairs, duals)
        if pricing.bound > self._root_bound:
            self._centre, self._root_bound = duals, pricing.bound
            self._prove(pricing.bound)
            if pricing.bound < self.value:
                self._pairs = pairs.only(pricing.bound + pricing.above_eur <= self.value + self._rounding_eur)
        return pairs, pricing

    def _generate(self, master: Master) -> Mixture | None:
        """Solve the master and add columns by turns until its value is the bound."""
        mixture = None
        while not self._finished:
            solved = master.solve(self._seconds_left)
            if solved is None:
                break
            mixture = solved
            self._offer(*master.plan(mixture.weight))
            open_eur = mixture.value - self._root_bound
            if open_eur <= MASTER_GAP * max(abs(mixture.value), LEAST_EUR) or not self._add_columns(master, mixture):
                break
        return mixture

    def _add_columns(self, master: Master, mixture: Mixture) -> bool:
        """Add each session's best column near the centre; at the master's own duals where none there improves it."""
        master_price = np.broadcast_to(mixture.duals.price(self.task), self.task.shape)
        for step in (STEP, 1.0):
            pairs, pricing = self._price(self._centre.towards(mixture.duals, step))
            best = pricing.best(pairs)
            session, slot = pairs.session[best], pairs.slot[best]
            energy_kwh = fill(self.task, session, slot, pricing.order)
            cost_eur = (energy_kwh * master_price).sum(axis=1) + self.task.waiting_eur(session, slot)
            better = cost_eur < mixture.session_eur - 1e-7
            if better.any():
                master.add(session[better], slot[better], energy_kwh[better])
                return True
        return False

    def _round(self, master: Master, mixture: Mixture) -> None:
        """Plans that are done where the mixture's parts add up to some share."""
        part = np.zeros(self.task.shape)
        np.add.at(part, (master.session, master.slot), mixture.weight)
        for level in ROUNDINGS:
            if not self._finished:
                self._fix((np.cumsum(part, axis=1) >= level).argmax(axis=1))

    def _fix(self, latest: np.ndarray) -> None:
        plan = self._fixed.solve(latest, self._seconds_left)
        if plan is not None:
            self._offer(*plan)

    def _search(self) -> None:
        """Search among the completions of small reduced cost; a plan with any other costs the bound and more.

        So the proof needs the completions up to `needed_eur` only; fewer are searched first for better plans.
        """
        reach_eur = FIRST_REACH * max(abs(self.value), LEAST_EUR)
        before = None
        # A search that changed nothing met HiGHS' own tolerances: the next would, too.
        while not self._finished and before != (self.value, self.bound):
            before = self.value, self.bound
            needed_eur = self.value - self._allowed_eur - self._root_bound + self._rounding_eur
            proving = needed_eur <= LEAP * reach_eur
            within_eur = needed_eur if proving else reach_eur
            search = CompletionSearch(self.task, self._within(within_eur), self._centre)
            search.start_at(self.energy_kwh, self.done_slot)
            if proving:
                found = search.run(self._allowed_eur, self._seconds_left)
            else:
                found = search.run(self._allowed_eur, self._seconds_left * SCOUTING_SHARE, nodes=SCOUTING_NODES)
            self._prove(min(found.bound, self._root_bound + within_eur))
            if found.latest is not None:
                self._fix(found.latest)
            reach_eur = within_eur * NEXT_REACH
            if not proving:
                before = None

    def _within(self, above_eur: float) -> Pairs:
        """Completions whose reduced cost at the centre is at most this, and those of the best plan.

        Among those only that a better plan may have: beside a cheaper one that is out already none would look near.
        """
        pairs, shape = self._pairs, self.task.shape
        kept = np.zeros(shape, dtype=bool)
        near = price_pairs(self.task, pairs, self._centre).above_eur <= above_eur
        kept[pairs.session[near], pairs.slot[near]] = True
        kept[np.arange(shape[0]), self.done_slot] = True
        session, slot = np.nonzero(kept)
        return Pairs(session=session, slot=slot)
