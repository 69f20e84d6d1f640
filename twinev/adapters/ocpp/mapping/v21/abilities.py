"""OCPP 2.1: what a station can do with charging profiles; SmartChargingCtrlr has 2.0.1's variables."""

from twinev.adapters.ocpp.mapping.v201.abilities import ABILITIES_CALL, read_abilities

__all__ = ["ABILITIES_CALL", "read_abilities"]
