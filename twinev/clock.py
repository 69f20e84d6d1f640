"""The platform's clock: the wall's, or an accelerated one for demonstrations and tests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twinev.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class PlatformClock:
    """``speed`` seconds pass here in each second of the wall clock, counted from a pair of origins.

    All processes of one system get the same three numbers, so they agree without talking to each other.
    """

    speed: float = 1.0
    wall_origin: float = 0.0
    platform_origin: float = 0.0

    def now(self) -> datetime:
        """Now, aware UTC."""
        wall = time.time()
        return datetime.fromtimestamp(self.platform_origin, UTC) + timedelta(
            seconds=(wall - self.wall_origin) * self.speed
        )

    def wall_seconds(self, platform_seconds: float) -> float:
        """How long ``platform_seconds`` last on the wall. [s]"""
        return platform_seconds / self.speed

    def to_text(self) -> str:
        """What `from_text` reads: ``speed,wall_origin,platform_origin``."""
        return f"{self.speed!r},{self.wall_origin!r},{self.platform_origin!r}"

    @classmethod
    def from_text(cls, text: str | None) -> PlatformClock:
        """Read the setting ``TWINEV_CLOCK``; None is the wall clock."""
        if not text:
            return cls()
        try:
            speed, wall_origin, platform_origin = (float(part) for part in text.split(","))
        except ValueError as error:
            raise BadInput("TWINEV_CLOCK", text, "speed,wall_origin,platform_origin as three numbers") from error
        if speed <= 0:
            raise BadInput("TWINEV_CLOCK", text, "a speed above 0")
        return cls(speed=speed, wall_origin=wall_origin, platform_origin=platform_origin)
