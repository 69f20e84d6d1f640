"""The field's words as frozen dataclasses, validated at birth; no framework, no I/O.

Physical names carry their unit; positive power charges the EV; datetimes are aware UTC.
"""
