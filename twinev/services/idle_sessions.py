"""Which EVs take nothing though they may: full ones, and those that wait for a timer of their own.

Planning energy for them would only keep it from others. They are asked again now and then, for an EV may wake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.charge_points import ChargingState
from twinev.domain.session import ChargingSession

TAKING_KW = 0.1
IDLE_AFTER = timedelta(minutes=5)
ASK_AGAIN_AFTER = timedelta(minutes=30)


@dataclass(kw_only=True)
class _Idling:
    """``since`` it takes nothing of what it is offered; ``settled_at`` when that counted as needing nothing."""

    since: datetime
    settled_at: datetime | None = None


class IdleSessions:
    """Remembers, per session, for how long its EV has taken nothing."""

    def __init__(self) -> None:
        self._idling: dict[str, _Idling] = {}

    @property
    def ids(self) -> frozenset[str]:
        """The sessions whose EV needs nothing now."""
        return frozenset(session_id for session_id, idling in self._idling.items() if idling.settled_at is not None)

    def observe(self, session: ChargingSession, now: datetime, *, offered_kw: float, least_kw: float) -> bool:
        """Take in a session's last measurement; return whether it began or ceased to count as idle.

        Below ``least_kw`` an EV cannot charge: then it is the limit that stops it, not the EV.
        """
        known = self._idling.get(session.id)
        if session.power_kw > TAKING_KW:
            return self.forget(session.id)
        if known is not None and known.settled_at is not None:
            return now - known.settled_at >= ASK_AGAIN_AFTER and self.forget(session.id)
        if offered_kw < least_kw or session.charging_state is ChargingState.SUSPENDED_EVSE:
            self._idling.pop(session.id, None)
            return False
        if known is None:
            self._idling[session.id] = _Idling(since=now)
            return False
        # Only a measurement made after the offer tells that the EV left it.
        if now - known.since >= IDLE_AFTER and session.measured_at is not None and session.measured_at > known.since:
            known.settled_at = now
            return True
        return False

    def forget(self, session_id: str) -> bool:
        """Count the session as one that may take energy; return whether it did not before."""
        known = self._idling.pop(session_id, None)
        return known is not None and known.settled_at is not None

    def keep_only(self, session_ids: set[str]) -> None:
        """Drop what is remembered of sessions that are over."""
        for session_id in self._idling.keys() - session_ids:
            del self._idling[session_id]
