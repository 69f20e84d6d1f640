"""How far a long solve has come: the best plan so far, the bound proven so far, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One look at a solve.

    Parameters
    ----------
    stage : str
        What is being minimised: ``limit excess``, ``shortfall``, ``fair share``, ``cost``, a profile's name, ``ties``.
    seconds : float
        Since the call began. [s]
    incumbent, bound : float or None
        Value of the best plan found in this stage, and what is proven that no plan is better than. None: not yet known.
    gap : float or None
        Their relative distance. None while one of them is unknown.
    """

    stage: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


ProgressListener = Callable[[Progress], None]
