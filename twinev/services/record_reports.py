"""Takes in what a station reports of itself: kept whole, and told as an event for who watches."""

from __future__ import annotations

from twinev.domain.facts import StationFact, StationReported
from twinev.services.fact_batch import FactBatch


def keep_report(fact: StationFact, batch: FactBatch) -> None:
    """Keep the report; nothing else changes."""
    said: StationReported = fact.fact
    report_id = batch.work.reports.add(fact.station_id, said, fact.received_at)
    data = {"report_id": str(report_id), "report": said.report, "evse_id": said.evse_id}
    batch.add_event("station.reported", fact.station_id, station_id=fact.station_id, **data)
