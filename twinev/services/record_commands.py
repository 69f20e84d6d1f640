"""Puts commands on record, those that come at the same time in one transaction: each is safe when its `save` returns.

A plan goes to all stations of a site at once, and every commit waits for the disk. While one transaction is under way,
what comes gathers for the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from twinev.domain.plan import SentCommand
from twinev.services.ports.unit_of_work import UnitOfWorkFactory


@dataclass(kw_only=True)
class _Batch:
    commands: list[SentCommand] = field(default_factory=list)
    saved: bool = False


class CommandRecord:
    """The record of commands, as planning writes it."""

    def __init__(self, *, unit_of_work: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._gathering = _Batch()
        self._turn = asyncio.Lock()

    async def save(self, command: SentCommand) -> None:
        """Return when the command is as safe as the database says.

        Raises
        ------
        Unavailable
            The database does not take it.
        """
        batch = self._gathering
        batch.commands.append(command)
        async with self._turn:
            if batch.saved:
                return
            if self._gathering is batch:
                self._gathering = _Batch()
            # Where this fails, or is cancelled, the next one whose command is in the batch writes all of it again.
            await asyncio.to_thread(self._write, tuple(batch.commands))
            batch.saved = True

    def _write(self, commands: tuple[SentCommand, ...]) -> None:
        with self._unit_of_work() as work:
            for command in commands:
                work.commands.save(command)
            work.commit()
