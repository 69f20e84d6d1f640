"""Binaries that are relaxed to [0, 1] until somebody makes them exact or fixes them.

One model then serves three solves: the relaxation (a proven bound, and often already a plan), the search with integers,
and the linear problem that remains when the integers found are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Switch:
    """An array of binaries.

    Parameters
    ----------
    relaxed : cp.Variable
        What stands for them in the model, between 0 and 1.
    suggest : callable
        What the plan in the model's variables says they should be, an array of bool.
    """

    relaxed: cp.Variable
    suggest: Callable[[], np.ndarray]

    @classmethod
    def make(
        cls, shape: tuple[int, ...], *, suggest: Callable[[], np.ndarray], bounds: list[np.ndarray] | None = None
    ) -> Switch:
        """Make a switch of this shape; ``bounds`` are what is known of it already."""
        return cls(relaxed=cp.Variable(shape, bounds=bounds or [0, 1]), suggest=suggest)

    def exact(self) -> cp.Constraint:
        """Only 0 and 1 are allowed."""
        return self.relaxed == cp.Variable(self.relaxed.shape, boolean=True)

    def fixed(self, values: np.ndarray) -> cp.Constraint:
        """These values and no others."""
        return self.relaxed == values.astype(float)

    def found(self) -> np.ndarray:
        """The values that a search with integers left in the variables."""
        return np.round(self.relaxed.value)
