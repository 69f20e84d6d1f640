"""OCPP 2.0.1. The modules have the same names for every version: learn one, know all."""

from twinev.adapters.ocpp.mapping.v201.abilities import abilities_call, read_abilities
from twinev.adapters.ocpp.mapping.v201.commands import call_of, outcome_of
from twinev.adapters.ocpp.mapping.v201.declined import DECLINED
from twinev.adapters.ocpp.mapping.v201.reports import REPORTS
from twinev.adapters.ocpp.mapping.v201.station_messages import STATION_MESSAGES

PROTOCOL = "ocpp2.0.1"

__all__ = [
    "DECLINED",
    "PROTOCOL",
    "REPORTS",
    "STATION_MESSAGES",
    "abilities_call",
    "call_of",
    "outcome_of",
    "read_abilities",
]
