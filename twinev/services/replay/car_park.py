"""What the EVs really do: who is plugged in, and how much each draws of what it is offered.

An EV is there from its recorded plug-in to its recorded departure, to the second. While it is there and needs energy it
draws what it is offered or what it can, whichever is less; when it has what it really took in the record it stops, as
if full. What its driver had asked for plays no part here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.services.replay.record import RecordedSession

_FULL_KWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class Ev:
    """The EV of one session as it really was. ``need_kwh`` is what it took; ``max_kw`` the most that it can draw."""

    session: RecordedSession
    need_kwh: float
    max_kw: float
    evse_kw: float

    @property
    def id(self) -> str:
        return self.session.id


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What one EV drew in one step: ``power_kw`` until it was full, left, or the step was over.

    ``offered_kwh`` is what could have flowed while it was there.
    """

    power_kw: float
    energy_kwh: float
    offered_kwh: float
    full: bool


class CarPark:
    """The EVs of a replay and what each has received so far. [kWh]"""

    def __init__(self, evs: tuple[Ev, ...]) -> None:
        self._evs = evs
        self.received_kwh = {ev.id: 0.0 for ev in evs}

    def plugged_in(self, instant: datetime) -> list[Ev]:
        """The EVs that are there at ``instant``, in order of arrival."""
        return [ev for ev in self._evs if ev.session.connected_at <= instant < ev.session.disconnected_at]

    def run(self, begin: datetime, end: datetime, offers_kw: Mapping[str, float]) -> dict[str, Draw]:
        """Let every EV that is there at ``begin`` draw until ``end``; one without an offer draws nothing."""
        draws = {ev.id: self._draw(ev, begin, end, offers_kw.get(ev.id, 0.0)) for ev in self.plugged_in(begin)}
        for ev_id, draw in draws.items():
            self.received_kwh[ev_id] += draw.energy_kwh
        return draws

    def _draw(self, ev: Ev, begin: datetime, end: datetime, offer_kw: float) -> Draw:
        hours = (min(end, ev.session.disconnected_at) - begin) / timedelta(hours=1)
        missing_kwh = max(0.0, ev.need_kwh - self.received_kwh[ev.id])
        power_kw = min(offer_kw, ev.max_kw) if missing_kwh > _FULL_KWH else 0.0
        energy_kwh = min(power_kw * hours, missing_kwh)
        return Draw(
            power_kw=power_kw,
            energy_kwh=energy_kwh,
            offered_kwh=offer_kw * hours,
            full=missing_kwh - energy_kwh <= _FULL_KWH,
        )
