"""Gives an outcome to commands whose sender ended over them: nobody else would ever write one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWorkFactory

#: Longer than any command waits for its answer: what is older has no sender any more. [s of the wall clock]
PATIENCE_SECONDS = 30.0
DETAIL = "the process that sent it ended before an answer came; whether the station obeyed is not known"

_log = logging.getLogger(__name__)


class CloseCommands:
    """Looks for them at the start, for those of an earlier run, and then now and then, for those of other processes.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    patience_seconds : float
        How long a command may be under way, and how often this looks. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._patience_seconds = patience_seconds

    async def run(self) -> None:
        """Close for ever."""
        while True:
            await asyncio.to_thread(self.close)
            await asyncio.sleep(self._patience_seconds)

    def close(self) -> int:
        """Close every command that is under way for too long; say how many these were."""
        platform_seconds = self._patience_seconds / self._clock.wall_seconds(1.0)
        before = self._clock.now() - timedelta(seconds=platform_seconds)
        with self._reading() as work:
            if not work.commands.without_outcome(before=before):
                return 0
        with self._unit_of_work() as work:
            # Read again: an answer may have come in between.
            left = work.commands.without_outcome(before=before)
            for command in left:
                work.commands.save(replace(command, outcome="timeout", detail=DETAIL))
            work.commit()
        _log.warning("%d commands had no outcome: the process that sent them ended", len(left))
        return len(left)
