"""Charging stations that speak OCPP over a real socket, and EVs that obey a profile."""
