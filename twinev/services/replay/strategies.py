"""The strategies that a replay can compare, by name. A new one is a module of its own and a line here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from twinev.domain.horizon import Horizon
from twinev.domain.vehicles import DriverProfile
from twinev.errors import BadInput
from twinev.sct import Problem, Schedule, optimise
from twinev.sct.problem import SessionRequest, SupplyPoint
from twinev.services.replay.planned import Planned
from twinev.services.replay.strategy import Strategy
from twinev.services.replay.uncontrolled import Uncontrolled

_optimise_cpo = partial(optimise, formulation="cpo")

STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "uncontrolled": Uncontrolled,
    "cheap": lambda: Planned(profile=DriverProfile.CHEAP, optimise=_optimise_cpo),
    "default": lambda: Planned(profile=DriverProfile.DEFAULT, optimise=_optimise_cpo),
}

MEANINGS: dict[str, str] = {
    "uncontrolled": "every EV at its EVSE's full power from the moment it plugs in; the site's limit is ignored",
    "cheap": "planned by TwinEV for the lowest cost of energy under the site's limit",
    "default": "planned by TwinEV as early as the site's limit allows, headroom shared by need",
}


def choose_strategies(names: list[str]) -> dict[str, Strategy]:
    """Return new strategies in the order of their names, each once.

    Raises
    ------
    BadInput
        A name that is not in `STRATEGIES`.
    """
    for name in names:
        if name not in STRATEGIES:
            raise BadInput("--strategy", name, ", ".join(STRATEGIES))
    return {name: STRATEGIES[name]() for name in names}


def load_solver() -> Schedule:
    """Make one tiny plan, so that the seconds it takes to load the solver are not counted as planning."""
    session = SessionRequest(id="EV0", capacity_kwh=1.0, soc_kwh=0.0, evse_power_kw=4.0, target_soc=1.0, target_slot=0)
    return _optimise_cpo(
        Problem(
            horizon=Horizon(start=datetime(2026, 1, 1, tzinfo=UTC), slot_minutes=15, slots=1),
            supply_point=SupplyPoint(max_kw=4.0, min_kw=0.0),
            sessions=(session,),
        )
    )
