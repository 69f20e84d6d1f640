"""Limits that a station keeps without telling of them: seen in its composite schedule, believed by its meter. Pure.

OCPP 1.6 has no NotifyChargingLimit: a station that others limit only reports less than it accepted. A report alone is
not believed, for some stations report nonsense and would starve their drivers; where the meter agrees, the plan
counts on no more, until the station is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingSchedule, SchedulePeriod
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.session import ChargingSession
from twinev.services.compare_composite import Difference
from twinev.services.compare_meter import exceeds
from twinev.services.evse_limits import EvseKey

SOURCE = "its own composite schedule"
# After so long the plan asks for more again: nobody tells when such a limit is over.
ASK_AGAIN_AFTER = timedelta(minutes=30)


def own_limits(key: EvseKey, found: Iterable[Difference], at: datetime) -> tuple[ExternalLimit, ...]:
    """Return what the EVSE reported to be less than it accepted, as limits."""
    return tuple(
        ExternalLimit(
            station_id=key[0],
            evse_id=key[1],
            source=SOURCE,
            schedule=ChargingSchedule(
                start=difference.start,
                periods=(SchedulePeriod(start_seconds=0, limit_kw=difference.reported_kw),),
                duration_seconds=round((difference.end - difference.start).total_seconds()),
            ),
            at=at,
        )
        for difference in found
        if not difference.higher
    )


def believed_limits(
    reported: Mapping[EvseKey, tuple[ExternalLimit, ...]], sessions: Iterable[ChargingSession], now: datetime
) -> list[ExternalLimit]:
    """Return those of the last half hour that the EVSE's meter agrees with, measured since."""
    believed: list[ExternalLimit] = []
    for session in sessions:
        limits = [
            limit
            for limit in reported.get((session.station_id, session.evse_id), ())
            if now - limit.at < ASK_AGAIN_AFTER and session.measured_at is not None and session.measured_at > limit.at
        ]
        said = [kw for limit in limits if (kw := limit.schedule.limit_kw_at(session.measured_at)) is not None]
        if said and not exceeds(session.power_kw, min(said)):
            believed += limits
    return believed
