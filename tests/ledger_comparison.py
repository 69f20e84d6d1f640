"""Holds the simulated stations' own ledger against the database: nothing lost, nothing doubled, nothing changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from polling import wait_until
from sqlalchemy import text

from twinev.adapters.database.engine import open_engine
from twinev.simulator.ledger import LedgerContents, read_ledger

Query = Callable[[str], Sequence[Sequence[Any]]]

# Clocks of the simulated stations drift by 20 s an hour at most and are set at each boot and heartbeat.
MOST_AHEAD = timedelta(seconds=30)


def assert_ledger_is_database(*, ledger: Path, database_url: str, within: float = 60) -> None:
    """Compare transactions, meter values and statuses, one by one, once everything that was said is delivered."""
    wait_until(
        lambda: read_ledger(ledger).all_delivered, within=within, every=0.5, what="all the stations said is confirmed"
    )
    said = read_ledger(ledger)
    assert said.samples
    engine = open_engine(database_url)

    def query(statement: str) -> Sequence[Sequence[Any]]:
        with engine.connect() as connection:
            return connection.execute(text(statement)).all()

    try:
        wait_until(
            lambda: query("SELECT COUNT(*) FROM meter_values")[0][0] >= len(said.samples),
            within=within,
            what="as many samples are in the database",
        )
        assert_equal("sessions", _transactions_of(said), _transactions_in(query))
        assert_equal("meter values", _samples_of(said), _samples_in(query))
        assert_equal("statuses", _statuses_of(said), _statuses_in(query, said))
        assert_dated_as_told(said, query)
        assert query("SELECT station_id, key, reason FROM set_aside_facts") == []
    finally:
        engine.dispose()


def assert_equal(what: str, ledger: Counter, database: Counter) -> None:
    """Fail with the first differences, not with ten thousand rows."""
    lost, extra = ledger - database, database - ledger
    shown = [f"not in the database: {row}" for row in list(lost)[:5]]
    shown += [f"not in the ledger: {row}" for row in list(extra)[:5]]
    assert not shown, f"{what}: {lost.total()} lost, {extra.total()} too many\n" + "\n".join(shown)


def _transactions_of(ledger: LedgerContents) -> Counter:
    returned_kwh = _returned_kwh(ledger)
    return Counter(
        _transaction_row(key[0], transaction, returned_kwh.get(key, 0.0))
        for key, transaction in ledger.transactions.items()
    )


def _returned_kwh(ledger: LedgerContents) -> dict[tuple[str, str], float]:
    """What each transaction's EV gave back, where its station has a register for that."""
    read: dict[tuple[str, str], list[float]] = defaultdict(list)
    for sample in ledger.samples:
        if sample["measurand"] == "Energy.Active.Export.Register":
            read[sample["station"], sample["transaction"]].append(_in_kilo(sample))
    return {key: max(readings) - min(readings) for key, readings in read.items()}


def _transaction_row(station: str, transaction: dict[str, Any], returned_kwh: float) -> tuple:
    started, ended = transaction["started"], transaction["ended"]
    known = (
        station,
        started["evse_id"],
        transaction["ocpp_transaction_id"],
        started["id_token"],
        _instant(started["timestamp"]),
    )
    if ended is None:
        return (*known, None, None, None)
    # OCPP 1.6 tells the register at the start and at the end in whole watt-hours.
    whole = int if started["ocpp"] == "1.6" else float
    energy_kwh = (whole(ended["meter_wh"]) - whole(started["meter_wh"])) / 1000 - returned_kwh
    return (*known, _instant(ended["timestamp"]), ended["reason"], round(energy_kwh, 6))


def _transactions_in(query: Query) -> Counter:
    found = query(
        "SELECT station_id, evse_id, ocpp_transaction_id, id_token, started_at, ended_at, stop_reason, energy_kwh"
        " FROM charging_sessions"
    )
    return Counter(
        (*row[:4], _instant(row[4]), *((_instant(row[5]), row[6], round(row[7], 6)) if row[5] else (None, None, None)))
        for row in found
    )


def _samples_of(ledger: LedgerContents) -> Counter:
    return Counter(
        (
            sample["station"],
            sample["evse_id"],
            sample["ocpp_transaction_id"] or "",
            _instant(sample["timestamp"]),
            sample["measurand"],
            sample["phase"] or "",
            sample["context"],
            round(_in_kilo(sample), 6),
        )
        for sample in ledger.samples
    )


def _samples_in(query: Query) -> Counter:
    found = query(
        "SELECT station_id, evse_id, ocpp_transaction_id, timestamp, measurand, phase, context, value FROM meter_values"
    )
    return Counter((*row[:3], _instant(row[3]), *row[4:7], round(row[7], 6)) for row in found)


def assert_dated_as_told(ledger: LedgerContents, query: Query) -> None:
    """A status bears the station's time, or that of its receipt where the station's clock was ahead of it."""
    told = {place: _instant(status["timestamp"]) for place, status in ledger.statuses.items()}
    for station, evse_id, at in query("SELECT station_id, id, status_at FROM evses WHERE status_at IS NOT NULL"):
        if (station, evse_id) in told:
            ahead = told[station, evse_id] - _instant(at)
            assert timedelta(0) <= ahead <= MOST_AHEAD, f"{station}, EVSE {evse_id}: {ahead} before what was told"


def _statuses_of(ledger: LedgerContents) -> Counter:
    return Counter(
        (*place, "Available" if told["condition"] == "Available" else "Occupied")
        for place, told in ledger.statuses.items()
    )


def _statuses_in(query: Query, ledger: LedgerContents) -> Counter:
    found = query("SELECT station_id, id, status FROM evses WHERE status_at IS NOT NULL")
    stations = {station for station, _ in ledger.statuses}
    return Counter(tuple(row) for row in found if row[0] in stations)


def _in_kilo(sample: dict[str, Any]) -> float:
    return sample["value"] / 1000 if sample["unit"] in ("W", "Wh") else sample["value"]


def _instant(moment: str | datetime) -> datetime:
    instant = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
