"""What the Smart Charging Tool is asked: a scenario, read from JSON, validated at birth.

Shapes in words: ``[..T]`` is one value per slot. Positive power charges the EV. ``target_slot`` t means: charged at the
END of slot t. The slots' limits, demand and production are mean powers over the slot, in kW.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

from twinev.domain.horizon import Horizon
from twinev.errors import ScenarioError
from twinev.sct.display import problem_html, problem_text
from twinev.sct.json_text import read_json
from twinev.sct.scenario_values import (
    MOST_SLOTS,
    build,
    read_choice,
    read_instant,
    read_number,
    read_numbers,
    read_whole,
    require_length,
    set_checked,
)
from twinev.sct.schemas import check
from twinev.sct.session_request import CAPS, PHASES, SessionGroup, SessionRequest

TIE_BREAKS = ("earliest", "latest")
SERIES = ("demand_kw", "production_kw", "flexibility_kw", "price_eur_per_kwh", "renewable_share")
# Ours, and neutral where it is not given: left out of the file then.
EXPORT_PRICE = "export_price_eur_per_kwh"
COSTS = ("opportunity_cost_eur_per_slot", "demand_charge_eur_per_kw")


@dataclass(frozen=True, kw_only=True)
class SupplyPoint:
    """Where the site meets the grid: at most ``max_kw`` import, ``-min_kw`` export. [kW]

    ``phase_max_kw`` is the most that may flow through L1, L2 and L3, either way; a single number holds for each.
    """

    max_kw: float
    min_kw: float
    phase_max_kw: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        set_checked(self, "max_kw", read_number(self.max_kw, "max_kw", at_least=0))
        set_checked(self, "min_kw", read_number(self.min_kw, "min_kw", at_most=0))
        if self.phase_max_kw is not None:
            set_checked(self, "phase_max_kw", _read_phase_limits(self.phase_max_kw))

    def to_dict(self) -> dict[str, Any]:
        phases = {} if self.phase_max_kw is None else {"phase_max_kw": list(self.phase_max_kw)}
        return {"max_kw": self.max_kw, "min_kw": self.min_kw, **phases}


def _read_phase_limits(value: object) -> tuple[float, ...]:
    if isinstance(value, (int, float)):
        return (read_number(value, "phase_max_kw", at_least=0),) * len(PHASES)
    numbers = read_numbers(value, "phase_max_kw", at_least=0)
    if len(numbers) != len(PHASES):
        raise ScenarioError("phase_max_kw", value, "a number, or three: one each for L1, L2 and L3")
    return numbers


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A site's planning problem: see the scenario file in ``docs/files.md``.

    The series are ``[..T]``; an empty one means zeros. ``time_zone`` is that of the file's ``start``: explanations
    tell their times in it.
    """

    horizon: Horizon
    supply_point: SupplyPoint
    sessions: tuple[SessionRequest, ...]
    demand_kw: tuple[float, ...] = ()
    production_kw: tuple[float, ...] = ()
    flexibility_kw: tuple[float, ...] = ()
    price_eur_per_kwh: tuple[float, ...] = ()
    renewable_share: tuple[float, ...] = ()
    opportunity_cost_eur_per_slot: float = 0.0
    export_price_eur_per_kwh: tuple[float, ...] = ()
    demand_charge_eur_per_kw: float = 0.0
    groups: tuple[SessionGroup, ...] = ()
    tie_break: str = "earliest"
    time_zone: tzinfo = UTC

    def __post_init__(self) -> None:
        for key in (*SERIES, EXPORT_PRICE):
            set_checked(self, key, self._checked_series(key))
        for key in COSTS:
            set_checked(self, key, read_number(getattr(self, key), key, at_least=0))
        read_choice(self.tie_break, "tie_break", TIE_BREAKS)
        self._check_sessions()
        self._check_groups()

    def _checked_series(self, key: str) -> tuple[float, ...]:
        bounds = {"demand_kw": {"at_least": 0}, "production_kw": {"at_least": 0}}
        bounds["renewable_share"] = {"at_least": 0, "at_most": 1}
        numbers = read_numbers(getattr(self, key), key, **bounds.get(key, {})) or (0.0,) * self.slots
        require_length(numbers, key, self.slots)
        return numbers

    def _check_sessions(self) -> None:
        seen: set[str] = set()
        for place, session in enumerate(self.sessions):
            key = f"sessions[{place}]"
            if session.id in seen:
                raise ScenarioError(f"{key}.id", session.id, "an id that no other session has")
            seen.add(session.id)
            for name in ("target_slot", "arrival_slot", "departure_slot"):
                if getattr(session, name) is not None:
                    read_whole(getattr(session, name), f"{key}.{name}", at_most=self.slots - 1)
            for cap in CAPS:
                if getattr(session, cap) is not None:
                    require_length(getattr(session, cap), f"{key}.{cap}", self.slots)

    def _check_groups(self) -> None:
        known = {session.id for session in self.sessions}
        seen: set[str] = set()
        for place, group in enumerate(self.groups):
            key = f"groups[{place}]"
            if group.id in seen:
                raise ScenarioError(f"{key}.id", group.id, "an id that no other group has")
            seen.add(group.id)
            require_length(group.max_kw, f"{key}.max_kw", self.slots)
            for member, session_id in enumerate(group.session_ids):
                if session_id not in known or session_id in group.session_ids[:member]:
                    raise ScenarioError(f"{key}.session_ids[{member}]", session_id, "the id of a session, each once")

    @property
    def slots(self) -> int:
        """Number of slots, T."""
        return self.horizon.slots

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON: equal for files that mean the same."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def clock_time(self, instant: datetime) -> str:
        """``instant`` as a person at the site reads it: the hour, with the date where the hour alone is not clear."""
        soon = timedelta(0) <= instant - self.horizon.now < timedelta(days=1)
        return instant.astimezone(self.time_zone).strftime("%H:%M" if soon else "%Y-%m-%d %H:%M")

    @classmethod
    def from_json(cls, path: str | Path) -> Problem:
        """Read a scenario file.

        Raises
        ------
        ScenarioError
            The file is not JSON, or a value in it cannot be used.
        OSError
            The file cannot be read.
        """
        return cls.from_text(Path(path).read_bytes(), str(path))

    @classmethod
    def from_text(cls, text: str | bytes, where: str = "scenario") -> Problem:
        """Read the text of a scenario file; ``where`` names it in an error."""
        return cls.from_dict(read_json(text, where, "scenario", ScenarioError))

    @classmethod
    def from_dict(cls, data: object) -> Problem:
        """Read a scenario: what its schema refuses, and lists that are not of one length, are named by their key."""
        given = check(data, "scenario", ScenarioError)
        horizon = _read_horizon(given)
        slots = horizon.slots
        return cls(
            horizon=horizon,
            supply_point=build(SupplyPoint, "supply_point", **given["supply_point"]),
            sessions=tuple(
                SessionRequest.from_dict(entry, f"sessions[{place}]", slots)
                for place, entry in enumerate(given["sessions"])
            ),
            **{key: given[key] for key in (*SERIES, EXPORT_PRICE, *COSTS) if key in given},
            groups=tuple(
                SessionGroup.from_dict(entry, f"groups[{place}]", slots)
                for place, entry in enumerate(given.get("groups", ()))
            ),
            tie_break=given.get("tie_break", "earliest"),
            time_zone=read_instant(given["start"], "start").tzinfo,
        )

    def to_dict(self) -> dict[str, Any]:
        """The scenario file; what is optional and neutral is left out, so that a hash outlives new optional keys."""
        horizon = self.horizon
        optional: dict[str, Any] = {}
        if horizon.first_slot_minutes != horizon.slot_minutes:
            optional["first_slot_minutes"] = float(horizon.first_slot_minutes)
        if any(self.export_price_eur_per_kwh):
            optional[EXPORT_PRICE] = list(self.export_price_eur_per_kwh)
        if self.demand_charge_eur_per_kw:
            optional["demand_charge_eur_per_kw"] = self.demand_charge_eur_per_kw
        if self.groups:
            optional["groups"] = [group.to_dict() for group in self.groups]
        if self.tie_break != "earliest":
            optional["tie_break"] = self.tie_break
        return {
            "slot_minutes": float(horizon.slot_minutes),
            "start": horizon.start.astimezone(self.time_zone).isoformat(),
            "supply_point": self.supply_point.to_dict(),
            **{key: list(getattr(self, key)) for key in SERIES},
            "opportunity_cost_eur_per_slot": self.opportunity_cost_eur_per_slot,
            "sessions": [session.to_dict() for session in self.sessions],
            **optional,
        }

    def __str__(self) -> str:
        return problem_text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """Show what is asked in Jupyter: sessions, site, stays."""
        return problem_html(self)


def _read_horizon(given: Mapping[str, Any]) -> Horizon:
    """T is ``slots``, or the length of the first list that is there; every list is held against it."""
    lists = {key: given[key] for key in (*SERIES, EXPORT_PRICE) if key in given}
    slots = given.get("slots", next((len(numbers) for numbers in lists.values()), None))
    if slots is None:
        raise ScenarioError("slots", slots, "a whole number, where no list tells how many slots there are")
    slots = read_whole(slots, "slots", at_least=1, at_most=MOST_SLOTS)
    for key, numbers in lists.items():
        require_length(numbers, key, slots)
    return build(
        Horizon,
        "",
        start=read_instant(given["start"], "start"),
        slot_minutes=given["slot_minutes"],
        slots=slots,
        first_slot_minutes=given.get("first_slot_minutes"),
    )
