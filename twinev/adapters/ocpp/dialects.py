"""The versions of OCPP that the gateway speaks, by WebSocket sub-protocol."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from twinev.adapters.ocpp.dialect import Dialect, ErrorCodes
from twinev.adapters.ocpp.frames import FIRST_TYPES, TYPES_OF_21
from twinev.adapters.ocpp.mapping import v16, v21, v201
from twinev.adapters.ocpp.schemas import known_actions, known_sends

# The spelling is the standard's; its errata keep it, because a change would break stations.
_CODES_16 = ErrorCodes(
    malformed="FormationViolation",
    # OCPP-J 1.6 §4.1.3: a message of an unknown type is ignored.
    unknown_message_type=None,
    format="FormationViolation",
    required="ProtocolError",
    occurrence="OccurenceConstraintViolation",
)
_CODES_201 = ErrorCodes(
    malformed="RpcFrameworkError",
    # OCPP 2.0.1 part 4, §4.4: it shall be answered.
    unknown_message_type="MessageTypeNotSupported",
    format="FormatViolation",
    required="OccurrenceConstraintViolation",
    occurrence="OccurrenceConstraintViolation",
)
# OCPP 2.1 part 4, §4.4 takes that back: it shall be ignored.
_CODES_21 = replace(_CODES_201, unknown_message_type=None)


def load_dialects() -> dict[str, Dialect]:
    """Every dialect by its sub-protocol."""
    made = (
        _dialect(v16, "v16", _CODES_16, FIRST_TYPES),
        _dialect(v201, "v201", _CODES_201, FIRST_TYPES),
        _dialect(v21, "v21", _CODES_21, TYPES_OF_21),
    )
    return {dialect.protocol: dialect for dialect in made}


def _dialect(mapping: ModuleType, schemas: str, codes: ErrorCodes, message_types: frozenset[int]) -> Dialect:
    """Each version's mapping has the same names."""
    return Dialect(
        protocol=mapping.PROTOCOL,
        schemas=schemas,
        codes=codes,
        message_types=message_types,
        known_actions=known_actions(schemas),
        known_sends=known_sends(schemas),
        station_messages=mapping.STATION_MESSAGES,
        call_of=mapping.call_of,
        outcome_of=mapping.outcome_of,
        abilities_call=mapping.abilities_call,
        read_abilities=mapping.read_abilities,
    )
