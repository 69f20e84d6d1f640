"""What a station's own clock shows: the platform's time, or a time that drifts away until the CSMS corrects it."""

from __future__ import annotations

from datetime import datetime, timedelta

from twinev.simulator.fleet import ClockSetting, StationSpec
from twinev.simulator.memory import StationMemory

# Below it an answer's way and the clock's own jitter are no reason to turn the hands. [s]
TOLERANCE_SECONDS = 1.0


class StationClock:
    """Translates between the true time, by which EVs charge, and the shown time, which stands in messages.

    How far the hands are off is in the station's memory: a reboot does not correct them.
    """

    def __init__(self, *, spec: StationSpec, memory: StationMemory) -> None:
        self._rate = spec.clock_drift_seconds_per_hour / 3600
        self._set_by = spec.clock_set_by
        self._memory = memory

    def shown(self, at: datetime) -> datetime:
        """What the clock shows at ``at``."""
        off_seconds = self._off_seconds(at)
        return at + timedelta(seconds=off_seconds) if off_seconds else at

    def true(self, shown: datetime) -> datetime:
        """When the clock shows ``shown``; the inverse of `shown`."""
        memory = self._memory
        if not (self._rate or memory.clock_ahead_seconds):
            return shown
        since_set = (shown - memory.clock_set_at).total_seconds() - memory.clock_ahead_seconds
        return memory.clock_set_at + timedelta(seconds=since_set / (1 + self._rate))

    def told(self, told: datetime, at: datetime, *, by: ClockSetting) -> bool:
        """Set the hands when they are off and ``by`` is what this station sets them by; tell whether they moved."""
        never = self._set_by is ClockSetting.NEVER or not self._rate
        if never or (by is ClockSetting.HEARTBEAT and self._set_by is not ClockSetting.HEARTBEAT):
            return False
        ahead_seconds = (told - at).total_seconds()
        if abs(ahead_seconds - self._off_seconds(at)) < TOLERANCE_SECONDS:
            return False
        self._memory.clock_ahead_seconds, self._memory.clock_set_at = ahead_seconds, at
        return True

    def _off_seconds(self, at: datetime) -> float:
        memory = self._memory
        if not (self._rate or memory.clock_ahead_seconds):
            return 0.0
        return memory.clock_ahead_seconds + (at - memory.clock_set_at).total_seconds() * self._rate
