"""What one EV asks for, and the groups that share a limit: the entries of ``sessions`` and ``groups`` in a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twinev.domain.vehicles import DriverProfile
from twinev.errors import ScenarioError
from twinev.sct.scenario_values import (
    build,
    read_choice,
    read_list,
    read_number,
    read_numbers,
    read_text,
    read_whole,
    set_checked,
)

PROFILES = tuple(profile.value for profile in DriverProfile)
PHASES = ("L1", "L2", "L3")
OPTIONAL = (
    "arrival_slot",
    "departure_slot",
    "max_kw",
    "max_discharge_kw",
    "min_power_kw",
    "min_soc_kwh",
    "wear_eur_per_kwh",
    "priority",
    "charge_efficiency",
    "discharge_efficiency",
    "phases",
)
CAPS = ("max_kw", "max_discharge_kw")
# Below a percent a battery is a heater; a zero would make every target unreachable without a word.
LEAST_EFFICIENCY = 0.01


def read_phases(value: object, key: str) -> tuple[str, ...]:
    """Return the phases in their usual order, each once and at least one."""
    given = [read_choice(item, f"{key}[{place}]", PHASES) for place, item in enumerate(read_list(value, key))]
    if not given or len(set(given)) != len(given):
        raise ScenarioError(key, value, f"one or more of {', '.join(PHASES)}, each once")
    return tuple(phase for phase in PHASES if phase in given)


@dataclass(frozen=True, kw_only=True)
class SessionRequest:
    """One EV: what it holds, what it may take, what its driver wants and when.

    Parameters
    ----------
    capacity_kwh, soc_kwh : float
        Energy that the battery holds when full, and holds now. [kWh]
    evse_power_kw, evse_discharge_power_kw : float
        Largest charging and discharging power, both as magnitudes. [kW]
    target_soc : float
        Wanted share of the capacity, 0–1, at the end of ``target_slot``.
    previous_slots : int
        Slots that the EV has waited already (opportunity cost).
    arrival_slot, departure_slot : int
        No energy flows before the one or after the other; a ``departure_slot`` of None is the last slot.
    max_kw : tuple of float, shape (n_slots,), or None
        A cap on the charging power per slot; None leaves the EVSE's own. [kW]
    max_discharge_kw : tuple of float, shape (n_slots,), or None
        The same of the discharging power, a magnitude. [kW]
    min_power_kw : float
        The EV charges with at least this power or not at all (IEC 61851: 6 A a phase). [kW]
    charge_efficiency, discharge_efficiency : float
        Share of the energy at the EVSE that reaches the battery; share of the battery's that reaches the EVSE. (0, 1]
    min_soc_kwh : float
        Discharging stops here; an EV that arrives with less is not discharged below what it brought. [kWh]
    wear_eur_per_kwh : float
        Cost of the battery's wear per kWh given back at the EVSE. [€/kWh]
    priority : int
        Who goes short last: a higher number is served before a lower one.
    phases : tuple of str
        The phases that it is connected to, of L1, L2 and L3; its power is even over them.
    """

    id: str
    capacity_kwh: float
    soc_kwh: float
    evse_power_kw: float
    target_soc: float
    target_slot: int
    evse_discharge_power_kw: float = 0.0
    previous_slots: int = 0
    profile: DriverProfile | None = None
    arrival_slot: int = 0
    departure_slot: int | None = None
    max_kw: tuple[float, ...] | None = None
    max_discharge_kw: tuple[float, ...] | None = None
    min_power_kw: float = 0.0
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    min_soc_kwh: float = 0.0
    wear_eur_per_kwh: float = 0.0
    priority: int = 0
    phases: tuple[str, ...] = PHASES

    def __post_init__(self) -> None:
        read_text(self.id, "id")
        self._check_battery()
        self._check_times()
        self._check_power()
        if self.profile is not None:
            set_checked(self, "profile", DriverProfile(read_choice(self.profile, "profile", PROFILES)))
        set_checked(self, "priority", read_whole(self.priority, "priority"))
        set_checked(self, "phases", read_phases(self.phases, "phases"))

    def _check_battery(self) -> None:
        set_checked(self, "capacity_kwh", read_number(self.capacity_kwh, "capacity_kwh", at_least=0))
        for key in ("soc_kwh", "min_soc_kwh"):
            set_checked(self, key, read_number(getattr(self, key), key, at_least=0, at_most=self.capacity_kwh))
        set_checked(self, "target_soc", read_number(self.target_soc, "target_soc", at_least=0, at_most=1))
        for key in ("charge_efficiency", "discharge_efficiency"):
            set_checked(self, key, read_number(getattr(self, key), key, at_least=LEAST_EFFICIENCY, at_most=1))

    def _check_times(self) -> None:
        for key in ("target_slot", "previous_slots", "arrival_slot"):
            set_checked(self, key, read_whole(getattr(self, key), key))
        if self.departure_slot is not None:
            departure = read_whole(self.departure_slot, "departure_slot", at_least=self.arrival_slot)
            set_checked(self, "departure_slot", departure)
            read_whole(self.target_slot, "target_slot", at_most=departure)

    def _check_power(self) -> None:
        for key in ("evse_power_kw", "evse_discharge_power_kw", "min_power_kw", "wear_eur_per_kwh"):
            set_checked(self, key, read_number(getattr(self, key), key, at_least=0))
        for key in CAPS:
            if getattr(self, key) is not None:
                set_checked(self, key, read_numbers(getattr(self, key), key, at_least=0))

    @property
    def target_kwh(self) -> float:
        """Energy that the battery is to hold at the end of ``target_slot``. [kWh]"""
        return self.target_soc * self.capacity_kwh

    @property
    def need_kwh(self) -> float:
        """Energy missing to the target now. [kWh]"""
        return max(0.0, self.target_kwh - self.soc_kwh)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], key: str, slots: int) -> SessionRequest:
        """Read one entry of ``sessions``, which its schema accepts; ``key`` is its place."""
        return build(cls, key, **{**data, **{cap: _per_slot(data.get(cap), slots) for cap in CAPS}})

    def to_dict(self) -> dict[str, Any]:
        """The entry of the scenario file; what is neutral is left out."""
        # What is as the class has it is left out.
        neutral = {name: field.default for name, field in self.__dataclass_fields__.items()}
        optional = {key: getattr(self, key) for key in OPTIONAL if getattr(self, key) != neutral[key]}
        return {
            "id": self.id,
            "capacity_kwh": self.capacity_kwh,
            "soc_kwh": self.soc_kwh,
            "evse_power_kw": self.evse_power_kw,
            "evse_discharge_power_kw": self.evse_discharge_power_kw,
            "target_soc": self.target_soc,
            "target_slot": self.target_slot,
            "previous_slots": self.previous_slots,
            "profile": None if self.profile is None else self.profile.value,
        } | {key: list(value) if isinstance(value, tuple) else value for key, value in optional.items()}


@dataclass(frozen=True, kw_only=True)
class SessionGroup:
    """A cap on the sum of some sessions' power: a feeder, or a grid operator's restriction. [kW]"""

    id: str
    session_ids: tuple[str, ...]
    max_kw: tuple[float, ...]

    def __post_init__(self) -> None:
        read_text(self.id, "id")
        set_checked(self, "session_ids", tuple(self.session_ids))
        set_checked(self, "max_kw", read_numbers(self.max_kw, "max_kw", at_least=0))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], key: str, slots: int) -> SessionGroup:
        """Read one entry of ``groups``, which its schema accepts; ``key`` is its place."""
        return build(cls, key, **{**data, "max_kw": _per_slot(data["max_kw"], slots)})

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "session_ids": list(self.session_ids), "max_kw": list(self.max_kw)}


def _per_slot(value: Any, slots: int) -> Any:
    """A single number holds for every slot."""
    return (value,) * slots if isinstance(value, (int, float)) else value
