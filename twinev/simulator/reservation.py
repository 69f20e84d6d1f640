"""An EVSE that a station keeps for one id token until a time, as ReserveNow asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class KeptEvse:
    """``until`` is by the station's own clock."""

    reservation_id: int
    id_token: str
    until: datetime

    def refuses(self, id_token: str) -> bool:
        """Whether another token is shown; tokens do not tell upper from lower case."""
        return id_token.lower() != self.id_token.lower()
