"""Grid operators' restrictions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.rest.restrictions import RestrictionCreated, RestrictionIn, RestrictionOut, RestrictionPreview


class GridCalls(Calls):
    """Grid operators' restrictions."""

    def restrictions(self, *, at_most: int | None = None) -> list[RestrictionOut]:
        """Every restriction that was ordered, the newest first."""
        return list(self._connection.items("/restrictions", RestrictionOut, at_most=at_most))

    def restriction(self, restriction_id: str) -> RestrictionOut:
        return self._connection.get(path_to("restrictions", restriction_id), RestrictionOut)

    def restrict(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False
    ) -> RestrictionCreated:
        """Cap the sum of the stations' power within [start, end)."""
        body = _restriction(station_ids, limit_kw, start, end, v2g)
        return self._connection.post("/restrictions", body, RestrictionCreated)

    def preview_restriction(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False
    ) -> RestrictionPreview:
        """What `restrict` would do, by planning the sites with and without it; changes nothing."""
        body = _restriction(station_ids, limit_kw, start, end, v2g)
        response = self._connection.send("POST", "/restrictions/preview", body=body, timeout_seconds=90)
        return self._connection.read(response, RestrictionPreview)

    def revoke_restriction(self, restriction_id: str) -> RestrictionOut:
        """End a restriction now."""
        response = self._connection.send("DELETE", path_to("restrictions", restriction_id))
        return self._connection.read(response, RestrictionOut) if response.content else self.restriction(restriction_id)


def _restriction(
    station_ids: Iterable[str], limit_kw: float, start: datetime, end: datetime, v2g: bool
) -> RestrictionIn:
    return body_of(RestrictionIn, station_ids=tuple(station_ids), limit_kw=limit_kw, start=start, end=end, v2g=v2g)
