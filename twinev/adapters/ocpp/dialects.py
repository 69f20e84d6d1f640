"""The versions of OCPP that the gateway speaks, by WebSocket sub-protocol."""

from __future__ import annotations

from twinev.adapters.ocpp.dialect import Dialect, ErrorCodes
from twinev.adapters.ocpp.mapping import v16, v201
from twinev.adapters.ocpp.schemas import known_actions


def load_dialects() -> dict[str, Dialect]:
    """Every dialect by its sub-protocol."""
    return {dialect.protocol: dialect for dialect in (_ocpp_16(), _ocpp_201())}


def _ocpp_16() -> Dialect:
    return Dialect(
        protocol=v16.PROTOCOL,
        schemas="v16",
        # The spelling is the standard's; its errata keep it, because a change would break stations.
        codes=ErrorCodes(
            malformed="FormationViolation",
            # OCPP-J 1.6 §4.1.3: a message of an unknown type is ignored.
            unknown_message_type=None,
            format="FormationViolation",
            required="ProtocolError",
            occurrence="OccurenceConstraintViolation",
        ),
        known_actions=known_actions("v16"),
        station_messages=v16.STATION_MESSAGES,
        call_of=v16.call_of,
        outcome_of=v16.outcome_of,
        abilities_call=v16.ABILITIES_CALL,
        read_abilities=v16.read_abilities,
    )


def _ocpp_201() -> Dialect:
    return Dialect(
        protocol=v201.PROTOCOL,
        schemas="v201",
        codes=ErrorCodes(
            malformed="RpcFrameworkError",
            unknown_message_type="MessageTypeNotSupported",
            format="FormatViolation",
            required="OccurrenceConstraintViolation",
            occurrence="OccurrenceConstraintViolation",
        ),
        known_actions=known_actions("v201"),
        station_messages=v201.STATION_MESSAGES,
        call_of=v201.call_of,
        outcome_of=v201.outcome_of,
        abilities_call=v201.ABILITIES_CALL,
        read_abilities=v201.read_abilities,
    )
