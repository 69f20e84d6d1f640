"""Settles sessions as they end, one after another, for as long as this process leads."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from twinev.errors import Unavailable
from twinev.services.ports.clock import Clock
from twinev.services.ports.pricing import PaymentProvider
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.settle_session import settle_session

LOOK_SECONDS = 2.0
BATCH = 50
#: How long after a failure a session is tried again.
PATIENCE = timedelta(minutes=1)

_log = logging.getLogger(__name__)


class SettleSessions:
    """Looks for marked sessions now and then.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    payments : PaymentProvider
        Says how the payment of each record begins.
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        payments: PaymentProvider,
        clock: Clock,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._payments = payments
        self._clock = clock
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Settle for ever."""
        while True:
            if not await asyncio.to_thread(self.settle_due):
                await asyncio.sleep(self._look_seconds)

    def settle_due(self) -> int:
        """Settle what is due, at most `BATCH` sessions; say how many could be. One that cannot holds up no other."""
        with self._reading() as work:
            due = work.charge_detail_records.due(self._clock.now(), limit=BATCH)
        return sum(self._settle(session_id) for session_id in due)

    def _settle(self, session_id: str) -> bool:
        try:
            with self._unit_of_work() as work:
                settle_session(session_id, payments=self._payments, work=work, now=self._clock.now())
                work.commit()
        except Unavailable:
            raise
        except Exception:
            # Whatever is wrong with one session, the others have their records.
            _log.exception("session %s has no charge detail record yet; it is tried again", session_id)
            self._postpone(session_id)
            return False
        return True

    def _postpone(self, session_id: str) -> None:
        with self._unit_of_work() as work:
            work.charge_detail_records.mark(session_id, self._clock.now() + PATIENCE)
            work.commit()
