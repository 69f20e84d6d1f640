"""The message that everything is measured with: an OCPP 1.6 MeterValues of eight samples, each one different."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ACTION = "MeterValues"
HEARTBEAT = b'[2,"heartbeat","Heartbeat",{}]'

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_NUMBER, _TIME = "00000000", "2026-01-01T00:00:00.000Z"
_SAMPLES = (
    ("Energy.Active.Import.Register", "Wh", None, "1234567"),
    ("Power.Active.Import", "W", None, "10987.5"),
    ("Current.Import", "A", "L1", "15.93"),
    ("Current.Import", "A", "L2", "15.91"),
    ("Current.Import", "A", "L3", "15.94"),
    ("Voltage", "V", "L1-N", "230.1"),
    ("Voltage", "V", "L2-N", "229.8"),
    ("Voltage", "V", "L3-N", "230.4"),
)


def _sample(measurand: str, unit: str, phase: str | None, value: str) -> str:
    on_phase = "" if phase is None else f'"phase":"{phase}",'
    return (
        f'{{"value":"{value}","context":"Sample.Periodic","format":"Raw","measurand":"{measurand}",'
        f'{on_phase}"location":"Outlet","unit":"{unit}"}}'
    )


_TEMPLATE = (
    f'[2,"{_NUMBER}","{ACTION}",{{"connectorId":1,"meterValue":[{{"timestamp":"{_TIME}","sampledValue":['
    + ",".join(_sample(*sample) for sample in _SAMPLES)
    + "]}]}]"
).encode()
_BEFORE, _REST = _TEMPLATE.split(_NUMBER.encode())
_BETWEEN, _AFTER = _REST.split(_TIME.encode())

LENGTH_BYTES = len(_TEMPLATE)


def message_id(number: int) -> bytes:
    return b"%08d" % number


def meter_values(number: int) -> bytes:
    """The ``number``-th CALL of a station: a second later than the one before, so that no two are the same fact."""
    at = (_BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()
    return b"".join((_BEFORE, message_id(number), _BETWEEN, at, _AFTER))
