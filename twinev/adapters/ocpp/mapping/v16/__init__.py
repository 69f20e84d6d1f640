"""OCPP 1.6. The modules have the same names for every version: learn one, know all."""

from twinev.adapters.ocpp.mapping.v16.abilities import abilities_call, read_abilities
from twinev.adapters.ocpp.mapping.v16.commands import call_of, outcome_of
from twinev.adapters.ocpp.mapping.v16.station_messages import STATION_MESSAGES

PROTOCOL = "ocpp1.6"

__all__ = ["PROTOCOL", "STATION_MESSAGES", "abilities_call", "call_of", "outcome_of", "read_abilities"]
