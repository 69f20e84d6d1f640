"""A profile that a station shall have, and the layout of ids and stack levels that keeps profiles from colliding.

An EVSE has at most one profile of each purpose, and its id says which: ``10 · evse_id + 1`` is the TxDefaultProfile,
``+ 2`` the TxProfile, ``+ 3`` the ChargingStationMaxProfile (of EVSE 0, the station). So ids differ within a station
(2.x replaces by id), a newer profile replaces the older one of its kind by purpose and stack level too (1.6 replaces by
these), and nothing ever stacks: every stack level is 0, which each station knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
from twinev.services.evse_limits import EvseKey

STACK_LEVEL = 0
_PLACE = {ProfilePurpose.TX_DEFAULT: 1, ProfilePurpose.TX: 2, ProfilePurpose.STATION_MAX: 3}


@dataclass(frozen=True, kw_only=True)
class DesiredProfile:
    """A profile that an EVSE shall have, or at EVSE 0 the whole station.

    ``ceiling_kw`` is what EVSE and EV can do together, ``restriction_id`` the open restriction that concerns the
    station.
    """

    key: EvseKey
    profile: ChargingProfile
    ceiling_kw: float
    restriction_id: str | None = None


def profile_id(evse_id: int, purpose: ProfilePurpose) -> int:
    """Return the id of an EVSE's only profile of this purpose."""
    return 10 * evse_id + _PLACE[purpose]
