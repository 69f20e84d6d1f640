"""The gateway's questions to the API about a station: may it connect, is it accepted, may this card charge."""

from __future__ import annotations

from typing import TypeVar

import nats.errors
from nats.aio.client import Client

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import request
from twinev.domain.facts import AuthorizeQuestion, BootAnswer, BootQuestion, ConnectAnswer, ConnectQuestion, Decision
from twinev.errors import BadInput, Unavailable
from twinev.wire.messages import decode, encode

Answer = TypeVar("Answer")


class StationDesk:
    """Asks over NATS, request and reply; every method raises `Unavailable` when no API answers.

    Parameters
    ----------
    client : Client
        A connection as the user ``gateway``.
    timeout_seconds : float
        How long an answer may take. [s]
    """

    def __init__(self, *, client: Client, timeout_seconds: float = 5.0) -> None:
        self._client = client
        self._timeout_seconds = timeout_seconds

    async def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        return await self._ask("Connect", question.station_id, question, ConnectAnswer)

    async def boot(self, question: BootQuestion) -> BootAnswer:
        return await self._ask("BootNotification", question.station_id, question, BootAnswer)

    async def authorize(self, question: AuthorizeQuestion) -> Decision:
        return await self._ask("Authorize", question.station_id, question, Decision)

    async def _ask(self, action: str, station_id: str, question: object, kind: type[Answer]) -> Answer:
        subject = subjects.question(station_id, action)
        try:
            message = await request(self._client, subject, encode(question), timeout_seconds=self._timeout_seconds)
            return decode(kind, message.data)
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the API does not answer {action} of station {station_id}: {error}") from error
        except BadInput as error:
            # An empty or foreign reply says that the API could not answer, not that the station did wrong.
            raise Unavailable(f"the API's answer to {action} of station {station_id} is unusable: {error}") from error
