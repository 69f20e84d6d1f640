"""Sessions are billed once, however often the process that settles them is killed in the middle of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

from charged_sessions import START, Station

from twinev.adapters.database.unit_of_work import Database

SESSIONS = 40
#: After how many sessions each process is killed, in the middle of what it does next.
KILLED_AFTER = (1, 4, 9)
LATER = START + timedelta(hours=2)

SETTLE = f"""
import sys
from datetime import datetime
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.clock import PlatformClock
from twinev.services.invoice_payments import InvoicePayments
from twinev.services.settle_session import settle_session

now = datetime.fromisoformat({LATER.isoformat()!r})
database = Database(engine=open_engine(sys.argv[1]), clock=PlatformClock())
with database.reading() as work:
    due = work.charge_detail_records.due(now, limit=1000)
for session_id in due:
    with database.unit_of_work() as work:
        settle_session(session_id, payments=InvoicePayments(), work=work, now=now)
        work.commit()
    print(session_id, flush=True)
print("all", flush=True)
"""


def settle(url: str, *, killed_after: int | None) -> None:
    """Run a process that settles what is due; kill it after some sessions, or let it come to its end."""
    process = subprocess.Popen([sys.executable, "-c", SETTLE, url], stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(process.stdout.readline, "")
        if killed_after is None:
            assert list(lines)[-1] == "all\n"
            assert process.wait() == 0
            return
        for _ in range(killed_after):
            assert next(lines) != "all\n"
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_process_killed_while_it_settles_bills_every_session_once(fleet: Database, url: str) -> None:
    station = Station(database=fleet)
    sessions = {station.charge(str(number)) for number in range(1, SESSIONS + 1)}
    for killed_after in KILLED_AFTER:
        settle(url, killed_after=killed_after)
    settle(url, killed_after=None)

    with fleet.reading() as work:
        records = work.charge_detail_records.list(limit=10 * SESSIONS)
        payments = work.payments.current([record.id for record in records])
        assert work.charge_detail_records.due(LATER + timedelta(days=1), limit=1) == []
    assert Counter(record.session_id for record in records) == Counter(sessions)
    assert set(payments) == {record.id for record in records}
