"""The platform's time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the platform, which runs faster than the wall's in an accelerated demonstration."""

    def now(self) -> datetime:
        """Now, aware UTC."""

    def wall_seconds(self, platform_seconds: float) -> float:
        """How long to wait in real seconds for so many seconds of the platform's time."""
