"""What a step of a plan minimises: a value, the constraints that define it, the binaries in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cvxpy as cp

from twinev.sct.switch import Switch


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A value to be minimised.

    Parameters
    ----------
    constant : float
        The part of the value that no plan changes and that a relative gap must not count.
    """

    value: cp.Expression
    constraints: list[cp.Constraint] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    constant: float = 0.0

    def plus(self, other: Aim) -> Aim:
        """Both values together."""
        return Aim(
            value=self.value + other.value,
            constraints=[*self.constraints, *other.constraints],
            switches=[*self.switches, *other.switches],
            constant=self.constant + other.constant,
        )
