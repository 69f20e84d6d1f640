"""Grid operators' restrictions and flexibility orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.rest.flexibility import FlexibilityOrderIn, FlexibilityOrderOut
from twinev.wire.rest.restrictions import (
    RestrictionActOut,
    RestrictionChangeIn,
    RestrictionCreated,
    RestrictionIn,
    RestrictionMeasured,
    RestrictionOut,
    RestrictionPreview,
)


class GridCalls(Calls):
    """Grid operators' restrictions and flexibility orders."""

    def restrictions(
        self, *, at_most: int | None = None, state: str | None = None, site_id: str | None = None,
        created_by: str | None = None, since: datetime | None = None, until: datetime | None = None,
    ) -> list[RestrictionOut]:  # fmt: skip
        """Restrictions, the newest first; ``state`` is open, over or revoked, ``since`` and ``until`` part of time."""
        wanted = {"state": state, "site_id": site_id, "created_by": created_by, "since": since, "until": until}
        return list(self._connection.items("/restrictions", RestrictionOut, at_most=at_most, **wanted))

    def restriction(self, restriction_id: str) -> RestrictionOut:
        return self._connection.get(path_to("restrictions", restriction_id), RestrictionOut)

    def restriction_history(self, restriction_id: str) -> list[RestrictionActOut]:
        """Who ordered, changed and revoked it, and when."""
        response = self._connection.send("GET", path_to("restrictions", restriction_id, "history"))
        return [RestrictionActOut.model_validate(entry) for entry in response.json()]

    def restrict(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False
    ) -> RestrictionCreated:
        """Cap the sum of the stations' power within [start, end)."""
        body = _restriction(station_ids=station_ids, limit_kw=limit_kw, start=start, end=end, v2g=v2g)
        return self._connection.post("/restrictions", body, RestrictionCreated)

    def restrict_place(
        self, limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False,
        site_ids: Iterable[str] = (), area: Mapping[str, Any] | None = None,
    ) -> RestrictionCreated:  # fmt: skip
        """The same for all stations of sites, or in an area: whichever stand there now.

        ``area`` is a GeoJSON Polygon, or ``{"type": "Circle", "centre": [longitude, latitude], "radius_km": …}``.
        """
        body = _restriction(site_ids=site_ids, area=area, limit_kw=limit_kw, start=start, end=end, v2g=v2g)
        return self._connection.post("/restrictions", body, RestrictionCreated)

    def restriction_measured(self, restriction_id: str) -> RestrictionMeasured:
        """How well it was kept until now: what was measured beside what was ordered."""
        return self._connection.get(path_to("restrictions", restriction_id, "measured"), RestrictionMeasured)

    def preview_restriction(
        self, station_ids: Iterable[str], limit_kw: float, *, start: datetime, end: datetime, v2g: bool = False,
        in_place_of: str | None = None,
    ) -> RestrictionPreview:  # fmt: skip
        """What `restrict` would do, by planning the sites with and without it; changes nothing.

        With ``in_place_of``, the id of a restriction: what changing that one to this would do.
        """
        body = _restriction(station_ids=station_ids, limit_kw=limit_kw, start=start, end=end, v2g=v2g)
        params = {"in_place_of": in_place_of}
        response = self._connection.send("POST", "/restrictions/preview", body=body, params=params, timeout_seconds=90)
        return self._connection.read(response, RestrictionPreview)

    def change_restriction(
        self, restriction: RestrictionOut, *, limit_kw: float | None = None, end: datetime | None = None,
        v2g: bool | None = None,
    ) -> RestrictionOut:  # fmt: skip
        """Change an order that is not over; refused when somebody else changed it since ``restriction`` was read."""
        body = body_of(RestrictionChangeIn, limit_kw=limit_kw, end=end, v2g=v2g)
        path = path_to("restrictions", restriction.id)
        response = self._connection.send("PATCH", path, body=body, version=restriction.version)
        return self._connection.read(response, RestrictionOut)

    def revoke_restriction(self, restriction_id: str) -> RestrictionOut:
        """End a restriction now."""
        response = self._connection.send("DELETE", path_to("restrictions", restriction_id))
        return self._connection.read(response, RestrictionOut) if response.content else self.restriction(restriction_id)

    def order_flexibility(
        self, site_id: str, values_kw: Sequence[float], *, start: datetime, step_minutes: int = 15
    ) -> FlexibilityOrderOut:
        """Move a site's import limit by ``values_kw`` in each step; negative allows less. [kW]"""
        body = body_of(
            FlexibilityOrderIn, site_id=site_id, start=start, step_minutes=step_minutes, values_kw=tuple(values_kw)
        )
        return self._connection.post("/flexibility-orders", body, FlexibilityOrderOut)

    def flexibility_orders(self, *, site_id: str | None = None, at_most: int | None = 200) -> list[FlexibilityOrderOut]:
        """Flexibility orders, the newest first, those of other modules too."""
        path = "/flexibility-orders"
        return list(self._connection.items(path, FlexibilityOrderOut, at_most=at_most, site_id=site_id))

    def revoke_flexibility_order(self, order_id: str) -> FlexibilityOrderOut:
        """Take an order back: what the others ask for holds again."""
        response = self._connection.send("DELETE", path_to("flexibility-orders", order_id))
        return self._connection.read(response, FlexibilityOrderOut)


def _restriction(*, station_ids: Iterable[str] = (), site_ids: Iterable[str] = (), **order: object) -> RestrictionIn:
    return body_of(RestrictionIn, station_ids=tuple(station_ids), site_ids=tuple(site_ids), **order)
