"""What a station's message asks the gateway to do, and what a command becomes: the mapping's result types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from twinev.domain.charging_profile import ChargingProfile
from twinev.domain.commands import CompositeSchedule
from twinev.domain.facts import AnyFact, AuthorizeQuestion, BootAnswer, BootQuestion, Decision


class UnusablePayload(Exception):
    """Valid by its schema and yet without a meaning, such as a connector 0 that starts a transaction."""


@dataclass(frozen=True, kw_only=True)
class AnswerNow:
    """The gateway knows the answer."""

    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AskBoot:
    """The API decides whether the station is accepted."""

    question: BootQuestion
    answer: Callable[[BootAnswer], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class AskAuthorize:
    """The API decides whether this token may charge."""

    question: AuthorizeQuestion
    answer: Callable[[Decision], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Tell:
    """A fact: the answer goes out when it is durable.

    ``key`` are the parts of its natural key after action and station. ``subject``, a word and an EVSE, is set where the
    message has no time and no number: an equal one on the same subject soon after is the same (`Repetitions`).
    """

    fact: AnyFact
    key: tuple[str | int | float | None, ...]
    payload: dict[str, Any]
    subject: tuple[str, int | None] | None = None


@dataclass(frozen=True, kw_only=True)
class TellAndAsk:
    """A fact whose answer carries a decision of the API."""

    fact: AnyFact
    key: tuple[str | int | float | None, ...]
    answer: Callable[[Decision], dict[str, Any]]


Step = AnswerNow | AskBoot | AskAuthorize | Tell | TellAndAsk


@dataclass(frozen=True, kw_only=True)
class StationCall:
    """A command as the station's version says it; ``sent`` is the profile in it, in kW, as it was rounded."""

    action: str
    payload: dict[str, Any]
    sent: ChargingProfile | None = None


@dataclass(frozen=True, kw_only=True)
class StationOutcome:
    """What the station's CALLRESULT means; ``response`` is it in OCPP 2.0.1's words, where those are others."""

    outcome: Literal["accepted", "rejected", "not_supported"]
    status: str | None
    detail: str | None = None
    composite: CompositeSchedule | None = None
    response: dict[str, Any] | None = None


_ACCEPTED = frozenset({"Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked"})
# What a station does not know it does not do.
_NOT_SUPPORTED = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "NotSupportedAttributeType",
        "UnknownComponent",
        "UnknownMessageId",
        "UnknownVariable",
        "UnknownVendorId",
    }
)


def outcome_of_status(status: str) -> Literal["accepted", "rejected", "not_supported"]:
    """A station's own word, as one of the three."""
    if status in _ACCEPTED:
        return "accepted"
    return "not_supported" if status in _NOT_SUPPORTED else "rejected"
