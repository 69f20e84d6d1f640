"""What a cable is plugged into: the connectors of an EVSE (OCPP 2.0.1 types, OCPI 2.2.1 formats)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twinev.domain.checks import require_finite, require_text
from twinev.errors import BadInput


class ConnectorType(StrEnum):
    """OCPP 2.0.1 ConnectorEnumType, with NACS of OCPP 2.1."""

    CCS1 = "cCCS1"
    CCS2 = "cCCS2"
    CHADEMO = "cG105"
    TESLA = "cTesla"
    NACS = "cNACS"
    TYPE_1_CABLE = "cType1"
    TYPE_2_CABLE = "cType2"
    TYPE_2_SOCKET = "sType2"
    TYPE_3_SOCKET = "sType3"
    SCHUKO = "sCEE-7-7"
    BS1361 = "sBS1361"
    IEC_309_1P_16A = "s309-1P-16A"
    IEC_309_1P_32A = "s309-1P-32A"
    IEC_309_3P_16A = "s309-3P-16A"
    IEC_309_3P_32A = "s309-3P-32A"
    PANTOGRAPH = "Pan"
    INDUCTIVE = "wInductive"
    RESONANT = "wResonant"
    OTHER_1PH_16A = "Other1PhMax16A"
    OTHER_1PH = "Other1PhOver16A"
    OTHER_3PH = "Other3Ph"


#: What charges a battery directly, past the EV's own charger.
DIRECT_CURRENT = frozenset({ConnectorType.CCS1, ConnectorType.CCS2, ConnectorType.CHADEMO})


class ConnectorFormat(StrEnum):
    """OCPI 2.2.1 ConnectorFormat: the driver brings a cable, or it hangs at the station."""

    SOCKET = "SOCKET"
    CABLE = "CABLE"


def format_of(connector_type: str) -> ConnectorFormat:
    """Tell the format from the name: OCPP's types begin with c for a captive cable, s for a socket."""
    return ConnectorFormat.CABLE if connector_type.startswith("c") else ConnectorFormat.SOCKET


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One of an EVSE's connectors; only one is in use at a time. ``id`` counts from 1 within its EVSE.

    ``max_kw`` and ``phases`` None are those of the EVSE; ``format`` None is what the type says.
    """

    id: int
    type: str
    format: ConnectorFormat | None = None
    max_kw: float | None = None
    phases: int | None = None

    def __post_init__(self) -> None:
        if self.id < 1:
            raise BadInput("connector.id", self.id, "a whole number of at least 1")
        require_text("connector.type", self.type, longest=40)
        if self.format is None:
            object.__setattr__(self, "format", format_of(self.type))
        if self.max_kw is not None:
            require_finite("connector.max_kw", self.max_kw, at_least=0)
        if self.phases not in (None, 1, 3):
            raise BadInput("connector.phases", self.phases, "1 or 3")
