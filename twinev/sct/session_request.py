"""What one EV asks for, and the groups that share a limit: the entries of ``sessions`` and ``groups`` in a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinev.domain.vehicles import DriverProfile
from twinev.sct.scenario_values import (
    build,
    read_choice,
    read_each,
    read_number,
    read_numbers,
    read_object,
    read_per_slot,
    read_text,
    read_whole,
    set_checked,
)

PROFILES = tuple(profile.value for profile in DriverProfile)


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

    def __post_init__(self) -> None:
        read_text(self.id, "id")
        for key in ("capacity_kwh", "evse_power_kw", "evse_discharge_power_kw"):
            set_checked(self, key, read_number(getattr(self, key), key, at_least=0))
        set_checked(self, "soc_kwh", read_number(self.soc_kwh, "soc_kwh", at_least=0, at_most=self.capacity_kwh))
        set_checked(self, "target_soc", read_number(self.target_soc, "target_soc", at_least=0, at_most=1))
        for key in ("target_slot", "previous_slots", "arrival_slot"):
            set_checked(self, key, read_whole(getattr(self, key), key))
        if self.departure_slot is not None:
            set_checked(
                self, "departure_slot", read_whole(self.departure_slot, "departure_slot", at_least=self.arrival_slot)
            )
            read_whole(self.target_slot, "target_slot", at_most=self.departure_slot)
        if self.max_kw is not None:
            set_checked(self, "max_kw", read_numbers(self.max_kw, "max_kw", at_least=0))
        if self.profile is not None:
            set_checked(self, "profile", DriverProfile(read_choice(self.profile, "profile", PROFILES)))

    @property
    def target_kwh(self) -> float:
        """Energy that the battery is to hold at the end of ``target_slot``. [kWh]"""
        return self.target_soc * self.capacity_kwh

    @property
    def need_kwh(self) -> float:
        """Energy missing to the target now. [kWh]"""
        return max(0.0, self.target_kwh - self.soc_kwh)

    @classmethod
    def from_dict(cls, data: object, key: str, slots: int) -> SessionRequest:
        """Read one entry of ``sessions``."""
        required = ("id", "capacity_kwh", "soc_kwh", "evse_power_kw", "target_soc", "target_slot")
        fields = dict(read_object(data, key, cls.__dataclass_fields__, required))
        if fields.get("max_kw") is not None:
            fields["max_kw"] = read_per_slot(fields["max_kw"], f"{key}.max_kw", slots, at_least=0)
        return build(cls, key, **fields)

    def to_dict(self) -> dict[str, Any]:
        """The entry of the scenario file; what is neutral is left out."""
        optional = {
            "arrival_slot": self.arrival_slot or None,
            "departure_slot": self.departure_slot,
            "max_kw": None if self.max_kw is None else list(self.max_kw),
        }
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
        } | {key: value for key, value in optional.items() if value is not None}


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
    def from_dict(cls, data: object, key: str, slots: int) -> SessionGroup:
        """Read one entry of ``groups``."""
        fields = read_object(data, key, cls.__dataclass_fields__, cls.__dataclass_fields__)
        return build(
            cls,
            key,
            id=fields["id"],
            session_ids=read_each(fields["session_ids"], f"{key}.session_ids", read_text),
            max_kw=read_per_slot(fields["max_kw"], f"{key}.max_kw", slots, at_least=0),
        )

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "session_ids": list(self.session_ids), "max_kw": list(self.max_kw)}
