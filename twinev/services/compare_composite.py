"""The composite schedule that a station reports, beside the one that its profiles must come to. Pure.

What it was told goes through TwinEV's own model (`twinev.domain.composite_schedule`). More than that is a fault: the
station allows what nobody planned. Less is none: it may have limits of its own, which are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule
from twinev.domain.commands import CompositeSchedule
from twinev.domain.composite_schedule import RunningTransaction, change_instants, limit_kw_at
from twinev.services.evse_limits import change_points

# A station rounds to its unit: 0.1 A on three phases of 230 V are 69 W.
TOLERANCE_KW = 0.1
# Edges of what a station reports may be this far off: it counts whole seconds from its own now.
EDGE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Within [start, end) a station reports another limit than the profiles that it accepted come to."""

    start: datetime
    end: datetime
    expected_kw: float
    reported_kw: float

    @property
    def higher(self) -> bool:
        return self.reported_kw > self.expected_kw

    def __str__(self) -> str:
        return (
            f"the composite schedule read back allows {self.reported_kw:.2f} kW from "
            f"{self.start.isoformat(timespec='seconds')}, {self.expected_kw:.2f} kW were accepted"
        )

    def to_record(self) -> dict[str, Any]:
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "expected_kw": self.expected_kw,
            "reported_kw": self.reported_kw,
        }


def differences(
    composite: CompositeSchedule,
    profiles: Iterable[ChargingProfile],
    *,
    transaction: RunningTransaction | None,
    until: datetime,
    ceiling_kw: float = float("inf"),
) -> list[Difference]:
    """Return where what a station reports differs from what ``profiles`` come to, in order, equal neighbours joined.

    ``ceiling_kw`` is what the EVSE can give at all: a report of no more is no less either.
    """
    known = list(profiles)
    reported = ChargingSchedule(
        start=composite.start, periods=composite.periods, duration_seconds=composite.duration_seconds
    )
    end = min(composite.start + timedelta(seconds=composite.duration_seconds), until)
    edges = set(change_points([reported], composite.start, end)) | {end}
    edges.update(change_instants(known, composite.start, end, transaction=transaction))
    found: list[Difference] = []
    for left, right in pairwise(sorted(edges)):
        if (right - left).total_seconds() <= EDGE_SECONDS:
            continue
        middle = left + (right - left) / 2
        expected_kw = limit_kw_at(known, middle, evse_id=composite.evse_id, transaction=transaction)
        reported_kw = reported.limit_kw_at(middle)
        if expected_kw is None or reported_kw is None:
            continue
        expected_kw = min(expected_kw, ceiling_kw)
        if abs(reported_kw - expected_kw) > TOLERANCE_KW and reported_kw != expected_kw:
            found.append(Difference(start=left, end=right, expected_kw=expected_kw, reported_kw=reported_kw))
    return _joined(found)


def _joined(found: list[Difference]) -> list[Difference]:
    joined: list[Difference] = []
    for difference in found:
        last = joined[-1] if joined else None
        if last and (last.end, last.expected_kw, last.reported_kw) == (
            difference.start,
            difference.expected_kw,
            difference.reported_kw,
        ):
            joined[-1] = Difference(
                start=last.start,
                end=difference.end,
                expected_kw=last.expected_kw,
                reported_kw=last.reported_kw,
            )
        else:
            joined.append(difference)
    return joined
