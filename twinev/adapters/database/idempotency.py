"""The repository of Idempotency-Keys: what a creating request was answered, for its repetition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from twinev.adapters.database.statements import insert_new
from twinev.adapters.database.tables import idempotency_keys
from twinev.services.ports.requests import KeptAnswer

_table = idempotency_keys


class DatabaseIdempotency:
    """Implements `twinev.services.ports.requests.Idempotency`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, user_id: str, key: str, request_hash: bytes, at: datetime) -> bool:
        row = {"user_id": user_id, "key": key, "request_hash": request_hash, "at": at}
        return insert_new(self._connection, _table, [row]) == 1

    def answer(self, user_id: str, key: str) -> KeptAnswer | None:
        row = self._connection.execute(select(_table).where(self._is(user_id, key))).one_or_none()
        if row is None:
            return None
        return KeptAnswer(request_hash=row.request_hash, status=row.status, body=row.body, at=row.at)

    def keep(self, user_id: str, key: str, status: int, body: dict[str, Any]) -> None:
        self._connection.execute(update(_table).where(self._is(user_id, key)).values(status=status, body=body))

    def release(self, user_id: str, key: str) -> None:
        self._connection.execute(delete(_table).where(self._is(user_id, key)))

    def forget_before(self, at: datetime) -> None:
        self._connection.execute(delete(_table).where(_table.c.at < at))

    def _is(self, user_id: str, key: str) -> Any:
        return (_table.c.user_id == user_id) & (_table.c.key == key)
