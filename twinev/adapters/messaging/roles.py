"""Who may say and hear what on NATS: one user per process, each with the subjects that it needs and no other.

ADR 0008 explains each line. A reply to a message that a user received is always allowed to it, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import inbox_prefix
from twinev.adapters.messaging.streams import EVENTS_CONSUMER
from twinev.errors import BadInput

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

_AMONG_APIS = (subjects.OUTBOX_FILLED, subjects.PLANNING_HEALTH)


@dataclass(frozen=True, kw_only=True)
class NatsRole:
    """One user: the subjects that it may publish to and subscribe to."""

    user: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


# One user for each kind of module outside: a stolen password of one announces nothing in another's name.
TOPICS = ("price", "demand", "production", "flexibility")
MODULES: Mapping[str, tuple[str, ...]] = {
    "prices": ("price",),
    "forecasts": ("demand", "production"),
    "flexibility": ("flexibility",),
}


ROLES = (
    NatsRole(
        user="api",
        publish=(
            "ocpp.cmd.>",
            subjects.EVENTS,
            subjects.DEAD,
            subjects.PLAN_REQUEST,
            *_AMONG_APIS,
            f"{inbox_prefix('gateway')}.>",
            *_OWNING_STREAMS,
            "$JS.ACK.>",
            "$JS.FC.>",
        ),
        subscribe=(subjects.QUESTIONS, subjects.EVENTS, *_AMONG_APIS, f"{inbox_prefix('api')}.>"),
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


def roles_with(modules: Mapping[str, tuple[str, ...]] = MODULES) -> tuple[NatsRole, ...]:
    """Return every user: those of TwinEV's own processes, the platform's, and one for each module.

    Raises
    ------
    BadInput
        A module has the name of another user, or announces what nobody takes.
    """
    taken = {role.user for role in ROLES}
    for user, topics in modules.items():
        if user in taken or not user.isidentifier():
            raise BadInput("NATS module", user, f"a name of letters, digits and _, none of {', '.join(sorted(taken))}")
        for topic in topics:
            if topic not in TOPICS:
                raise BadInput(f"topics of NATS module {user}", topic, f"some of {', '.join(TOPICS)}")
    return (*ROLES, *(_module(user, topics) for user, topics in modules.items()))


def _module(user: str, topics: tuple[str, ...]) -> NatsRole:
    """Build the user of a module that announces these topics, and hears what of them was refused."""
    return NatsRole(
        user=user,
        publish=tuple(f"twinev.v1.in.{topic}.*" for topic in topics),
        subscribe=(*(f"twinev.v1.dead.in.{topic}.*" for topic in topics), f"{inbox_prefix(user)}.>"),
    )
