"""In what order a site's stations are told: what falls first, what rises when that is accepted. Pure.

Between two plans each station may hold its old profile or the new one. Whatever the order of their answers, the sum of
what they may draw then never exceeds that of the old plan or that of the new one, whichever is higher at that instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from twinev.domain.charging_profile import ProfilePurpose
from twinev.services.compare_profiles import is_unknown, lowered, raises_power
from twinev.services.desired_profile import DesiredProfile
from twinev.services.told_limits import ToldLimits


def order_sending(
    pending: Iterable[DesiredProfile],
    wanted: Iterable[DesiredProfile],
    told: ToldLimits,
    now: datetime,
    *,
    within: timedelta,
) -> tuple[list[DesiredProfile], list[DesiredProfile]]:
    """Split ``pending``, a part of ``wanted``, into what goes out first and what waits until that is accepted.

    Whoever may hold less than is guessed falls first, to what it surely may have, and rises with the others.
    """
    pending = list(pending)
    raises = [desired for desired in pending if raises_power(told.of(desired.key), desired, now, within=within)]
    reductions = [desired for desired in pending if desired not in raises]
    first = _cautious(reductions, wanted, told)
    raises += [desired for desired, sent in zip(reductions, first, strict=True) if desired != sent]
    return first, raises


def _cautious(
    reductions: list[DesiredProfile], wanted: Iterable[DesiredProfile], told: ToldLimits
) -> list[DesiredProfile]:
    fallbacks = {d.key: d.profile for d in wanted if d.profile.purpose is ProfilePurpose.TX_DEFAULT}
    anyone_told = any((desired.key, ProfilePurpose.TX) in told.sent for desired in reductions)
    if not anyone_told or len({desired.key[0] for desired in reductions}) < 2:
        return reductions
    first: list[DesiredProfile] = []
    for desired in reductions:
        key, profile, limits = desired.key, desired.profile, told.of(desired.key)
        fallback = fallbacks.get(key) or fallbacks.get((key[0], 0))
        if profile.purpose is ProfilePurpose.TX and fallback is not None and is_unknown(limits):
            last = told.sent.get((key, ProfilePurpose.TX))
            known = (*limits.tx, last) if last is not None else limits.tx
            held = [one for one in known if one.ocpp_transaction_id == profile.ocpp_transaction_id]
            first.append(lowered(desired, held, fallback))
        else:
            first.append(desired)
    return first
