"""The inbox of station facts: natural keys that were taken in, and what had to be set aside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from twinev.adapters.database.statements import insert_new
from twinev.adapters.database.tables import facts, set_aside_facts
from twinev.domain.facts import Decision, StationFact
from twinev.wire.messages import encode


class DatabaseFacts:
    """Implements `twinev.services.ports.charging.Facts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._looked_up: dict[tuple[str, str], tuple[bytes, Decision | None] | None] = {}

    def look_up(self, batch: Iterable[StationFact]) -> None:
        """Read at once what `known` and `decision` will ask about each fact of a batch."""
        keys_of: dict[str, list[str]] = {}
        for fact in batch:
            keys_of.setdefault(fact.station_id, []).append(fact.key)
            self._looked_up[fact.station_id, fact.key] = None
        for station_id, keys in keys_of.items():
            statement = select(facts).where(facts.c.station_id == station_id, facts.c.key.in_(keys))
            for row in self._connection.execute(statement):
                decision = Decision(**row.decision) if row.decision else None
                self._looked_up[station_id, row.key] = (row.content_hash, decision)

    def known(self, fact: StationFact) -> bool:
        return self._remembered(fact) is not None

    def contradicts(self, fact: StationFact) -> bool:
        """Whether the same key was taken in with other content."""
        remembered = self._remembered(fact)
        return remembered is not None and remembered[0] != content_hash(fact)

    def decision(self, fact: StationFact) -> Decision | None:
        """What was answered when the fact came first."""
        remembered = self._remembered(fact)
        return remembered[1] if remembered else None

    def remember(self, fact: StationFact, decision: Decision | None = None) -> None:
        row = {
            "station_id": fact.station_id,
            "key": fact.key,
            "content_hash": content_hash(fact),
            "received_at": fact.received_at,
            "decision": asdict(decision) if decision else None,
        }
        insert_new(self._connection, facts, [row])
        self._looked_up[fact.station_id, fact.key] = (row["content_hash"], decision)

    def set_aside(self, station_id: str, key: str, body: bytes, reason: str, at: datetime) -> None:
        set_aside(self._connection, station_id=station_id, key=key, body=body, reason=reason, at=at)

    def set_aside_fact(self, fact: StationFact, reason: str) -> None:
        self.set_aside(fact.station_id, fact.key, encode(fact), reason, fact.received_at)

    def set_aside_since(self, at: datetime) -> int:
        statement = select(func.count()).select_from(set_aside_facts).where(set_aside_facts.c.at >= at)
        return self._connection.execute(statement).scalar_one()

    def _remembered(self, fact: StationFact) -> tuple[bytes, Decision | None] | None:
        if (fact.station_id, fact.key) not in self._looked_up:
            self.look_up([fact])
        return self._looked_up[fact.station_id, fact.key]


def set_aside(connection: Connection, *, station_id: str, key: str, body: bytes, reason: str, at: datetime) -> None:
    """Keep what could not be used; the same body under the same key is kept once."""
    row = {
        "station_id": station_id[:64],
        "key": key,
        "body_hash": hashlib.sha256(body).digest(),
        "body": body,
        "reason": reason,
        "at": at,
    }
    insert_new(connection, set_aside_facts, [row])


def content_hash(fact: StationFact) -> bytes:
    """Hash what the station said; whether it had to queue it while offline may differ in a repetition."""
    said = replace(fact.fact, offline=False) if hasattr(fact.fact, "offline") else fact.fact
    return hashlib.sha256(encode(said)).digest()
