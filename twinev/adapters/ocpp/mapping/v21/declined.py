"""OCPP 2.1: what stations ask and TwinEV does not do: 2.0.1's, and event streams, tax numbers, dynamic schedules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from twinev.adapters.ocpp.mapping import v201
from twinev.adapters.ocpp.mapping.reports import ReadMessage
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step
from twinev.adapters.ocpp.mapping.times import write_time
from twinev.adapters.ocpp.mapping.v201.declined import UNSUPPORTED, answer_always

#: When a station may ask again for what it will not get.
_ASK_AGAIN = timedelta(days=1)


def read_certificate_chain(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    """Every certificate of the chain gets its own status."""
    next_update = write_time(now + _ASK_AGAIN)
    statuses = [
        {
            "certificateHashData": asked["certificateHashData"],
            "source": asked["source"],
            "status": "Failed",
            "nextUpdate": next_update,
        }
        for asked in payload["certificateStatusRequests"]
    ]
    return AnswerNow(payload={"certificateStatus": statuses})


def read_vat_number(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    """The answer names the number that was asked about."""
    answer = {"vatNumber": payload["vatNumber"], "status": "Rejected", "statusInfo": UNSUPPORTED}
    return AnswerNow(payload=answer | ({"evseId": payload["evseId"]} if "evseId" in payload else {}))


DECLINED: Mapping[str, ReadMessage] = {
    **v201.DECLINED,
    "GetCertificateChainStatus": read_certificate_chain,
    "OpenPeriodicEventStream": answer_always(status="Rejected", statusInfo=UNSUPPORTED),
    "PullDynamicScheduleUpdate": answer_always(status="Rejected", statusInfo=UNSUPPORTED),
    "VatNumberValidation": read_vat_number,
    # Of streams that were never opened, and of a payment that its settlement tells of.
    "ClosePeriodicEventStream": answer_always(),
    "NotifyWebPaymentStarted": answer_always(),
}
