"""The paper's printed model, as ``docs/formulation.md`` reads it, equation by equation, in PuLP and solved by CBC.

This is the judge of the compact forms in ``twinev.sct``: a state of charge per slot, import and export with a binary
per slot, charging and discharging with a binary per slot and EV, waiting with a binary per slot and EV. Nothing is
left out because it could be, and no code is shared. Numbers in brackets are equations of Zambrano Galbis et al., World
Electr. Veh. J. 2022, 13, 145.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pulp
from unit.sct.literal_site import PHASES, Site

# How far a later stage may fall behind what an earlier one reached, below which a shortfall is none. [kWh, €]
SLACK = 3e-7
# CBC's shortcuts lose the optimum of some of these models, each of others: both ways are tried, the better counts.
WAYS = (["preprocess off", "presolve off", "heuristics off"], ["preprocess off"])
# Where neither finds any plan, though there is one: what an earlier stage holds is tighter than they bear.
LAST_RESORTS = ([*WAYS[0], "scaling off"], ["preprocess off", "scaling off"], ["presolve off"])
STAGES = ("fast", "green", "cheap", "default")


@dataclass(kw_only=True)
class Optimum:
    """What the best plan reaches, in the order of what matters.

    Parameters
    ----------
    excess_kwh : float
        Beyond the limits of the supply point and its phases, all slots together.
    shortfall_kwh : dict
        Missing to the targets, per priority, the highest first.
    shares : dict
        Shortfall as a share of what is claimed, per priority, the largest first.
    stages : dict
        The value of each stage by its name: ``objective`` alone, or the profiles'.
    energy_kwh : list
        One plan that reaches it, per session and slot, at the EVSE.
    """

    excess_kwh: float = 0.0
    shortfall_kwh: dict[int, float] = field(default_factory=dict)
    shares: dict[int, list[float]] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    energy_kwh: list[list[float]] = field(default_factory=list)


class LiteralModel:
    """Variables and constraints of one site under one formulation."""

    def __init__(self, data: dict[str, Any], formulation: str) -> None:
        self.site = Site(data, formulation)
        self.model = pulp.LpProblem("literal", pulp.LpMinimize)
        # Every pair of a session and a slot.
        self.cells = [(n, t) for n in self.site.everyone for t in self.site.slots]
        self._add_variables()
        for n, t in self.cells:
            self.charge_or_discharge(n, t)
            self.minimum_power(n, t)
            self.battery(n, t)
        for n in self.site.everyone:
            self.target(n)
        for t in self.site.slots:
            self.supply_point_limits(t)
            self.phase_limits(t)
            self.group_limits(t)

    def _add_variables(self) -> None:
        site, cells = self.site, self.cells
        self.charge = {(n, t): self._variable(f"charge_{n}_{t}", 0, site.sessions[n].most_charge[t]) for n, t in cells}
        self.discharge = {
            (n, t): self._variable(f"discharge_{n}_{t}", 0, site.sessions[n].most_discharge[t]) for n, t in cells
        }
        self.charging = {(n, t): self._binary(f"charging_{n}_{t}") for n, t in cells}
        self.soc = {
            (n, t): self._variable(f"soc_{n}_{t}", site.sessions[n].floor, site.sessions[n].capacity) for n, t in cells
        }
        self.shortfall = [self._variable(f"shortfall_{n}", 0) for n in site.everyone]
        self.over = [self._variable(f"over_{t}", 0) for t in site.slots]
        self.under = [self._variable(f"under_{t}", 0) for t in site.slots]
        self.beyond_phase = {
            (phase, t): self._variable(f"beyond_{phase}_{t}", 0) for phase in site.phase_max_kw for t in site.slots
        }

    # --- constraints -------------------------------------------------------------------------------------------------

    def charge_or_discharge(self, n: int, t: int) -> None:
        """EVSE power and Eq. (23): at most so much in, at most so much out, and never both in one slot."""
        session = self.site.sessions[n]
        self.model += self.charge[n, t] <= session.most_charge[t] * self.charging[n, t]
        self.model += self.discharge[n, t] <= session.most_discharge[t] * (1 - self.charging[n, t])

    def minimum_power(self, n: int, t: int) -> None:
        """An EV charges with its minimum power at least, or not at all."""
        self.model += self.charge[n, t] >= self.site.sessions[n].least_charge[t] * self.charging[n, t]

    def battery(self, n: int, t: int) -> None:
        """The state of charge follows from what flows in and out; its bounds are the floor and the capacity."""
        session = self.site.sessions[n]
        before = self.soc[n, t - 1] if t > 0 else session.soc
        gained = session.charge_efficiency * self.charge[n, t] - self.discharge[n, t] / session.discharge_efficiency
        self.model += self.soc[n, t] == before + gained

    def target(self, n: int) -> None:
        """Eq. (19): the target is held at the end of its slot, less the shortfall."""
        session = self.site.sessions[n]
        self.model += self.soc[n, session.target_slot] + self.shortfall[n] >= session.target

    def supply_point_limits(self, t: int) -> None:
        """Eq. (6), (7), (10), (14), (15) and (24): PMin ≤ flow ≤ PMax + Flexibility, less what must go beyond."""
        site, flow = self.site, self.flow(t)
        self.model += flow <= (site.max_kw + site.flexibility_kw[t]) * site.hours[t] + self.over[t]
        self.model += flow >= site.min_kw * site.hours[t] - self.under[t]

    def phase_limits(self, t: int) -> None:
        """A third of demand and production and each EV's share flow through a phase: at most its limit, either way."""
        site = self.site
        for phase, limit_kw in site.phase_max_kw.items():
            evs = pulp.lpSum(self.energy(n, t) * site.sessions[n].share[phase] for n in site.everyone)
            flow = site.base_kwh[t] / len(PHASES) + evs
            self.model += flow <= limit_kw * site.hours[t] + self.beyond_phase[phase, t]
            self.model += flow >= -limit_kw * site.hours[t] - self.beyond_phase[phase, t]

    def group_limits(self, t: int) -> None:
        """The sum of a group's sessions stays under the group's limit, whatever else gives way."""
        for members, limit_kwh in self.site.groups:
            self.model += pulp.lpSum(self.energy(n, t) for n in members) <= limit_kwh[t]

    # --- what flows and what it costs --------------------------------------------------------------------------------

    def energy(self, n: int, t: int) -> pulp.LpAffineExpression:
        """What flows into the EV at its EVSE."""
        return self.charge[n, t] - self.discharge[n, t]

    def flow(self, t: int, sessions: list[int] | range | None = None) -> pulp.LpAffineExpression:
        """Eq. (4): demand − production + the EVs, all or some of them."""
        counted = self.site.everyone if sessions is None else sessions
        return self.site.base_kwh[t] + pulp.lpSum(self.energy(n, t) for n in counted)

    def imported_and_exported(self, label: str, sessions: list[int] | range) -> tuple[list, list]:
        """Eq. (4), (9), (12): both parts of the net flow, one of which is nothing in every slot."""
        imported, exported = [], []
        for t in self.site.slots:
            most = abs(self.site.base_kwh[t]) + sum(
                session.most_charge[t] + session.most_discharge[t] for session in self.site.sessions
            )
            importing = self._binary(f"{label}_importing_{t}")
            imported.append(self._variable(f"{label}_imported_{t}", 0))
            exported.append(self._variable(f"{label}_exported_{t}", 0))
            self.model += imported[t] - exported[t] == self.flow(t, sessions)
            self.model += imported[t] <= most * importing
            self.model += exported[t] <= most * (1 - importing)
        return imported, exported

    def cost(self, label: str, sessions: list[int] | range) -> pulp.LpAffineExpression:
        """Eq. (1) with what is ours: import − export + wear + the peak's demand charge, of some sessions' flow. [€]"""
        site = self.site
        imported, exported = self.imported_and_exported(label, sessions)
        peak_kw = self._variable(f"{label}_peak", 0)
        for t in site.slots:
            self.model += peak_kw >= imported[t] * (1 / site.hours[t])
        bought = pulp.lpSum(site.price_eur_per_kwh[t] * imported[t] for t in site.slots)
        sold = pulp.lpSum(site.export_price_eur_per_kwh[t] * exported[t] for t in site.slots)
        wear = pulp.lpSum(site.sessions[n].wear * self.discharge[n, t] for n in sessions for t in site.slots)
        return bought - sold + wear + site.demand_charge * peak_kw

    def waiting(self, sessions: list[int] | range) -> pulp.LpAffineExpression:
        """Eq. (25)–(27): every slot of the stay at whose end the target is not held costs, and those before too. [€]"""
        waited = []
        for n in sessions:
            session = self.site.sessions[n]
            large = max(session.target - session.floor, 0.0)
            for t in session.stay:
                waits = self._binary(f"waits_{n}_{t}")
                # Eq. (26), in kWh.
                self.model += session.target - self.soc[n, t] <= large * waits
                waited.append(waits)
            waited.append(session.previous_slots)
        return self.site.opportunity_cost * pulp.lpSum(waited)

    def early(self, sessions: list[int] | range) -> pulp.LpAffineExpression:
        """What flows, weighted with the number of the slot: least when it flows as early as it may."""
        slots = self.site.slots
        return pulp.lpSum((t + 1) * (self.charge[n, t] + self.discharge[n, t]) for n in sessions for t in slots)

    def not_renewable(self, sessions: list[int] | range) -> pulp.LpAffineExpression:
        """The import of some sessions' flow, as far as it is not renewable. [kWh]"""
        imported, _ = self.imported_and_exported("green", sessions)
        return pulp.lpSum((1 - self.site.renewable_share[t]) * imported[t] for t in self.site.slots)

    # --- the order of what matters -----------------------------------------------------------------------------------

    def optimum(self, profiles: list[str | None] | None = None) -> Optimum:
        """Settle excess, shortfall by priority, fair share and the stages, each keeping what came before it."""
        found = Optimum()
        beyond = pulp.lpSum([*self.over, *self.under, *self.beyond_phase.values()])
        found.excess_kwh = self.settle(beyond)
        tiers = sorted({session.priority for session in self.site.sessions}, reverse=True)
        members = {tier: [n for n in self.site.everyone if self.site.sessions[n].priority == tier] for tier in tiers}
        for tier in tiers:
            found.shortfall_kwh[tier] = self.settle(pulp.lpSum(self.shortfall[n] for n in members[tier]))
        for tier in tiers:
            found.shares[tier] = self.settle_shares(members[tier]) if found.shortfall_kwh[tier] > SLACK else []
        for name, value in self.stages(profiles or [None] * len(self.site.sessions)):
            found.stages[name] = self.settle(value)
        found.energy_kwh = [[self.energy(n, t).value() for t in self.site.slots] for n in self.site.everyone]
        return found

    def settle_shares(self, members: list[int]) -> list[float]:
        """Leximin by Ogryczak's ordered sums: the largest share, then the sum of the two largest, and so on."""
        claims = {n: self.site.sessions[n].claim for n in members}
        open_members = [n for n in members if claims[n] > 0]
        sums = [0.0]
        for count in range(1, len(open_members) + 1):
            label = f"{members[0]}_{count}"
            level = self._variable(f"level_{label}", 0)
            above = {n: self._variable(f"above_{label}_{n}", 0) for n in open_members}
            for n in open_members:
                self.model += above[n] >= self.shortfall[n] * (1 / claims[n]) - level
            sums.append(self.settle(count * level + pulp.lpSum(above.values())))
        return [after - before for before, after in itertools.pairwise(sums)]

    def stages(self, profiles: list[str | None]):
        """The formulation's own objective or, where a driver chose a profile, fast → green → cheap → default.

        Who has no profile follows the formulation's objective in the place of the cheap ones.
        """
        if not any(profiles):
            yield "objective", self.cost("site", self.site.everyone) + self.waiting(self.site.everyone)
            return
        counted: list[int] = []
        for name in STAGES:
            here = [n for n in self.site.everyone if (profiles[n] or "cheap") == name]
            counted = counted + here
            if not here:
                continue
            if name == "green":
                yield name, self.not_renewable(counted)
            elif name == "cheap":
                yield name, self.cost("cheap", counted) + self.waiting([n for n in here if profiles[n] is None])
            else:
                yield name, self.early(here)

    def settle(self, value: pulp.LpAffineExpression) -> float:
        """Minimise, and let no later stage undo it."""
        least = self.minimise(value)
        self.model += value <= least + SLACK
        return least

    def minimise(self, value: pulp.LpAffineExpression) -> float:
        """Solve with CBC; then again with its binaries made whole, so that no tolerance of theirs is worth anything."""
        self.model.setObjective(value)
        binaries = [variable for variable in self.model.variables() if variable.cat == pulp.LpInteger]
        found = list(filter(None, (self._solve_whole(binaries, way) for way in WAYS)))
        found = found or list(filter(None, (self._solve_whole(binaries, way) for way in LAST_RESORTS)))
        # Charging nothing is always a plan: excess and shortfall take up the rest.
        assert found, "CBC finds no plan in either way"
        _, best = min(found, key=lambda one: one[0])
        for variable, kept in best.items():
            variable.varValue = kept
        # PuLP has no value for an objective without variables.
        return float(pulp.value(value) or 0.0)

    def _solve_whole(
        self, binaries: list[pulp.LpVariable], way: list[str]
    ) -> tuple[float, dict[pulp.LpVariable, float]] | None:
        """Value and variables of the best plan that one way finds."""
        if not self._solve(way):
            return None
        found = self._reached()
        for variable in binaries:
            variable.lowBound = variable.upBound = round(variable.value())
        solved = self._solve(way)
        for variable in binaries:
            variable.lowBound, variable.upBound = 0, 1
        # Whole binaries may miss what an earlier stage holds by a hair: then the search's own plan counts.
        return self._reached() if solved else found

    def _reached(self) -> tuple[float, dict[pulp.LpVariable, float]]:
        return float(pulp.value(self.model.objective) or 0.0), {v: v.value() for v in self.model.variables()}

    def _solve(self, way: list[str]) -> bool:
        self.model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0, options=way))
        return pulp.LpStatus[self.model.status] == "Optimal"

    def _variable(self, name: str, least: float, most: float | None = None) -> pulp.LpVariable:
        return self.model.add_variable(name, least, most)

    def _binary(self, name: str) -> pulp.LpVariable:
        return self.model.add_variable(name, cat="Binary")
