"""Holds the simulated stations' own ledger against the database: nothing lost, nothing doubled, nothing changed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from running_system import RunningSystem, wait_until

from twinev.simulator.ledger import LedgerContents, read_ledger


def assert_ledger_is_database(running: RunningSystem) -> None:
    """Compare transactions and meter values, one by one, once everything that stations have said is delivered."""
    path = running.data_dir / "simulator" / "ledger.jsonl"
    wait_until(lambda: read_ledger(path).all_delivered, within=60, what="every message of the stations is confirmed")
    ledger = read_ledger(path)
    wait_until(
        lambda: _count(running, "meter_values") >= len(ledger.samples),
        within=60,
        what="every sample is in the database",
    )
    assert ledger.samples
    assert _transactions_of(ledger) == _transactions_in(running)
    assert _samples_of(ledger) == _samples_in(running)
    assert _count(running, "set_aside_facts") == 0


def _count(running: RunningSystem, table: str) -> int:
    with running.rows() as rows:
        return rows.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def _transactions_of(ledger: LedgerContents) -> Counter:
    return Counter(
        (
            station,
            transaction["ocpp_transaction_id"],
            transaction["started"]["id_token"],
            _instant(transaction["started"]["timestamp"]),
            _instant(transaction["ended"]["timestamp"]) if transaction["ended"] else None,
        )
        for (station, _), transaction in ledger.transactions.items()
    )


def _transactions_in(running: RunningSystem) -> Counter:
    with running.rows() as rows:
        found = rows.execute(
            "SELECT station_id, ocpp_transaction_id, id_token, started_at, ended_at FROM charging_sessions"
        ).fetchall()
    return Counter((row[0], row[1], row[2], _instant(row[3]), _instant(row[4]) if row[4] else None) for row in found)


def _samples_of(ledger: LedgerContents) -> Counter:
    return Counter(
        (
            sample["station"],
            sample["ocpp_transaction_id"] or "",
            _instant(sample["timestamp"]),
            sample["measurand"],
            sample["phase"] or "",
            sample["context"],
            round(_in_kilo(sample), 6),
        )
        for sample in ledger.samples
    )


def _samples_in(running: RunningSystem) -> Counter:
    with running.rows() as rows:
        found = rows.execute(
            "SELECT station_id, ocpp_transaction_id, timestamp, measurand, phase, context, value FROM meter_values"
        ).fetchall()
    return Counter((row[0], row[1], _instant(row[2]), *row[3:6], round(row[6], 6)) for row in found)


def _in_kilo(sample: dict[str, Any]) -> float:
    return sample["value"] / 1000 if sample["unit"] in ("W", "Wh") else sample["value"]


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
