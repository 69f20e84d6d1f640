"""What a station may do by the charging profiles that it has: TwinEV's own model of the composite schedule. Pure.

By OCPP 1.6 edition 2 §3.13 and OCPP 2.0.1 part 2, functional block K:

- Of each purpose the profile of the highest stack level rules among those that say a limit at that instant: within
  their validity, begun, and not yet over. A profile whose schedule is over leaves the place to the next lower one.
- A TxProfile goes before the TxDefaultProfiles, whatever the stack levels, while it says a limit. It counts within its
  own transaction only.
- A TxDefaultProfile of EVSE 0 counts at every EVSE; at equal stack levels the EVSE's own goes before it.
- The purposes' limits bound each other: their minimum holds. What is set for EVSE 0 (a station's maximum, an external
  limit) bounds each EVSE too, since no EVSE draws more than its station.
- A recurring schedule begins anew each day or week from its start on; what it said before is over then. A relative one
  begins with the transaction, and says nothing where none runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ProfileKind, ProfilePurpose, Recurrency

_PERIODS = {Recurrency.DAILY: timedelta(days=1), Recurrency.WEEKLY: timedelta(days=7)}
_OF_A_STATION = (ProfilePurpose.EXTERNAL, ProfilePurpose.STATION_MAX)


@dataclass(frozen=True, kw_only=True)
class RunningTransaction:
    """The transaction at an EVSE: which one, and since when."""

    ocpp_transaction_id: str
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From ``start`` to the next stretch, at most ``limit_kw``; None where no profile limits the EVSE."""

    start: datetime
    limit_kw: float | None


def limit_kw_at(
    profiles: Iterable[ChargingProfile],
    instant: datetime,
    *,
    evse_id: int,
    transaction: RunningTransaction | None = None,
) -> float | None:
    """Return what one EVSE may draw at ``instant``; None where no profile limits it. [kW]

    ``evse_id`` 0 asks for the limits of the station as a whole.
    """
    known = list(profiles)
    limits = [
        _leading_kw(known, purpose, instant, evse_ids=(place,), transaction=transaction)
        for purpose in _OF_A_STATION
        for place in sorted({0, evse_id})
    ]
    if evse_id != 0:
        own = _leading_kw(known, ProfilePurpose.TX, instant, evse_ids=(evse_id,), transaction=transaction)
        if own is None:
            evse_ids = (0, evse_id)
            own = _leading_kw(known, ProfilePurpose.TX_DEFAULT, instant, evse_ids=evse_ids, transaction=transaction)
        limits.append(own)
    return min((kw for kw in limits if kw is not None), default=None)


def composite_schedule(
    profiles: Iterable[ChargingProfile],
    start: datetime,
    end: datetime,
    *,
    evse_id: int,
    transaction: RunningTransaction | None = None,
) -> list[Stretch]:
    """Return the limits of one EVSE over [``start``, ``end``), neighbours that say the same joined."""
    known = list(profiles)
    stretches: list[Stretch] = []
    for instant in change_instants(known, start, end, transaction=transaction):
        limit_kw = limit_kw_at(known, instant, evse_id=evse_id, transaction=transaction)
        if not stretches or stretches[-1].limit_kw != limit_kw:
            stretches.append(Stretch(start=instant, limit_kw=limit_kw))
    return stretches


def profile_limit_kw_at(
    profile: ChargingProfile, instant: datetime, *, transaction: RunningTransaction | None = None
) -> float | None:
    """Return what one profile says at ``instant``; None where it says nothing. [kW]"""
    if (profile.valid_from and instant < profile.valid_from) or (profile.valid_to and instant >= profile.valid_to):
        return None
    if profile.purpose is ProfilePurpose.TX and (
        transaction is None or profile.ocpp_transaction_id != transaction.ocpp_transaction_id
    ):
        return None
    begin = _begin_at(profile, instant, transaction)
    return None if begin is None else profile.schedule.limit_kw_after((instant - begin).total_seconds())


def change_instants(
    profiles: Sequence[ChargingProfile],
    start: datetime,
    end: datetime,
    *,
    transaction: RunningTransaction | None = None,
) -> list[datetime]:
    """Return ``start`` and every instant in (``start``, ``end``) at which one of ``profiles`` may change, in order."""
    instants = {start}
    for profile in profiles:
        edges = [edge for edge in (profile.valid_from, profile.valid_to) if edge is not None]
        for begin in _begins(profile, start, end, transaction):
            edges.append(begin)
            edges.extend(begin + timedelta(seconds=seconds) for seconds in profile.schedule.edges_seconds)
        instants.update(edge for edge in edges if start < edge < end)
    return sorted(instants)


def _leading_kw(
    profiles: Iterable[ChargingProfile],
    purpose: ProfilePurpose,
    instant: datetime,
    *,
    evse_ids: tuple[int, ...],
    transaction: RunningTransaction | None,
) -> float | None:
    """The limit of the highest stack level that says one; at equal levels the EVSE's own before the station's."""
    of_purpose = [profile for profile in profiles if profile.purpose is purpose and profile.evse_id in evse_ids]
    for profile in sorted(of_purpose, key=lambda profile: (-profile.stack_level, -profile.evse_id)):
        limit_kw = profile_limit_kw_at(profile, instant, transaction=transaction)
        if limit_kw is not None:
            return limit_kw
    return None


def _first_begin(profile: ChargingProfile, transaction: RunningTransaction | None) -> datetime | None:
    if profile.kind is ProfileKind.RELATIVE:
        return transaction.started_at if transaction else None
    return profile.schedule.start


def _begin_at(profile: ChargingProfile, instant: datetime, transaction: RunningTransaction | None) -> datetime | None:
    """When the schedule that counts at ``instant`` began; None before its time, or without the transaction."""
    first = _first_begin(profile, transaction)
    if first is None or instant < first:
        return None
    if profile.recurrency is None:
        return first
    every = _PERIODS[profile.recurrency]
    return first + ((instant - first) // every) * every


def _begins(
    profile: ChargingProfile, start: datetime, end: datetime, transaction: RunningTransaction | None
) -> Iterator[datetime]:
    """When the schedule begins, as far as that matters within [``start``, ``end``)."""
    begin = _begin_at(profile, start, transaction) or _first_begin(profile, transaction)
    if begin is None:
        return
    yield begin
    while profile.recurrency is not None and (begin := begin + _PERIODS[profile.recurrency]) < end:
        yield begin
