"""Which gateway holds which station's socket: a KV bucket whose entries expire unless they are renewed.

The newest claim wins. An older one notices at its next renewal (compare-and-set on its own revision), so neither a
half-open socket nor a second gateway can keep a station from its live one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import cancellable
from twinev.errors import Unavailable
from twinev.wire.messages import decode, encode

_STREAM = f"KV_{subjects.PRESENCE_BUCKET}"
# A station's key is one token; what gateways say of themselves stands under two.
_KEYS = f"$KV.{subjects.PRESENCE_BUCKET}.*"
_LAST_OF_EACH = ConsumerConfig(
    deliver_policy=DeliverPolicy.LAST_PER_SUBJECT, ack_policy=AckPolicy.NONE, inactive_threshold=30.0
)


@dataclass(frozen=True, kw_only=True)
class SocketHolder:
    """Who holds a station's socket."""

    gateway_id: str
    connection_id: str


class Presence:
    """The bucket, as gateways write it and the API reads it.

    Parameters
    ----------
    client : Client
        A connection as the user ``gateway`` or ``api``; the bucket is made by `ensure_streams`.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._bucket: KeyValue | None = None

    async def claim(self, station_id: str, *, gateway_id: str, connection_id: str) -> PresenceClaim:
        """Say that this connection is the station's newest; it stands until somebody newer claims it, or it expires.

        Raises
        ------
        Unavailable
            NATS does not take it.
        """
        holder = encode(SocketHolder(gateway_id=gateway_id, connection_id=connection_id))
        key = subjects.station_token(station_id)
        try:
            bucket = await self._open()
            return PresenceClaim(bucket, key, holder, await overwrite(bucket, key, holder))
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"the presence of station {station_id} cannot be claimed: {error}") from error

    async def online(self) -> dict[str, SocketHolder]:
        """Every station with a live claim, and who holds it.

        Raises
        ------
        Unavailable
            NATS does not answer.
        """
        # Not the library's watcher: it can report that it has told everything while an entry is still on its way.
        try:
            entries = await read_latest(self._client, _KEYS)
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"presence cannot be read: {error}") from error
        return {subjects.station_of(entry.token): decode(SocketHolder, entry.value) for entry in entries}

    async def changes(self) -> AsyncIterator[tuple[str, SocketHolder | None]]:
        """Each claim, renewal (again the holder) and loss (None: released or expired) as it happens, with no end.

        What stands when it begins comes first.
        """
        watcher = await (await self._open()).watch("*")
        try:
            async for entry in watcher:
                if entry is not None:
                    holder = decode(SocketHolder, entry.value) if entry.value else None
                    yield subjects.station_of(entry.key), holder
        finally:
            await watcher.stop()

    async def _open(self) -> KeyValue:
        if self._bucket is None:
            self._bucket = await self._client.jetstream().key_value(subjects.PRESENCE_BUCKET)
        return self._bucket


async def overwrite(bucket: KeyValue, key: str, value: bytes) -> int:
    """Write the value over what stands there, and return the revision.

    With compare-and-set, not with a put: a put that waits in the buffer of a lost connection would reach the server
    minutes later and take the station from whoever is connected by then.
    """
    while True:
        try:
            return await bucket.update(key, value, last=(await latest_of(bucket, key))[1])
        except KeyWrongLastSequenceError:
            # Somebody else claimed in this moment; each claim succeeds once, and the last one stands.
            continue


async def latest_of(bucket: KeyValue, key: str) -> tuple[bytes, int]:
    """What stands there, nothing after a release or an expiry, and its revision."""
    try:
        entry = await bucket.get(key)
        return entry.value or b"", entry.revision or 0
    except KeyNotFoundError as gone:
        return b"", gone.entry.revision or 0 if gone.entry is not None else 0


class PresenceClaim:
    """One connection's claim on its station."""

    def __init__(self, bucket: KeyValue, key: str, holder: bytes, revision: int) -> None:
        self._bucket = bucket
        self._key = key
        self._holder = holder
        self._revision = revision

    async def renew(self) -> bool:
        """Keep the claim alive; False when a newer connection has taken the station.

        Raises
        ------
        Unavailable
            NATS does not answer; nothing is known, try again soon.
        """
        try:
            try:
                self._revision = await self._update(self._revision)
                return True
            except KeyWrongLastSequenceError:
                return await self._renew_after_another()
        except KeyWrongLastSequenceError:
            return False
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(f"presence cannot be renewed: {error}") from error

    async def release(self) -> None:
        """Give the station free, unless somebody newer holds it."""
        try:
            await self._bucket.delete(self._key, last=self._revision)
        except (nats.errors.Error, TimeoutError):
            # Somebody newer holds it, or NATS is away and the claim expires by itself.
            return

    async def _renew_after_another(self) -> bool:
        """Find out what has moved the revision: an expiry, our own lost renewal, or somebody newer."""
        try:
            entry = await cancellable(self._bucket.get(self._key))
        except KeyNotFoundError as gone:
            if gone.entry is not None:  # Somebody newer claimed, and released again.
                return False
            self._revision = await self._update(0)
            return True
        # The server's own marker of an expiry has no value. Our own value: a renewal was stored whose answer was lost.
        if entry.value and entry.value != self._holder:
            return False
        self._revision = await self._update(entry.revision or 0)
        return True

    async def _update(self, last: int) -> int:
        # Who renews is cancelled when the socket closes; a renewal that outlived it would never end.
        return await cancellable(self._bucket.update(self._key, self._holder, last=last))


@dataclass(frozen=True, kw_only=True)
class LatestEntry:
    """The latest value of a key, by the last token of its subject, with when the server took it."""

    token: str
    value: bytes
    stored_at: datetime


async def read_latest(client: Client, keys: str) -> list[LatestEntry]:
    """The latest value of each key in the bucket that the subject pattern matches; what was released is left out.

    Raises
    ------
    nats.errors.Error, TimeoutError
        NATS does not answer.
    """
    consumer = await client.jetstream().pull_subscribe(keys, stream=_STREAM, config=_LAST_OF_EACH)
    try:
        return await _read_all(consumer)
    finally:
        await consumer.unsubscribe()


async def _read_all(consumer: JetStreamContext.PullSubscription) -> list[LatestEntry]:
    latest: dict[str, LatestEntry] = {}
    pending = (await consumer.consumer_info()).num_pending or 0
    while pending > 0:
        try:
            messages = await consumer.fetch(min(pending, 500), timeout=2)
        except TimeoutError:  # What was counted has expired in the meantime.
            break
        for message in messages:
            token = message.subject.rpartition(".")[2]
            latest.pop(token, None)
            if message.data:  # Marks of a release or an expiry have no value.
                latest[token] = LatestEntry(token=token, value=message.data, stored_at=message.metadata.timestamp)
        pending = messages[-1].metadata.num_pending
    return list(latest.values())
