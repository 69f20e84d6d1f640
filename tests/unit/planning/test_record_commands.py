"""How commands are put on record: in few transactions, and each before its `save` returns."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from twinev.domain.plan import SentCommand
from twinev.errors import Unavailable
from twinev.services.record_commands import CommandRecord


class Disk:
    """Units of work that commit when they are let; ``away`` fails as many of them."""

    def __init__(self, *, away: int = 0) -> None:
        self.transactions: list[list[str]] = []
        self.away = away
        self.free = threading.Event()

    @contextmanager
    def unit_of_work(self):
        saved: list[str] = []
        yield SimpleNamespace(
            commands=SimpleNamespace(save=lambda command: saved.append(command.id)), commit=lambda: self._commit(saved)
        )

    def _commit(self, saved: list[str]) -> None:
        assert self.free.wait(10)
        if self.away:
            self.away -= 1
            raise Unavailable("the disk is away")
        self.transactions.append(saved)


@pytest.fixture
def save_together(make):
    """Save some commands at the same time, while the first transaction is under way; return what each got."""

    def saved(disk: Disk, *ids: str) -> list[Exception | None]:
        async def act():
            record = CommandRecord(unit_of_work=disk.unit_of_work)
            common = {"station_id": "A", "action": "Reset", "payload": {}, "issued_by": "x", "sent_at": make.NOW}
            commands = [SentCommand(id=name, **common) for name in ids]
            saving = [asyncio.create_task(record.save(command)) for command in commands]
            await asyncio.sleep(0)
            disk.free.set()
            return await asyncio.gather(*saving, return_exceptions=True)

        return asyncio.run(act())

    return saved


def test_commands_that_come_at_the_same_time_share_a_transaction(save_together):
    disk = Disk()

    assert save_together(disk, "1", "2", "3", "4") == [None] * 4
    assert disk.transactions == [["1"], ["2", "3", "4"]]


def test_command_whose_transaction_fails_tells_and_the_others_are_saved(save_together):
    disk = Disk(away=2)

    first, second, third = save_together(disk, "1", "2", "3")

    assert isinstance(first, Unavailable)
    assert isinstance(second, Unavailable)
    assert third is None
    assert disk.transactions == [["2", "3"]]
