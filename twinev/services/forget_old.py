"""Forgets what was kept for long enough, in small steps, so that nobody who writes waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from twinev.errors import Unavailable
from twinev.services.ports.clock import Clock
from twinev.services.ports.retention import Passing
from twinev.services.ports.unit_of_work import UnitOfWorkFactory

#: How long each is kept. [days]
#: A fact's key must outlast every station that still has the fact in its queue: a replay after that would be new.
DEFAULT_DAYS: Mapping[Passing, int] = {
    Passing.FACTS: 90,
    Passing.SET_ASIDE_FACTS: 365,
    Passing.REPORTS: 365,
    Passing.COMMANDS: 365,
    Passing.PLANS: 180,
}
#: Rows of one transaction; a plan with its inputs is some 100 kB. On SQLite all other writers wait for its commit.
BATCH_ROWS = 200
PAUSE_SECONDS = 0.2
ROUND_SECONDS = 3600.0

_log = logging.getLogger(__name__)


class ForgetOld:
    """Looks once an hour.

    Parameters
    ----------
    unit_of_work : UnitOfWorkFactory
        For what writes.
    days : mapping, optional
        How long each is kept. [days]
    pause_seconds, round_seconds : float
        How long it rests after a step, and after a round. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        days: Mapping[Passing, int] = DEFAULT_DAYS,
        batch_rows: int = BATCH_ROWS,
        pause_seconds: float = PAUSE_SECONDS,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._days = days
        self._batch_rows = batch_rows
        self._pause_seconds = pause_seconds
        self._round_seconds = round_seconds

    async def run(self) -> None:
        """Forget for ever; a database that is away is tried again in the next round."""
        while True:
            try:
                await self.forget_all()
            except Unavailable as error:
                _log.warning("old rows stay for now: %s", error)
            await asyncio.sleep(self._round_seconds)

    async def forget_all(self) -> dict[Passing, int]:
        """Forget all that is too old now; say how much of each that was."""
        forgotten = {what: await self._forget(what) for what in self._days}
        if any(forgotten.values()):
            _log.info("forgotten: %s", ", ".join(f"{count} {what}" for what, count in forgotten.items() if count))
        return forgotten

    async def _forget(self, what: Passing) -> int:
        total = 0
        while True:
            count = await asyncio.to_thread(self.step, what)
            total += count
            if count < self._batch_rows:
                return total
            await asyncio.sleep(self._pause_seconds)

    def step(self, what: Passing) -> int:
        """Forget one batch, in a transaction of its own."""
        before = self._clock.now() - timedelta(days=self._days[what])
        with self._unit_of_work() as work:
            count = work.retention.forget(what, before=before, at_most=self._batch_rows)
            work.commit()
        return count
