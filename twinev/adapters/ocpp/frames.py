"""OCPP-J frames: reads what comes over the socket, writes what goes out; knows no action and no version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4

# OCPP 2.0.1 part 4, §4.2.3: the id of a CALLERROR to a message whose own id cannot be read.
UNREADABLE_ID = "-1"
_LONGEST_DESCRIPTION = 255


@dataclass(frozen=True, kw_only=True)
class Call:
    """``[2, id, action, payload]``"""

    message_id: str
    action: str
    payload: Any


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """``[3, id, payload]``"""

    message_id: str
    payload: Any


@dataclass(frozen=True, kw_only=True)
class CallError:
    """``[4, id, code, description, details]``"""

    message_id: str
    code: str
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """No frame that the protocol knows; ``unknown_type`` where only the message type is strange."""

    message_id: str
    reason: str
    unknown_type: bool = False


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A broken answer: nobody answers an answer."""

    reason: str


Frame = Call | CallResult | CallError | Malformed | Ignored


def read_frame(text: str | bytes) -> Frame:
    """Never raises: whatever came is one of the five."""
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Malformed(message_id=UNREADABLE_ID, reason=f"not JSON: {error}")
    if not isinstance(parts, list) or not parts:
        return Malformed(message_id=UNREADABLE_ID, reason="not a JSON array with a message type first")
    message_id = parts[1] if len(parts) > 1 and isinstance(parts[1], str) and parts[1] else None
    match parts[0]:
        case bool():
            pass
        case 2:
            return _read_call(parts, message_id)
        case 3 | 4:
            return _read_answer(parts, message_id)
        case int():
            reason = f"message type {parts[0]} is not known; allowed: 2, 3, 4"
            return Malformed(message_id=message_id or UNREADABLE_ID, reason=reason, unknown_type=True)
    return Malformed(message_id=message_id or UNREADABLE_ID, reason="the message type is not a whole number")


def write_call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL, message_id, action, payload]).decode()


def write_result(message_id: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL_RESULT, message_id, payload]).decode()


def write_error(message_id: str, code: str, description: str) -> str:
    return orjson.dumps([CALL_ERROR, message_id, code, description[:_LONGEST_DESCRIPTION], {}]).decode()


def _read_call(parts: list[Any], message_id: str | None) -> Frame:
    if message_id is None:
        return Malformed(message_id=UNREADABLE_ID, reason="the message id is not a text")
    if len(parts) != 4:
        return Malformed(message_id=message_id, reason=f"a CALL has 4 elements, this one {len(parts)}")
    if not isinstance(parts[2], str):
        return Malformed(message_id=message_id, reason="the action is not a text")
    # OCPP-J 1.6 §4.2.1: a payload without fields may be null.
    return Call(message_id=message_id, action=parts[2], payload={} if parts[3] is None else parts[3])


def _read_answer(parts: list[Any], message_id: str | None) -> Frame:
    if message_id is None:
        return Ignored(reason="an answer without a message id")
    if parts[0] == CALL_RESULT and len(parts) == 3:
        return CallResult(message_id=message_id, payload={} if parts[2] is None else parts[2])
    # Description and details are left out by some stations; what the CALL was waiting for is the code.
    if parts[0] == CALL_ERROR and 3 <= len(parts) <= 5 and isinstance(parts[2], str):
        description = parts[3] if len(parts) > 3 and isinstance(parts[3], str) else ""
        details = parts[4] if len(parts) > 4 and isinstance(parts[4], dict) else {}
        return CallError(message_id=message_id, code=parts[2], description=description, details=details)
    return Ignored(reason=f"an answer of message type {parts[0]} with {len(parts)} elements")
