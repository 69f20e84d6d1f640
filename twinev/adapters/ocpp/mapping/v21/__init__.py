"""OCPP 2.1. The modules have the same names for every version: learn one, know all.

Most messages are 2.0.1's: what is equal is taken from there, and only what 2.1 says otherwise is written here.
"""

from twinev.adapters.ocpp.mapping.v21.abilities import abilities_call, read_abilities
from twinev.adapters.ocpp.mapping.v21.commands import call_of, outcome_of
from twinev.adapters.ocpp.mapping.v21.station_messages import STATION_MESSAGES

PROTOCOL = "ocpp2.1"

__all__ = ["PROTOCOL", "STATION_MESSAGES", "abilities_call", "call_of", "outcome_of", "read_abilities"]
