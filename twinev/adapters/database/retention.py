"""Deletes what is kept for a time only, a few rows at once: whoever writes meanwhile waits for milliseconds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, exists, select, tuple_

from twinev.adapters.database.tables import commands, facts, plans, set_aside_facts, station_reports
from twinev.services.ports.retention import Passing

# What is kept by which of its times; each has an index.
_AGES: dict[Passing, tuple[Table, Column[datetime]]] = {
    Passing.FACTS: (facts, facts.c.received_at),
    Passing.SET_ASIDE_FACTS: (set_aside_facts, set_aside_facts.c.at),
    Passing.REPORTS: (station_reports, station_reports.c.received_at),
    Passing.COMMANDS: (commands, commands.c.sent_at),
    Passing.PLANS: (plans, plans.c.made_at),
}


class DatabaseRetention:
    """Implements `twinev.services.ports.retention.Retention`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget(self, what: Passing, *, before: datetime, at_most: int) -> int:
        table, age = _AGES[what]
        key = tuple(table.primary_key)
        old = select(*key).where(age < before, *_needless(what)).order_by(age).limit(at_most)
        whole_key = key[0] if len(key) == 1 else tuple_(*key)
        return self._connection.execute(delete(table).where(whole_key.in_(old))).rowcount


def _needless(what: Passing) -> tuple[ColumnElement[bool], ...]:
    """What else must hold of a row that may go."""
    match what:
        case Passing.COMMANDS:
            return (commands.c.outcome.is_not(None),)
        case Passing.PLANS:
            later = plans.alias("later")
            newer = exists().where(later.c.site_id == plans.c.site_id, later.c.made_at > plans.c.made_at)
            # A plan that somebody asked for by hand belongs to no site, and is nobody's last.
            return (plans.c.site_id.is_(None) | newer,)
    return ()
