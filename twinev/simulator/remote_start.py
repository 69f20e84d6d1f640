"""A start from afar that waits for the plug."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.simulator.limits import StationProfile

# How long a station that was started from afar waits for the plug. [platform s]
PLUG_IN_TIMEOUT = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True)
class RemoteStart:
    """Counts until ``until``; ``profile`` is the TxProfile that came with it."""

    id_token: str
    remote_start_id: int | None
    profile: StationProfile | None
    until: datetime
