"""The JetStream streams and the presence bucket that TwinEV keeps; the API's user makes them, at every start."""

from __future__ import annotations

from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    PersistMode,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError

from twinev.adapters.messaging import subjects

MEBIBYTE = 1024 * 1024
PRESENCE_SECONDS = 30.0
EVENTS_CONSUMER = "platform"

# A publisher retries for less than this; a Msg-Id seen within it is stored once.
DUPLICATE_SECONDS = 600.0
INBOUND_SECONDS = 7 * 86_400.0

STREAMS = (
    StreamConfig(
        name=subjects.FACTS_STREAM,
        description="What stations said; each fact leaves when the API has taken it in",
        subjects=[subjects.FACTS],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        # Full means that stations are told to try again: the oldest facts are never thrown away for new ones.
        discard=DiscardPolicy.NEW,
        max_bytes=1024 * MEBIBYTE,
        duplicate_window=DUPLICATE_SECONDS,
    ),
    StreamConfig(
        name=subjects.EVENTS_STREAM,
        description="What happened in TwinEV, for its own processes and for other modules",
        subjects=[subjects.EVENTS],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=7 * 86_400.0,
        max_bytes=512 * MEBIBYTE,
        duplicate_window=DUPLICATE_SECONDS,
    ),
    StreamConfig(
        name=subjects.INBOUND_STREAM,
        description="Prices, forecasts and flexibility orders from other modules",
        subjects=[subjects.INBOUND],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=INBOUND_SECONDS,
        max_bytes=256 * MEBIBYTE,
        # The longest message that the schemas allow is a quarter of this.
        max_msg_size=MEBIBYTE,
        duplicate_window=DUPLICATE_SECONDS,
    ),
    StreamConfig(
        name=subjects.DEAD_STREAM,
        description="Messages that were refused, each with the reason",
        subjects=[subjects.DEAD],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=30 * 86_400.0,
        max_bytes=64 * MEBIBYTE,
        # A consumer that a crash of the server sets back meets old messages again; each is refused once all the same.
        duplicate_window=INBOUND_SECONDS,
    ),
)

# The stream behind a KV bucket: one small message a station that was ever not accepted, for ever.
BOOTS = StreamConfig(
    name=f"KV_{subjects.BOOTS_BUCKET}",
    description="How the last boot of each station was answered, where it was not always accepted",
    subjects=[f"$KV.{subjects.BOOTS_BUCKET}.>"],
    storage=StorageType.FILE,
    discard=DiscardPolicy.NEW,
    max_msgs_per_subject=1,
    max_bytes=64 * MEBIBYTE,
    allow_direct=True,
    allow_rollup_hdrs=True,
    deny_delete=True,
)


async def ensure_streams(client: Client, *, presence_seconds: float = PRESENCE_SECONDS) -> None:
    """Make what is missing and bring what differs up to date; calling it again changes nothing.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    presence_seconds : float
        How long a station counts as online after its gateway's last sign of life. [s]
    """
    jetstream = client.jetstream()
    for config in (*STREAMS, _presence(presence_seconds), BOOTS):
        try:
            await jetstream.add_stream(config)
        except BadRequestError:
            await jetstream.update_stream(config)
    # Made here because who may make consumers may point their deliveries at any subject, a station's commands too.
    await jetstream.add_consumer(
        subjects.EVENTS_STREAM,
        ConsumerConfig(durable_name=EVENTS_CONSUMER, ack_policy=AckPolicy.EXPLICIT, max_ack_pending=1000),
    )


def _presence(seconds: float) -> StreamConfig:
    # The stream behind a KV bucket. Its entries are renewed all the time: none is worth a write to the platter.
    return StreamConfig(
        name=f"KV_{subjects.PRESENCE_BUCKET}",
        description="Which gateway holds which station's socket",
        subjects=[f"$KV.{subjects.PRESENCE_BUCKET}.>"],
        storage=StorageType.FILE,
        persist_mode=PersistMode.ASYNC,
        discard=DiscardPolicy.NEW,
        max_age=seconds,
        max_msgs_per_subject=1,
        duplicate_window=min(seconds, 120.0),
        allow_direct=True,
        allow_rollup_hdrs=True,
        allow_msg_ttl=True,
        deny_delete=True,
        subject_delete_marker_ttl=seconds,
    )
