"""The Smart Charging Tool: a problem in, a verified schedule out. Pure: no I/O, no clock."""
