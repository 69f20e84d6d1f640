"""The repository of what stations reported of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from twinev.adapters.database.tables import station_reports
from twinev.domain.facts import StationReported
from twinev.domain.station_report import StationReport


class DatabaseReports:
    """Implements `twinev.services.ports.charge_points.Reports`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, station_id: str, said: StationReported, received_at: datetime) -> int:
        row = {
            "station_id": station_id,
            "report": said.report,
            "timestamp": said.timestamp,
            "received_at": received_at,
            "evse_id": said.evse_id,
            "request_id": said.request_id,
            "seq_no": said.seq_no,
            "to_be_continued": said.to_be_continued,
            "content": said.content,
        }
        return self._connection.execute(insert(station_reports), row).inserted_primary_key[0]

    def list(
        self,
        station_id: str,
        *,
        limit: int,
        before: int | None = None,
        report: str | None = None,
        request_id: int | None = None,
    ) -> Sequence[StationReport]:
        table = station_reports.c
        statement = select(station_reports).where(table.station_id == station_id).order_by(table.id.desc())
        if before is not None:
            statement = statement.where(table.id < before)
        if report is not None:
            statement = statement.where(table.report == report)
        if request_id is not None:
            statement = statement.where(table.request_id == request_id)
        return [StationReport(**row._mapping) for row in self._connection.execute(statement.limit(limit))]
