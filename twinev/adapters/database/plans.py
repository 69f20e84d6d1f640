"""The repository of plans, each with the inputs that reproduce it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from twinev.adapters.database.statements import earlier_than
from twinev.adapters.database.tables import plans, sites
from twinev.domain.plan import StoredPlan
from twinev.errors import NotFound

_CURVES = ("sessions", "supply_point")
_HEAD = tuple(column for column in plans.c if column.name not in ("scenario", "schedule", "summary"))


class DatabasePlans:
    """Implements `twinev.services.ports.smart_charging.Plans`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: StoredPlan) -> None:
        summary = {key: value for key, value in plan.schedule.items() if key not in _CURVES}
        row = {column.name: getattr(plan, column.name) for column in _HEAD}
        row |= {"scenario": plan.scenario, "schedule": plan.schedule, "summary": summary}
        self._connection.execute(plans.insert(), row)

    def get(self, plan_id: str) -> StoredPlan:
        row = self._connection.execute(select(plans).where(plans.c.id == plan_id)).one_or_none()
        if row is None:
            raise NotFound("plan", plan_id)
        return _plan(row, row.scenario, row.schedule)

    def latest(self, site_id: str) -> StoredPlan | None:
        row = self._connection.execute(_newest_first(select(plans)).where(plans.c.site_id == site_id).limit(1)).first()
        return None if row is None else _plan(row, row.scenario, row.schedule)

    def latest_id(self, site_id: str) -> str | None:
        return self._connection.execute(
            _newest_first(select(plans.c.id)).where(plans.c.site_id == site_id).limit(1)
        ).scalar()

    def latest_ids(self, site_ids: Collection[str]) -> dict[str, str]:
        """As `latest_id` of each site that has a plan."""
        found = self._connection.execute(_LATEST_IDS, {"site_ids": list(site_ids)})
        return {site_id: plan_id for site_id, plan_id in found if plan_id is not None}

    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]:
        statement = self._page(select(plans), limit, before, site_id)
        return [_plan(row, row.scenario, row.schedule) for row in self._connection.execute(statement)]

    def summaries(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[StoredPlan]:
        statement = self._page(select(*_HEAD, plans.c.summary), limit, before, site_id)
        return [_plan(row, {}, row.summary) for row in self._connection.execute(statement)]

    def _page(self, statement: Select[Any], limit: int, before: str | None, site_id: str | None) -> Select[Any]:
        statement = _newest_first(statement).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, plans.c.made_at, plans.c.id, before))
        return statement if site_id is None else statement.where(plans.c.site_id == site_id)


def _newest_first(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(plans.c.made_at.desc(), plans.c.id.desc())


_LATEST_IDS = select(
    sites.c.id, _newest_first(select(plans.c.id)).where(plans.c.site_id == sites.c.id).limit(1).scalar_subquery()
).where(sites.c.id.in_(bindparam("site_ids", expanding=True)))


def _plan(row: Row, scenario: dict[str, Any], schedule: dict[str, Any]) -> StoredPlan:
    head = {column.name: getattr(row, column.name) for column in _HEAD}
    return StoredPlan(**head, scenario=scenario, schedule=schedule)
