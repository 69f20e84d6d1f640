"""What the Smart Charging Tool answers: the plan per session, what it does to the supply point, and why.

``energy_kwh`` is at the EVSE, positive charges the EV; ``soc_kwh`` is at the END of each slot; ``imported_kwh`` and
``exported_kwh`` are both ≥ 0; ``limit_excess_kwh`` is what flows beyond the supply point's limits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from twinev.errors import BadInput
from twinev.sct.display import schedule_html, schedule_text
from twinev.sct.json_text import read_json
from twinev.sct.problem import TIE_BREAKS, Problem
from twinev.sct.scenario_values import (
    build,
    read_choice,
    read_number,
    read_numbers,
    read_whole,
)
from twinev.sct.schemas import check
from twinev.sct.session_request import PROFILES

FORMAT = 1
STATUSES = ("optimal", "feasible", "infeasible")


@dataclass(frozen=True, kw_only=True)
class SessionSchedule:
    """One session's plan; ``reached_slot`` is the first slot at whose end the target is held, None: never."""

    id: str
    energy_kwh: tuple[float, ...]
    soc_kwh: tuple[float, ...]
    reached_slot: int | None
    shortfall_kwh: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], key: str) -> SessionSchedule:
        """Read one entry of ``sessions``, which its schema accepts; ``key`` is its place."""
        slot = data["reached_slot"]
        return cls(
            id=data["id"],
            energy_kwh=read_numbers(data["energy_kwh"], f"{key}.energy_kwh"),
            soc_kwh=read_numbers(data["soc_kwh"], f"{key}.soc_kwh"),
            reached_slot=None if slot is None else read_whole(slot, f"{key}.reached_slot"),
            shortfall_kwh=read_number(data["shortfall_kwh"], f"{key}.shortfall_kwh"),
        )


@dataclass(frozen=True, kw_only=True)
class SupplyPointSchedule:
    """What flows through the supply point per slot. [kWh]"""

    imported_kwh: tuple[float, ...]
    exported_kwh: tuple[float, ...]
    limit_excess_kwh: tuple[float, ...]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SupplyPointSchedule:
        """Read ``supply_point``, which its schema accepts."""
        return cls(**{name: read_numbers(data[name], f"supply_point.{name}") for name in cls.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a staged solve: the value that it reached, and the proven bound (None: none was proven)."""

    name: str
    value: float
    bound: float | None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], key: str) -> Stage:
        """Read one entry of ``stages``, which its schema accepts; ``key`` is its place."""
        value = read_number(data["value"], f"{key}.value")
        return cls(name=data["name"], value=value, bound=_read_optional(data["bound"], f"{key}.bound"))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A plan for a site; in Jupyter it shows itself.

    Parameters
    ----------
    scenario_sha256 : str
        Hash of the problem that it answers.
    status : str
        ``optimal`` (proven within the gap), ``feasible`` (the best found), ``infeasible`` (the supply point's limits
        contradict each other whatever the EVs do: this is the plan that violates them least).
    objective, bound, gap : float
        Cost of imported energy, Eq. (1), the proven lower bound on it, and their relative distance. Bound and gap are
        None where the plan does not minimise it (profiles), or nothing was proven. [€]
    method : str
        How the plan was found, with the rung it came from: optimum, incumbent, relaxation or rule-based.
    stages : tuple of Stage
        The steps of a lexicographic solve, in order; empty when one solve was enough.
    explanations : tuple of str
        What a person should know: shortfalls, their cause and cure, limits that contradict, a time limit that struck.
    problem : Problem or None
        The problem answered, for drawing; not part of the file.
    """

    scenario_sha256: str
    formulation: str
    profile: str | None
    tie_break: str
    status: str
    objective: float
    bound: float | None
    gap: float | None
    solver: str
    method: str
    solve_seconds: float
    sessions: tuple[SessionSchedule, ...]
    supply_point: SupplyPointSchedule
    stages: tuple[Stage, ...] = ()
    explanations: tuple[str, ...] = ()
    problem: Problem | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        read_choice(self.status, "status", STATUSES)
        read_choice(self.tie_break, "tie_break", TIE_BREAKS)
        if self.profile is not None:
            read_choice(self.profile, "profile", PROFILES)

    @property
    def shortfall_kwh(self) -> float:
        """Energy that misses to the targets, all sessions together. [kWh]"""
        return sum(session.shortfall_kwh for session in self.sessions)

    def session(self, session_id: str) -> SessionSchedule:
        """Return the plan of one session."""
        for session in self.sessions:
            if session.id == session_id:
                return session
        raise BadInput("session_id", session_id, f"one of {', '.join(session.id for session in self.sessions)}")

    def to_dict(self) -> dict[str, Any]:
        """The schedule file."""
        fields = {name: getattr(self, name) for name in _SCALARS}
        return {
            "format": FORMAT,
            **fields,
            "sessions": [_listed(session) for session in self.sessions],
            "supply_point": _listed(self.supply_point),
            "stages": [_listed(stage) for stage in self.stages],
            "explanations": list(self.explanations),
        }

    def to_json(self, path: str | Path) -> None:
        """Write the schedule file."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def from_dict(cls, data: object, problem: Problem | None = None) -> Schedule:
        """Read a schedule file.

        Raises
        ------
        BadInput
            A value cannot be used; whether the plan is right is for `verify` to say.
        """
        given = check(data, "schedule", BadInput)
        return build(
            cls,
            "",
            **{key: _read_scalar(given, key) for key in _SCALARS},
            sessions=tuple(
                SessionSchedule.from_dict(entry, f"sessions[{place}]") for place, entry in enumerate(given["sessions"])
            ),
            supply_point=SupplyPointSchedule.from_dict(given["supply_point"]),
            stages=tuple(Stage.from_dict(entry, f"stages[{place}]") for place, entry in enumerate(given["stages"])),
            explanations=tuple(given["explanations"]),
            problem=problem,
        )

    @classmethod
    def from_json(cls, path: str | Path, problem: Problem | None = None) -> Schedule:
        """Read a schedule file from disk."""
        return cls.from_dict(read_json(Path(path).read_bytes(), str(path), "schedule", BadInput), problem)

    def __str__(self) -> str:
        return schedule_text(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str | None:
        """Show verdict, sessions, panels and explanations in Jupyter."""
        return schedule_html(self)


_NUMBERS = ("objective", "solve_seconds")
_OPTIONAL_NUMBERS = ("bound", "gap")
_SCALARS = (
    "scenario_sha256",
    "formulation",
    "profile",
    "tie_break",
    "status",
    "objective",
    "bound",
    "gap",
    "solver",
    "method",
    "solve_seconds",
)


def _read_scalar(data: Mapping[str, Any], key: str) -> Any:
    if key in _NUMBERS:
        return read_number(data[key], key)
    return _read_optional(data[key], key) if key in _OPTIONAL_NUMBERS else data[key]


def _read_optional(value: object, key: str) -> float | None:
    return None if value is None else read_number(value, key)


def _listed(record: Any) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(record).items()}
