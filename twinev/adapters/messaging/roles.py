"""Who may say and hear what on NATS: one user per process, each with the subjects that it needs and no other.

ADR 0008 explains each line. A reply to a message that a user received is always allowed to it, once.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import inbox_prefix
from twinev.adapters.messaging.streams import EVENTS_CONSUMER

_PRESENCE_STREAM = f"KV_{subjects.PRESENCE_BUCKET}"
_BOOTS_STREAM = f"KV_{subjects.BOOTS_BUCKET}"
# All that keeping streams and reading them takes; deleting or purging one is for a person with other rights.
_OWNING_STREAMS = (
    "$JS.API.INFO",
    "$JS.API.STREAM.CREATE.*",
    "$JS.API.STREAM.UPDATE.*",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.>",
    "$JS.API.CONSUMER.>",
)


@dataclass(frozen=True, kw_only=True)
class NatsRole:
    """One user: the subjects that it may publish to and subscribe to."""

    user: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


ROLES = (
    NatsRole(
        user="api",
        publish=(
            "ocpp.cmd.>",
            subjects.EVENTS,
            subjects.DEAD,
            subjects.PLAN_REQUEST,
            f"{inbox_prefix('gateway')}.>",
            *_OWNING_STREAMS,
            "$JS.ACK.>",
            "$JS.FC.>",
        ),
        subscribe=(subjects.QUESTIONS, subjects.EVENTS, f"{inbox_prefix('api')}.>"),
    ),
    NatsRole(
        user="gateway",
        publish=(
            subjects.FACTS,
            subjects.QUESTIONS,
            f"$KV.{subjects.PRESENCE_BUCKET}.>",
            f"$JS.API.STREAM.INFO.{_PRESENCE_STREAM}",
            f"$JS.API.DIRECT.GET.{_PRESENCE_STREAM}.>",
            f"$KV.{subjects.BOOTS_BUCKET}.>",
            f"$JS.API.STREAM.INFO.{_BOOTS_STREAM}",
            f"$JS.API.DIRECT.GET.{_BOOTS_STREAM}.>",
        ),
        subscribe=("ocpp.cmd.>", f"{inbox_prefix('gateway')}.>"),
    ),
    NatsRole(
        user="planner",
        publish=(),
        subscribe=(subjects.PLAN_REQUEST, f"{inbox_prefix('planner')}.>"),
    ),
    NatsRole(
        user="platform",
        publish=(
            subjects.INBOUND,
            f"$JS.API.CONSUMER.INFO.{subjects.EVENTS_STREAM}.{EVENTS_CONSUMER}",
            f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS_STREAM}.{EVENTS_CONSUMER}",
            f"$JS.ACK.{subjects.EVENTS_STREAM}.{EVENTS_CONSUMER}.>",
        ),
        subscribe=(subjects.EVENTS, subjects.DEAD, f"{inbox_prefix('platform')}.>"),
    ),
)
