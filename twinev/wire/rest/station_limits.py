"""What limits a station: the profiles it holds, what they come to, and the limits that others set."""

from __future__ import annotations

from pydantic import AwareDatetime

from twinev.wire.base import WireModel
from twinev.wire.rest.stations import NotFollowing


class LimitStep(WireModel):
    """From ``start`` to the next step, at most ``limit_kw``; null where nothing limits it."""

    start: AwareDatetime
    limit_kw: float | None


class InstalledProfile(WireModel):
    """A charging profile that the station accepted, as it was rounded for it."""

    id: int
    purpose: str
    stack_level: int
    evse_id: int
    ocpp_transaction_id: str | None
    ends_at: AwareDatetime | None
    steps: tuple[LimitStep, ...]


class LimitDifference(WireModel):
    """Where a report of the station differed from what it had accepted."""

    start: AwareDatetime
    end: AwareDatetime
    expected_kw: float
    reported_kw: float


class ExternalLimitOut(WireModel):
    """A limit that others set at the station (NotifyChargingLimit); ``evse_id`` 0 is the whole station."""

    evse_id: int
    source: str
    grid_critical: bool
    since: AwareDatetime
    ends_at: AwareDatetime | None
    steps: tuple[LimitStep, ...]


class EvseLimitsOut(WireModel):
    """One EVSE: ``expected`` is what its profiles come to over the next day, ``reported`` what it said at that time.

    ``reported`` says nothing from ``reported_until`` on.
    """

    evse_id: int
    profiles: tuple[InstalledProfile, ...]
    unsure: tuple[str, ...]
    expected: tuple[LimitStep, ...]
    reported_at: AwareDatetime | None = None
    reported_until: AwareDatetime | None = None
    reported: tuple[LimitStep, ...] = ()
    differences: tuple[LimitDifference, ...] = ()


class StationLimitsOut(WireModel):
    """GET /stations/{id}/limits: what holds at the station, and what does not."""

    station_id: str
    not_following: NotFollowing | None
    external_limits: tuple[ExternalLimitOut, ...]
    evses: tuple[EvseLimitsOut, ...]
