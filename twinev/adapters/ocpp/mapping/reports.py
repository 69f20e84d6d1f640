"""What stations tell of themselves and nobody answers: firmware, logs, security, their device model, their alarms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step, Tell
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.domain.facts import StationReported

ReadMessage = Callable[[Station, dict[str, Any], datetime], Step]


def report_reader(
    report: str,
    *,
    time_field: str | None = None,
    in_201: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    answer: dict[str, Any] | None = None,
) -> ReadMessage:
    """Make the function that reads one kind of message as a report.

    Parameters
    ----------
    report : str
        What the report is called: the message's name in OCPP 2.x.
    time_field : str, optional
        Where the message says when it was true; without one it is when it was heard.
    in_201 : callable, optional
        The payload in OCPP 2.0.1's words, where the station uses others.
    answer : dict, optional
        The CALLRESULT's payload, where it is not empty.
    """

    def read(station: Station, payload: dict[str, Any], now: datetime) -> Step:
        content = payload if in_201 is None else in_201(payload)
        said_at = None if time_field is None else content[time_field]
        fact = StationReported(
            report=report,
            timestamp=now if said_at is None else read_time(said_at),
            evse_id=content.get("evseId"),
            request_id=content.get("requestId"),
            seq_no=content.get("seqNo"),
            to_be_continued=content.get("tbc", False),
            content=content,
        )
        return Tell(
            fact=fact,
            # What was said, and when: two reports of one second stay apart, and a repetition is the same.
            key=(report, said_at or now.isoformat(), _digest(content)),
            payload=answer or {},
            subject=None if said_at is not None else (report, fact.evse_id),
        )

    return read


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
