"""What a plan reaches, recomputed from its energies alone: the counterpart of the literal model's optimum."""

from __future__ import annotations

from typing import Any

from unit.sct.literal_model import STAGES, Optimum
from unit.sct.literal_site import PHASES, Site

# Up to here a target counts as held and a limit as kept. [kWh]
NOTHING_KWH = 5e-7


class PlanValues:
    """One plan for one site; ``energy_kwh[n][t]`` is at the EVSE, positive charges."""

    def __init__(self, data: dict[str, Any], formulation: str, energy_kwh: list[tuple[float, ...]]) -> None:
        self.site = Site(data, formulation)
        self.energy_kwh = energy_kwh
        self.soc_kwh = [self._trajectory(n) for n in self.site.everyone]

    def _trajectory(self, n: int) -> list[float]:
        session, held, trajectory = self.site.sessions[n], self.site.sessions[n].soc, []
        for energy in self.energy_kwh[n]:
            held += session.charge_efficiency * max(energy, 0.0) - max(-energy, 0.0) / session.discharge_efficiency
            trajectory.append(held)
        return trajectory

    def flow_kwh(self, sessions: list[int] | range) -> list[float]:
        """Net flow of demand, production and these sessions in every slot."""
        return [self.site.base_kwh[t] + sum(self.energy_kwh[n][t] for n in sessions) for t in self.site.slots]

    def excess_kwh(self) -> list[float]:
        """Flow beyond the limits of the supply point and its phases, per slot."""
        site = self.site
        beyond = []
        for t, flow in enumerate(self.flow_kwh(site.everyone)):
            upper = (site.max_kw + site.flexibility_kw[t]) * site.hours[t]
            parts = [flow - upper, site.min_kw * site.hours[t] - flow]
            for phase, limit_kw in site.phase_max_kw.items():
                evs = sum(self.energy_kwh[n][t] * site.sessions[n].share[phase] for n in site.everyone)
                parts.append(abs(site.base_kwh[t] / len(PHASES) + evs) - limit_kw * site.hours[t])
            beyond.append(sum(part for part in parts if part > NOTHING_KWH))
        return beyond

    def shortfall_kwh(self, n: int) -> float:
        """Eq. (19): what is missing to the target at the end of its slot."""
        session = self.site.sessions[n]
        return max(session.target - self.soc_kwh[n][session.target_slot], 0.0)

    def cost_eur(self, sessions: list[int] | range) -> float:
        """Eq. (1) with export, wear and the demand charge, for the flow of some sessions."""
        site = self.site
        imported = [max(flow, 0.0) for flow in self.flow_kwh(sessions)]
        exported = [max(-flow, 0.0) for flow in self.flow_kwh(sessions)]
        wear = sum(site.sessions[n].wear * max(-energy, 0.0) for n in sessions for energy in self.energy_kwh[n])
        peak_kw = max(kwh / h for kwh, h in zip(imported, site.hours, strict=True))
        bought = sum(price * kwh for price, kwh in zip(site.price_eur_per_kwh, imported, strict=True))
        sold = sum(price * kwh for price, kwh in zip(site.export_price_eur_per_kwh, exported, strict=True))
        return bought - sold + wear + site.demand_charge * peak_kw

    def waiting_eur(self, sessions: list[int] | range) -> float:
        """Eq. (25)–(27): the slots of the stay at whose end the target is not held, and those before the plan."""
        waited = 0
        for n in sessions:
            session = self.site.sessions[n]
            waited += session.previous_slots
            waited += sum(self.soc_kwh[n][t] < session.target - NOTHING_KWH for t in session.stay)
        return self.site.opportunity_cost * waited

    def reached(self, profiles: list[str | None] | None = None) -> Optimum:
        """Everything that the literal model settles, as this plan has it."""
        everyone, reached = self.site.everyone, Optimum(excess_kwh=sum(self.excess_kwh()))
        for tier in sorted({session.priority for session in self.site.sessions}, reverse=True):
            members = [n for n in everyone if self.site.sessions[n].priority == tier]
            reached.shortfall_kwh[tier] = sum(self.shortfall_kwh(n) for n in members)
            claims = {n: self.site.sessions[n].claim for n in members}
            shares = [self.shortfall_kwh(n) / claims[n] for n in members if claims[n] > 0]
            reached.shares[tier] = sorted(shares, reverse=True)
        reached.stages = self._stages(profiles or [None for _ in everyone])
        return reached

    def _stages(self, profiles: list[str | None]) -> dict[str, float]:
        if not any(profiles):
            return {"objective": self.cost_eur(self.site.everyone) + self.waiting_eur(self.site.everyone)}
        stages, counted = {}, []
        for name in STAGES:
            here = [n for n in self.site.everyone if (profiles[n] or "cheap") == name]
            counted = counted + here
            if here and name == "green":
                flows = enumerate(self.flow_kwh(counted))
                stages[name] = sum((1 - self.site.renewable_share[t]) * max(flow, 0.0) for t, flow in flows)
            elif here and name == "cheap":
                stages[name] = self.cost_eur(counted) + self.waiting_eur([n for n in here if profiles[n] is None])
            elif here:
                stages[name] = sum((t + 1) * abs(kwh) for n in here for t, kwh in enumerate(self.energy_kwh[n]))
        return stages
