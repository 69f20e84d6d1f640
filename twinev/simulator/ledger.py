"""The simulator's own record of every fact that its stations produced, to compare a CSMS's database with.

An append-only file of JSON lines. A line is handed to the operating system before the fact can be sent, so it
survives the death of this process; `Ledger.sync` (called once a second, and at the end) flushes the lines to the disk.

Kinds of line; ``transaction`` is the station's own name of it, ``n`` the number of the message that carries the fact:

``transaction_started``  station, ocpp, transaction, evse_id, connector_id, timestamp, id_token, meter_wh, seq_no
``transaction_id``       station, transaction, ocpp_transaction_id: what the CSMS calls it (OCPP 1.6)
``sample``               station, transaction, evse_id, timestamp, measurand, phase, location, context, value, unit
``needs``                station, transaction, evse_id, timestamp, energy_kwh, departure, max_kw, profile
``transaction_ended``    station, transaction, timestamp, meter_wh, reason, seq_no
``status``               station, evse_id, timestamp, condition: the CSMS confirmed it; older ones are history
``delivered``            station, n: the CSMS confirmed that message
``end``                  station, undelivered: at a clean end, how many messages still wait
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson


class Ledger:
    """Writes the file; without a path it records nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else _open_for_append(path)
        self._dirty = False

    def record(self, kind: str, **facts: Any) -> None:
        """Append one line."""
        if self._file is None:
            return
        self._file.write(orjson.dumps({"kind": kind, **facts}, option=orjson.OPT_APPEND_NEWLINE))
        self._dirty = True

    def sync(self) -> None:
        """Flush to the disk what was written since the last time."""
        if self._file is not None and self._dirty:
            self._dirty = False
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None


@dataclass(frozen=True, kw_only=True)
class LedgerContents:
    """A ledger read back, with each fact under the id that the CSMS knows its transaction by, where it has one."""

    transactions: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    needs: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    undelivered: dict[str, set[int]] = field(default_factory=dict)

    @property
    def all_delivered(self) -> bool:
        return not any(self.undelivered.values())


def read_ledger(path: Path) -> LedgerContents:
    """Read a ledger.

    ``transactions`` is keyed by (station, the station's own name of the transaction); each holds ``started``,
    ``ended`` (None while it runs) and ``ocpp_transaction_id``. A sample holds ``ocpp_transaction_id`` as well.
    ``statuses`` holds the last one of each (station, EVSE).
    """
    contents = LedgerContents()
    for line in _lines(path):
        station = line["station"]
        waiting = contents.undelivered.setdefault(station, set())
        if line["kind"] == "delivered":
            waiting.discard(line["n"])
        elif "n" in line:
            waiting.add(line["n"])
        _take_in(contents, line)
    for sample in contents.samples:
        transaction = contents.transactions.get((sample["station"], sample["transaction"]))
        sample["ocpp_transaction_id"] = transaction["ocpp_transaction_id"] if transaction else None
    return contents


def _take_in(contents: LedgerContents, line: dict[str, Any]) -> None:
    key = (line["station"], line.get("transaction", ""))
    match line["kind"]:
        case "transaction_started":
            # In OCPP 2.0.1 the station's own name is the transaction's id.
            known_as = None if line["ocpp"] == "1.6" else line["transaction"]
            contents.transactions[key] = {"started": line, "ended": None, "ocpp_transaction_id": known_as}
        case "transaction_id":
            contents.transactions[key]["ocpp_transaction_id"] = line["ocpp_transaction_id"]
        case "transaction_ended":
            contents.transactions[key]["ended"] = line
        case "sample":
            contents.samples.append(line)
        case "status":
            contents.statuses[line["station"], line["evse_id"]] = line
        case "needs":
            contents.needs.append(line)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        # A reader may come while the last line is being written.
        yield from (orjson.loads(line) for line in file if line.endswith(b"\n"))


def _open_for_append(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab", buffering=0)
