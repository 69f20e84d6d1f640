"""What a charging strategy is: a way to say, step by step, what each plugged-in EV is offered.

A strategy sees a `SiteView`, and nothing of it is from the future: who is plugged in, what each driver has said so
far, what each EV has received, and how it reacted to what it was offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from twinev.services.replay.prices import SitePrices
from twinev.services.replay.wishes import Wish


@dataclass(frozen=True, kw_only=True)
class PluggedIn:
    """One EV as the site sees it.

    ``shown_kw`` is what it drew when it was offered more, None as long as it took all that it was offered; ``full``:
    it has stopped drawing by itself (OCPP's SuspendedEV).
    """

    id: str
    evse_kw: float
    arrived_at: datetime
    wish: Wish
    received_kwh: float
    shown_kw: float | None = None
    full: bool = False

    @property
    def power_kw(self) -> float:
        """The most that it can be expected to draw. [kW]"""
        return self.evse_kw if self.shown_kw is None else self.shown_kw

    @property
    def missing_kwh(self) -> float:
        """What it still lacks of its driver's wish; nothing once it is full. [kWh]"""
        return 0.0 if self.full else max(0.0, self.wish.energy_kwh - self.received_kwh)


@dataclass(frozen=True, kw_only=True)
class SiteView:
    """The site at the beginning of a step, ``now``; None as ``site_kw`` means no limit."""

    now: datetime
    slot: timedelta
    site_kw: float | None
    plugged_in: tuple[PluggedIn, ...]
    prices: SitePrices


@dataclass(kw_only=True)
class PlanLog:
    """How the plans of a strategy came about. [s]"""

    seconds: list[float] = field(default_factory=list)
    plans_with_shortfall: int = 0
    steps_without_new_plan: int = 0


class Strategy(Protocol):
    """Asked at every slot boundary and at every arrival; the offers hold until it is asked again."""

    log: PlanLog

    def offers_kw(self, view: SiteView) -> Mapping[str, float]:
        """What each plugged-in EV may draw from now on, by session id; nothing where it is left out. [kW]"""
