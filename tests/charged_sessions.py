"""Sessions as stations report them, for the tests of records, receipts and OCPI: facts taken in as the API does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twinev.adapters.database.unit_of_work import Database
from twinev.domain.facts import Sample, StationFact, TransactionEnded, TransactionStarted, TransactionUpdated
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Station:
    """Speaks for one station of the database."""

    database: Database
    id: str = "A"

    def begin(self, tx: str = "1", *, id_token: str = "card", at: float = 0) -> None:
        self._say(
            TransactionStarted(
                evse_id=1, ocpp_transaction_id=tx, timestamp=_at(at), id_token=id_token, meter_start_kwh=100.0, seq_no=0
            ),
            f"start {tx}",
        )

    def measure(self, tx: str = "1", *, seq_no: int = 1, **kwh_at_minute: float) -> None:
        """Report registers: ``m30=5.0`` is 5 kWh after 30 minutes."""
        samples = tuple(_register(float(minute[1:]), kwh) for minute, kwh in kwh_at_minute.items())
        said = TransactionUpdated(
            evse_id=1, ocpp_transaction_id=tx, timestamp=samples[-1].timestamp, samples=samples, seq_no=seq_no
        )
        self._say(said, f"update {tx} {seq_no}")

    def end(self, tx: str = "1", *, at: float, kwh: float, seq_no: int = 2) -> str:
        """End the transaction; return the session's id."""
        said = TransactionEnded(
            ocpp_transaction_id=tx,
            timestamp=_at(at),
            reason="EVDisconnected",
            meter_stop_kwh=100.0 + kwh,
            seq_no=seq_no,
        )
        self._say(said, f"end {tx}")
        return self.session_id(tx)

    def charge(self, tx: str = "1", *, id_token: str = "card") -> str:
        """Half an hour of 5 kWh, half an hour of 1 kWh."""
        self.begin(tx, id_token=id_token)
        self.measure(tx, m30=5.0)
        return self.end(tx, at=60, kwh=6.0)

    def session_id(self, tx: str = "1") -> str:
        with self.database.reading() as work:
            return work.sessions.of_transaction(self.id, tx)[-1].id

    def _say(self, said: object, key: str) -> None:
        fact = StationFact(
            station_id=self.id, protocol="ocpp2.0.1", action="X", key=key, received_at=START, fact=said, reply_to=None
        )
        with self.database.unit_of_work() as work:
            record_facts([fact], work=work)
            work.commit()


def _at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def _register(minute: float, kwh: float) -> Sample:
    return Sample(timestamp=_at(minute), value=100.0 + kwh, unit="kWh")
