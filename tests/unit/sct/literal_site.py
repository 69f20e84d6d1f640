"""The scenario file as the literal model reads it: every neutral value filled in, kW turned into kWh.

Nothing here comes from ``twinev.sct``: a misreading there must not be repeated by what judges it.
"""

from __future__ import annotations

from typing import Any

PHASES = ("L1", "L2", "L3")
SERIES = ("demand_kw", "production_kw", "flexibility_kw", "price_eur_per_kwh", "renewable_share")
EXPORT_PRICE = "export_price_eur_per_kwh"
# Which parts of a scenario each formulation counts.
DISCHARGE = ("v2g", "grid", "tradeoff")
FLEXIBILITY = ("grid", "tradeoff")
WAITING = ("tradeoff",)


class Site:
    """One site under one formulation; ``[t]`` is a slot, ``[n]`` a session, energies in kWh."""

    def __init__(self, data: dict[str, Any], formulation: str) -> None:
        lists = [data[key] for key in (*SERIES, EXPORT_PRICE) if key in data]
        self.slots = range(data["slots"] if "slots" in data else len(lists[0]))
        full_hours = data["slot_minutes"] / 60
        self.hours = [full_hours for _ in self.slots]
        self.hours[0] = data.get("first_slot_minutes", data["slot_minutes"]) / 60
        for key in (*SERIES, EXPORT_PRICE):
            setattr(self, key, data.get(key) or [0.0 for _ in self.slots])
        if formulation not in FLEXIBILITY:
            self.flexibility_kw = [0.0 for _ in self.slots]
        self.base_kwh = [(self.demand_kw[t] - self.production_kw[t]) * self.hours[t] for t in self.slots]
        self.max_kw, self.min_kw = data["supply_point"]["max_kw"], data["supply_point"]["min_kw"]
        self.phase_max_kw = self._phase_limits(data["supply_point"].get("phase_max_kw"))
        self.demand_charge = data.get("demand_charge_eur_per_kw", 0.0)
        self.opportunity_cost = data.get("opportunity_cost_eur_per_slot", 0.0) if formulation in WAITING else 0.0
        self.sessions = [
            Session(session, self.hours, discharge=formulation in DISCHARGE) for session in data["sessions"]
        ]
        self.everyone = range(len(self.sessions))
        self.groups = [self._group(group) for group in data.get("groups", [])]

    @staticmethod
    def _phase_limits(given: Any) -> dict[str, float]:
        """The limit of each phase; empty where there is none."""
        if given is None:
            return {}
        limits = given if isinstance(given, list) else [given] * len(PHASES)
        return dict(zip(PHASES, limits, strict=True))

    def _group(self, group: dict[str, Any]) -> tuple[list[int], list[float]]:
        """The places of a group's sessions and its limit per slot. [kWh]"""
        place = {session.id: n for n, session in enumerate(self.sessions)}
        limits_kw = _per_slot(group["max_kw"], self.hours)
        return [place[session_id] for session_id in group["session_ids"]], _times(limits_kw, self.hours)

    @property
    def constant(self) -> float:
        """What Eq. (27) counts whatever the plan: the slots waited before it. [€]"""
        return self.opportunity_cost * sum(session.previous_slots for session in self.sessions)


class Session:
    """One EV: everything in kWh of its EVSE (``charge``, ``discharge``) or of its battery (the rest)."""

    def __init__(self, data: dict[str, Any], hours: list[float], *, discharge: bool) -> None:
        last = data.get("departure_slot")
        self.id = data["id"]
        self.stay = range(data.get("arrival_slot", 0), (len(hours) - 1 if last is None else last) + 1)
        cap_kw = _per_slot(data.get("max_kw", data["evse_power_kw"]), hours)
        present = [t in self.stay for t in range(len(hours))]
        power_kw = [min(data["evse_power_kw"], cap) * here for cap, here in zip(cap_kw, present, strict=True)]
        most_back_kw = data.get("evse_discharge_power_kw", 0.0) * discharge
        back_cap_kw = _per_slot(data.get("max_discharge_kw", most_back_kw), hours)
        back_kw = [min(most_back_kw, cap) * here for cap, here in zip(back_cap_kw, present, strict=True)]
        self.most_charge = _times(power_kw, hours)
        self.least_charge = _times([data.get("min_power_kw", 0.0)] * len(hours), hours)
        self.most_discharge = _times(back_kw, hours)
        self.soc, self.capacity = data["soc_kwh"], data["capacity_kwh"]
        self.floor = min(data.get("min_soc_kwh", 0.0), self.soc)
        self.target, self.target_slot = data["target_soc"] * self.capacity, data["target_slot"]
        self.charge_efficiency = data.get("charge_efficiency", 1.0)
        self.discharge_efficiency = data.get("discharge_efficiency", 1.0)
        self.wear = data.get("wear_eur_per_kwh", 0.0)
        self.priority = data.get("priority", 0)
        self.previous_slots = data.get("previous_slots", 0)
        phases = data.get("phases", PHASES)
        self.share = {phase: (phase in phases) / len(phases) for phase in PHASES}

    @property
    def claim(self) -> float:
        """What its shortfall is a share of: its need or, where it holds its target already, all that it can lose."""
        need = self.target - self.soc
        return need if need > 0 else max(self.target - self.floor, 0.0) * any(self.most_discharge)


def _per_slot(value: Any, hours: list[float]) -> list[float]:
    return value if isinstance(value, list) else [value] * len(hours)


def _times(values_kw: list[float], hours: list[float]) -> list[float]:
    return [kw * h for kw, h in zip(values_kw, hours, strict=True)]
