"""The repositories of charge detail records, of the sessions that want one, and of payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select

from twinev.adapters.database.documents import from_known_document, insert_once, to_document
from twinev.adapters.database.pricing_tables import charge_detail_records, payment_changes, sessions_to_settle
from twinev.adapters.database.raw_rows import RawRows
from twinev.adapters.database.statements import earlier_than, upsert, within
from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentChange, PaymentStatus
from twinev.errors import NotFound

_records, _marks, _changes = charge_detail_records, sessions_to_settle, payment_changes
_CONTENT = RawRows([charge_detail_records.c.content]).selected[0]


class DatabaseChargeDetailRecords:
    """Implements `twinev.services.ports.pricing.ChargeDetailRecords`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark(self, session_id: str, due_at: datetime) -> None:
        upsert(self._connection, _marks, {"session_id": session_id, "due_at": due_at})

    def due(self, now: datetime, *, limit: int) -> Sequence[str]:
        statement = select(_marks.c.session_id).where(_marks.c.due_at <= now).order_by(_marks.c.due_at).limit(limit)
        return list(self._connection.execute(statement).scalars())

    def unmark(self, session_id: str) -> bool:
        return self._connection.execute(delete(_marks).where(_marks.c.session_id == session_id)).rowcount > 0

    def get(self, cdr_id: str) -> ChargeDetailRecord:
        found = self._all(select(_CONTENT).where(_records.c.id == cdr_id))
        if not found:
            raise NotFound("charge detail record", cdr_id)
        return found[0]

    def of_session(self, session_id: str) -> Sequence[ChargeDetailRecord]:
        statement = select(_CONTENT).where(_records.c.session_id == session_id)
        return self._all(statement.order_by(_records.c.number, _records.c.credit))

    def add(self, record: ChargeDetailRecord) -> None:
        row = {name: getattr(record, name) for name in ("id", "session_id", "number", "user_id", "made_at")}
        row |= {"site_id": record.place.site_id, "credit": record.is_credit, "content": to_document(record)}
        insert_once(self._connection, _records, row, f"the charge detail record {record.id}")

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        user_id: str | None = None,
        site_id: str | None = None,
        session_id: str | None = None,
        status: PaymentStatus | None = None,
    ) -> Sequence[ChargeDetailRecord]:
        made_at, identifier = _records.c.made_at, _records.c.id
        statement = select(_CONTENT).order_by(made_at.desc(), identifier.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, made_at, identifier, before))
        wanted = {"user_id": user_id, "site_id": site_id, "session_id": session_id}
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(_records.c[name] == value)
        if status is not None:
            statement = statement.where(
                identifier.in_(select(_changes.c.cdr_id).where(_changes.c.number.in_(_last()), _has(status)))
            )
        return self._all(statement)

    def made(
        self, since: datetime | None, before: datetime | None, *, offset: int, limit: int
    ) -> tuple[Sequence[ChargeDetailRecord], int]:
        made_at = _records.c.made_at
        count = within(select(func.count()).select_from(_records), made_at, since, before)
        chosen = within(select(_CONTENT), made_at, since, before).order_by(made_at, _records.c.id)
        return self._all(chosen.offset(offset).limit(limit)), self._connection.execute(count).scalar_one()

    def _all(self, statement: Select[Any]) -> list[ChargeDetailRecord]:
        documents = self._connection.execute(statement).scalars()
        return [from_known_document(ChargeDetailRecord, document) for document in documents]


class DatabasePayments:
    """Implements `twinev.services.ports.pricing.Payments`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, change: PaymentChange) -> None:
        row = {name: getattr(change, name) for name in ("cdr_id", "at", "by", "reference")}
        self._connection.execute(_changes.insert(), row | {"status": str(change.status)})

    def history(self, cdr_id: str) -> Sequence[PaymentChange]:
        return self._all(select(_changes).where(_changes.c.cdr_id == cdr_id).order_by(_changes.c.number))

    def current(self, cdr_ids: Iterable[str]) -> dict[str, PaymentChange]:
        wanted = _last().where(_changes.c.cdr_id.in_(tuple(cdr_ids)))
        return {change.cdr_id: change for change in self._all(select(_changes).where(_changes.c.number.in_(wanted)))}

    def _all(self, statement: Select[Any]) -> list[PaymentChange]:
        return [
            PaymentChange(
                cdr_id=row.cdr_id, status=PaymentStatus(row.status), at=row.at, by=row.by, reference=row.reference
            )
            for row in self._connection.execute(statement)
        ]


def _last() -> Select[Any]:
    """The number of each payment's last step."""
    return select(func.max(_changes.c.number)).group_by(_changes.c.cdr_id)


def _has(status: PaymentStatus) -> Any:
    return _changes.c.status == str(status)
