"""What a station does when its socket ends while it has something to say."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from twinev.clock import PlatformClock
from twinev.simulator.link import CallFailed
from twinev.simulator.message_queue import MessageQueue
from twinev.simulator.speaker import Speaker


class EndedLink:
    """A socket that has ended: each CALL fails without giving others a turn."""

    def __init__(self) -> None:
        self.tries = 0

    async def call(self, request):
        self.tries += 1
        assert self.tries < 10, "nobody notices that the socket has ended"
        raise CallFailed("Closed", request.action)


def test_message_of_the_queue_stays_there_and_the_speaking_ends_with_the_socket():
    queue = MessageQueue()
    queue.put("StopTransaction", {"transactionId": 7})
    reports = SimpleNamespace(queue=queue, statuses=[], heartbeat_wanted=False, to_send=lambda message: message.payload)
    station = SimpleNamespace(
        spec=SimpleNamespace(id="S"),
        reports=reports,
        cards_to_authorize=iter(()),
        heartbeat_interval_seconds=60,
        connected=lambda: None,
    )
    link = EndedLink()

    async def speak() -> None:
        speaker = Speaker(station=station, clock=PlatformClock(), on_boot=lambda: None, on_deaf=lambda: None)
        speaker.booted = True
        await speaker.speak(link)

    asyncio.run(speak())

    assert link.tries == 1
    assert len(queue) == 1
