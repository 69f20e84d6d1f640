"""OCPP 2.0.1: what stations ask and TwinEV does not do, refused in the words that each message has for it.

TwinEV is no certificate authority and no ISO 15118 operator: certificates are installed by who runs the stations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.reports import ReadMessage
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step

#: StatusInfoType; the code is one of OCPP's own (part 2, appendix 5).
UNSUPPORTED = {"reasonCode": "UnsupportedRequest", "additionalInfo": "TwinEV does not offer this"}


def answer_always(**answer: Any) -> ReadMessage:
    """Make the function that gives everybody the same answer."""

    def read(station: Station, payload: dict[str, Any], now: datetime) -> Step:
        return AnswerNow(payload=answer)

    return read


DECLINED: Mapping[str, ReadMessage] = {
    "Get15118EVCertificate": answer_always(status="Failed", statusInfo=UNSUPPORTED, exiResponse=""),
    "GetCertificateStatus": answer_always(status="Failed", statusInfo=UNSUPPORTED),
    "SignCertificate": answer_always(status="Rejected", statusInfo=UNSUPPORTED),
    # About a person, and asked for by nobody: it is not kept.
    "NotifyCustomerInformation": answer_always(),
}
