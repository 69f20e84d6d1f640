"""What a verification finds: the broken rules, each with the first place where it is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

TOLERANCE_KWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class BrokenRule:
    """One rule that the schedule breaks: where first, by how much."""

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


class Findings:
    """Collects the broken rules.

    The arrays of a comparison have one row per entry of ``who``, and where they have two axes, one column per slot.
    Every comparison is written so that NaN breaks the rule too.
    """

    def __init__(self) -> None:
        self.broken: list[BrokenRule] = []

    def at_most(
        self,
        rule: str,
        who: Sequence[str],
        found: np.ndarray,
        limit: np.ndarray | float,
        *,
        unit: str = "kWh",
        tolerance: float = TOLERANCE_KWH,
    ) -> None:
        """Expect ``found`` ≤ ``limit``."""
        limits = np.broadcast_to(limit, found.shape)
        wrong = ~(found <= limits + tolerance)
        self.report(rule, who, wrong, lambda at: (told(found[at], unit), f"at most {told(limits[at], unit)}"))

    def at_least(
        self, rule: str, who: Sequence[str], found: np.ndarray, limit: np.ndarray | float, *, unit: str = "kWh"
    ) -> None:
        """Expect ``found`` ≥ ``limit``."""
        limits = np.broadcast_to(limit, found.shape)
        wrong = ~(found >= limits - TOLERANCE_KWH)
        self.report(rule, who, wrong, lambda at: (told(found[at], unit), f"at least {told(limits[at], unit)}"))

    def equal(
        self,
        rule: str,
        who: Sequence[str],
        found: np.ndarray,
        right: np.ndarray,
        *,
        unit: str = "kWh",
        tolerance: float = TOLERANCE_KWH,
    ) -> None:
        """Expect ``found`` to be ``right``."""
        wrong = ~(np.abs(found - right) <= tolerance)
        self.report(rule, who, wrong, lambda at: (told(found[at], unit), told(right[at], unit)))

    def report(
        self, rule: str, who: Sequence[str], wrong: np.ndarray, tell: Callable[[tuple[int, ...]], tuple[str, str]]
    ) -> None:
        """Note the first wrong place and how many more there are; ``tell`` gives what was found there and allowed."""
        places = np.argwhere(wrong)
        if not len(places):
            return
        at = tuple(places[0].tolist())
        where = f"{who[at[0]]}, slot {at[1]}" if len(at) > 1 else who[at[0]]
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        found, allowed = tell(at)
        self.add(rule, where + more, found, allowed)

    def add(self, rule: str, where: str, found: object, allowed: object) -> None:
        self.broken.append(BrokenRule(rule=rule, where=where, found=str(found), allowed=str(allowed)))


def told(value: float, unit: str) -> str:
    """A number as a person reads it, with its unit."""
    return f"{value:.9g} {unit}".strip()
