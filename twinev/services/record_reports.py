"""Takes in what a station reports of itself: kept whole, and told as an event for who watches."""

from __future__ import annotations

from dataclasses import replace

from twinev.domain.facts import StationFact, StationReported
from twinev.services.fact_batch import FactBatch
from twinev.services.reservation_events import reservation_data

RESERVATION_STATUS = "ReservationStatusUpdate"


def keep_report(fact: StationFact, batch: FactBatch) -> None:
    """Keep the report; what a station says of a reservation is noted there, and nothing else changes."""
    said: StationReported = fact.fact
    report_id = batch.work.reports.add(fact.station_id, said, fact.received_at)
    data = {"report_id": str(report_id), "report": said.report, "evse_id": said.evse_id}
    batch.add_event("station.reported", fact.station_id, station_id=fact.station_id, **data)
    if said.report == RESERVATION_STATUS:
        _note_reservation(fact.station_id, said, batch)


def _note_reservation(station_id: str, said: StationReported, batch: FactBatch) -> None:
    number, status = said.content.get("reservationId"), said.content.get("reservationUpdateStatus")
    reservations = batch.work.reservations
    reservation = reservations.of_number(station_id, number) if isinstance(number, int) else None
    if reservation is None or not isinstance(status, str):
        return
    noted = replace(reservation, station_answer=status[:64])
    reservations.save(noted)
    batch.work.events.add("reservation.told", reservation_data(noted))
