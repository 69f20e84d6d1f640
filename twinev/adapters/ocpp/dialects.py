"""The versions of OCPP that the gateway speaks, by WebSocket sub-protocol."""

from __future__ import annotations

from types import ModuleType

from twinev.adapters.ocpp.dialect import Dialect, ErrorCodes
from twinev.adapters.ocpp.mapping import v16, v21, v201
from twinev.adapters.ocpp.schemas import known_actions

# The spelling is the standard's; its errata keep it, because a change would break stations.
_CODES_16 = ErrorCodes(
    malformed="FormationViolation",
    # OCPP-J 1.6 §4.1.3: a message of an unknown type is ignored.
    unknown_message_type=None,
    format="FormationViolation",
    required="ProtocolError",
    occurrence="OccurenceConstraintViolation",
)
_CODES_2 = ErrorCodes(
    malformed="RpcFrameworkError",
    unknown_message_type="MessageTypeNotSupported",
    format="FormatViolation",
    required="OccurrenceConstraintViolation",
    occurrence="OccurrenceConstraintViolation",
)


def load_dialects() -> dict[str, Dialect]:
    """Every dialect by its sub-protocol."""
    made = (_dialect(v16, "v16", _CODES_16), _dialect(v201, "v201", _CODES_2), _dialect(v21, "v21", _CODES_2))
    return {dialect.protocol: dialect for dialect in made}


def _dialect(mapping: ModuleType, schemas: str, codes: ErrorCodes) -> Dialect:
    """Each version's mapping has the same names."""
    return Dialect(
        protocol=mapping.PROTOCOL,
        schemas=schemas,
        codes=codes,
        known_actions=known_actions(schemas),
        station_messages=mapping.STATION_MESSAGES,
        call_of=mapping.call_of,
        outcome_of=mapping.outcome_of,
        abilities_call=mapping.abilities_call,
        read_abilities=mapping.read_abilities,
    )
