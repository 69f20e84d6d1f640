"""What a station can do with charging profiles, as far as planning must know; its unit is the gateway's concern."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class ChargingAbilities:
    """As the station told it at ``at``; None where it does not say.

    ``max_profiles`` is how many profiles it keeps at a time. At ``discharging_evses`` an EV discharges on command.
    """

    station_id: str
    max_profiles: int | None = None
    max_periods: int | None = None
    max_stack_level: int | None = None
    discharging_evses: frozenset[int] = frozenset()
    at: datetime
