"""Commands whose sender was killed get an honest outcome; those that are under way keep theirs."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from twinev.domain.plan import SentCommand
from twinev.services.close_commands import DETAIL, PATIENCE_SECONDS, CloseCommands
from twinev.services.command_station import CommandStation


class NeverAnswers:
    """Is killed with its process: the command leaves, and nothing comes back."""

    async def send(self, station_id, command, *, timeout_seconds):
        raise asyncio.CancelledError


@pytest.fixture
def closing(database, clock) -> CloseCommands:
    return CloseCommands(unit_of_work=database.unit_of_work, reading=database.reading, clock=clock)


def kept(database) -> list[SentCommand]:
    with database.reading() as work:
        return list(work.commands.list(limit=10))


def save(database, *commands: SentCommand) -> None:
    with database.unit_of_work() as work:
        for command in commands:
            work.commands.save(command)
        work.commit()


def command_at(clock, command_id="c", **changes) -> SentCommand:
    values = {"station_id": "A", "action": "RequestStopTransaction", "payload": {}, "issued_by": "anna"}
    return SentCommand(**values, id=command_id, sent_at=clock.now(), **changes)


def test_command_of_a_killed_process_becomes_a_timeout_that_says_why(database, clock, closing):
    station = CommandStation(commands=NeverAnswers(), unit_of_work=database.unit_of_work, clock=clock)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(station.start_session("A", evse_id=1, id_token="card", issued_by="anna"))
    (left,) = kept(database)
    assert left.outcome is None
    clock.advance(seconds=PATIENCE_SECONDS + 1)

    assert closing.close() == 1

    assert kept(database) == [replace(left, outcome="timeout", detail=DETAIL)]
    assert closing.close() == 0


def test_command_that_may_still_be_answered_is_left_alone(database, clock, closing):
    save(database, command_at(clock))
    clock.advance(seconds=PATIENCE_SECONDS - 1)

    assert closing.close() == 0
    assert kept(database)[0].outcome is None


def test_patience_is_of_the_wall_clock(database, clock, closing):
    clock.speed = 60.0
    save(database, command_at(clock))
    clock.advance(seconds=59 * PATIENCE_SECONDS)
    assert closing.close() == 0

    clock.advance(seconds=2 * PATIENCE_SECONDS)

    assert closing.close() == 1


def test_answered_command_keeps_its_outcome(database, clock, closing):
    answered = command_at(clock, outcome="accepted", answered_at=clock.now() + timedelta(seconds=1))
    save(database, answered)
    clock.advance(hours=1)

    assert closing.close() == 0
    assert kept(database) == [answered]


def test_running_closes_at_the_start(database, clock, closing):
    save(database, command_at(clock))
    clock.advance(hours=1)

    async def start() -> None:
        running = asyncio.create_task(closing.run())
        async with asyncio.timeout(10):
            while kept(database)[0].outcome is None:
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(start())

    assert kept(database)[0].outcome == "timeout"
