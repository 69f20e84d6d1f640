"""What differs between the versions of OCPP: error codes, schemas, and the mapping of messages and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.frames import CALL_RESULT_ERROR, Fault
from twinev.adapters.ocpp.mapping.abilities import Abilities
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, Step
from twinev.domain.commands import AnyCommand

ReadMessage = Callable[[Station, dict[str, Any], datetime], Step]


@dataclass(frozen=True, kw_only=True)
class ErrorCodes:
    """CALLERROR codes by what went wrong; ``unknown_message_type`` None means that the frame is ignored."""

    malformed: str
    unknown_message_type: str | None
    format: str
    required: str
    occurrence: str
    type: str = "TypeConstraintViolation"
    property: str = "PropertyConstraintViolation"
    not_implemented: str = "NotImplemented"
    not_supported: str = "NotSupported"
    internal: str = "InternalError"
    security: str = "SecurityError"
    generic: str = "GenericError"

    def of_fault(self, fault: Fault) -> str | None:
        """The code for a message that cannot be worked on; None where its sender hears nothing."""
        match fault:
            case Fault.MESSAGE_TYPE:
                return self.unknown_message_type
            case Fault.DEPTH:
                return self.format
            case Fault.TEXT:
                return self.property
        return self.malformed

    def of_rule(self, rule: str, *, whole: bool = False) -> str:
        """The code for a payload that breaks this JSON-schema keyword, in one of its fields or as a ``whole``."""
        match rule:
            case "type" if whole:
                return self.format
            case "required":
                return self.required
            case "type":
                return self.type
            case "minItems" | "maxItems":
                return self.occurrence
            case "additionalProperties":
                return self.format
        return self.property


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One version of OCPP.

    ``message_types`` are the frames that it has, ``known_actions`` its actions that are answered, ``known_sends`` those
    that are not. ``station_messages`` are the actions that are understood from a station. ``call_of`` translates a
    command to a CALL, ``outcome_of`` the station's result back; ``abilities_call`` asks what the station can do with
    profiles and ``read_abilities`` understands its answer.
    """

    protocol: str
    schemas: str
    codes: ErrorCodes
    message_types: frozenset[int]
    known_actions: frozenset[str]
    known_sends: frozenset[str]
    station_messages: Mapping[str, ReadMessage]
    call_of: Callable[[AnyCommand, Station, Abilities], StationCall]
    outcome_of: Callable[[AnyCommand, dict[str, Any], Station], StationOutcome]
    abilities_call: Callable[[Station], tuple[str, dict[str, Any]]]
    read_abilities: Callable[[dict[str, Any], Station], Abilities]

    @property
    def complains_of_results(self) -> bool:
        """Whether a station is told that its CALLRESULT could not be used."""
        return CALL_RESULT_ERROR in self.message_types
