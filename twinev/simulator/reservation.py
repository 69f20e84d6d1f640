"""An EVSE that a station keeps for one id token until a time, as ReserveNow asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class KeptEvse:
    """``until`` is by the station's own clock; with a ``group`` any token of it will do, as only the CSMS can tell."""

    reservation_id: int
    id_token: str
    until: datetime
    group: str | None = None

    def refuses(self, id_token: str, group: str | None = None) -> bool:
        """Whether a token, of that group as far as is known, is another's; upper and lower case are the same."""
        if id_token.lower() == self.id_token.lower():
            return False
        return None in (group, self.group) or group.lower() != self.group.lower()
