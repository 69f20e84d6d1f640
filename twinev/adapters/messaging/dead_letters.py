"""The stream of refused messages: writes one with its reason, reads the newest."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.js.api import Header, StreamState
from nats.js.errors import NotFoundError

from twinev.adapters.messaging import subjects
from twinev.errors import BadInput, Unavailable
from twinev.wire.inbound import DeadLetter
from twinev.wire.messages import decode, encode

_PUBLISH_SECONDS = 5.0
LONGEST_REASON = 2000


@dataclass(frozen=True, kw_only=True)
class KeptLetter:
    """A dead letter and its number in the stream."""

    number: int
    letter: DeadLetter


def dead_letter(
    body: bytes, *, subject: str, reason: str, remedy: str, received_at: datetime, refused_at: datetime, sequence: int
) -> DeadLetter:
    """Wrap what was refused; a body that is no text is kept in base64."""
    try:
        text, encoded = body.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(body).decode()
    return DeadLetter(
        subject=subject,
        received_at=received_at,
        refused_at=refused_at,
        reason=reason[:LONGEST_REASON],
        remedy=remedy,
        sequence=sequence,
        body=text,
        body_base64=encoded,
    )


class DeadLetters:
    """The stream.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def add(self, letter: DeadLetter, *, message_id: str) -> None:
        """Return when the letter is on disk; one that is added again under the same id is kept once.

        Raises
        ------
        nats.errors.Error
            NATS does not take it.
        """
        await self._client.jetstream().publish(
            subjects.dead(letter.subject),
            encode(letter),
            timeout=_PUBLISH_SECONDS,
            stream=subjects.DEAD_STREAM,
            headers={Header.MSG_ID: message_id},
        )

    async def newest(self, limit: int, *, before: int | None = None) -> list[KeptLetter]:
        """The newest letters first, those before number ``before`` if it is given.

        Raises
        ------
        Unavailable
            NATS does not answer.
        """
        if not self._client.is_connected:
            raise Unavailable("the refused messages cannot be read: NATS is not connected")
        try:
            state = (await self._client.jetstream().stream_info(subjects.DEAD_STREAM)).state
            return await self._read(state, limit, before)
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the refused messages cannot be read: {error!r}") from error

    async def _read(self, state: StreamState, limit: int, before: int | None) -> list[KeptLetter]:
        jetstream = self._client.jetstream()
        number = state.last_seq if before is None else min(before - 1, state.last_seq)
        found: list[KeptLetter] = []
        while len(found) < limit and number >= max(state.first_seq, 1):
            try:
                message = await jetstream.get_msg(subjects.DEAD_STREAM, number)
                found.append(KeptLetter(number=number, letter=decode(DeadLetter, message.data or b"")))
            except (NotFoundError, BadInput):
                # Dropped for its age in this moment, or written by a later version.
                pass
            number -= 1
        return found
