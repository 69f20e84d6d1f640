"""Which stations are private, and who of the drivers may find, reserve and use them: the one rule."""

from __future__ import annotations

from collections.abc import Collection

from twinev.domain.charge_points import ChargingStation


def is_private(station: ChargingStation, named: Collection[str]) -> bool:
    """Whether a station is for some only: an operator says so, or has named users who may use it."""
    return not station.public or bool(named)


def may_use(station: ChargingStation, named: Collection[str], user_id: str | None) -> bool:
    """Whether a driver, None for a stranger, may: everybody at a public station, at a private one who is named."""
    return not is_private(station, named) or user_id in named
