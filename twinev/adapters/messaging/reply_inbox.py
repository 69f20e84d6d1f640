"""One subscription for all replies of a connection: each is expected at a numbered subject below it.

The library makes random tokens, a task and a timer for each request, and a reply that takes longer than a request may
would need a subscription of its own.
"""

from __future__ import annotations

import asyncio
import itertools

from nats.aio.client import Client
from nats.aio.msg import Msg


class ReplyInbox:
    """Where replies to this connection's messages come.

    Parameters
    ----------
    client : Client
        Its user may listen to its own inbox.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._prefix = ""
        self._subscribing = asyncio.Lock()

    async def expect(self) -> tuple[str, asyncio.Future[Msg]]:
        """Return a new address and the first message that will come to it; `forget` the address in any case."""
        if not self._prefix:
            await self._subscribe()
        address = f"{self._prefix}{next(self._numbers)}"
        expected = self._waiting[address] = asyncio.get_running_loop().create_future()
        return address, expected

    def forget(self, address: str) -> None:
        """Expect nothing there any longer: what comes late is dropped."""
        del self._waiting[address]

    async def _subscribe(self) -> None:
        # Stands for as long as the connection: the library subscribes again after each reconnection.
        async with self._subscribing:
            if not self._prefix:
                inbox = self._client.new_inbox()
                await self._client.subscribe(f"{inbox}.*", cb=self._take)
                self._prefix = f"{inbox}."

    async def _take(self, message: Msg) -> None:
        expected = self._waiting.get(message.subject)
        if expected is not None and not expected.done():
            expected.set_result(message)
