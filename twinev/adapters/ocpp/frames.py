"""OCPP-J frames: reads what comes over the socket, writes what goes out; knows no action and no version."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6
FIRST_TYPES = frozenset({CALL, CALL_RESULT, CALL_ERROR})
#: OCPP 2.1 part 4, §4.1.3.
TYPES_OF_21 = FIRST_TYPES | {CALL_RESULT_ERROR, SEND}

#: OCPP-J 1.6 §4.1.4; 2.x part 4, §4.1.4: the longest message id.
LONGEST_ID = 36
#: OCPP 2.x part 4, §4.2.3: the id of a CALLERROR to a message whose own id cannot be read.
UNREADABLE_ID = "-1"
#: Levels of a whole frame. OCPP needs a dozen; what is stored must be writable as JSON again, which has its own bound.
DEEPEST = 64

# A CALLERROR names the id that it answers, even one that is too long; an id beyond this one is no id.
_LONGEST_ECHOED_ID = 255
_LONGEST_DESCRIPTION = 255


class Fault(StrEnum):
    """What is wrong with a message, so that each version finds its own code for it."""

    FRAME = "frame"
    MESSAGE_TYPE = "message type"
    DEPTH = "depth"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Call:
    """``[2, id, action, payload]``"""

    message_id: str
    action: str
    payload: Any


@dataclass(frozen=True, kw_only=True)
class Send:
    """``[6, id, action, payload]``: a CALL that nobody answers."""

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
class CallResultError:
    """``[5, id, code, description, details]``: the other side could not use our CALLRESULT."""

    message_id: str
    code: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """No message that can be worked on, and that its sender hears of."""

    message_id: str
    fault: Fault
    reason: str


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A broken answer: nobody answers an answer. ``message_id`` None where it names no CALL."""

    message_id: str | None
    message_type: int
    reason: str


Frame = Call | Send | CallResult | CallError | CallResultError | Malformed | Broken


def read_frame(text: str | bytes, known_types: frozenset[int] = FIRST_TYPES) -> Frame:
    """Never raises: whatever came is one of the seven.

    Parameters
    ----------
    text : str or bytes
        What the socket brought, as text or as binary.
    known_types : frozenset of int
        The message types of the version that is spoken.
    """
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Malformed(message_id=UNREADABLE_ID, fault=Fault.FRAME, reason=f"not JSON: {error}")
    if not isinstance(parts, list) or not parts:
        reason = "not a JSON array with a message type first"
        return Malformed(message_id=UNREADABLE_ID, fault=Fault.FRAME, reason=reason)
    message_type, message_id = parts[0], _message_id(parts)
    if not isinstance(message_type, int) or isinstance(message_type, bool):
        reason = "the message type is not a whole number"
        return Malformed(message_id=message_id or UNREADABLE_ID, fault=Fault.FRAME, reason=reason)
    if message_type not in known_types:
        allowed = ", ".join(map(str, sorted(known_types)))
        reason = f"message type {message_type} is not known; allowed: {allowed}"
        return Malformed(message_id=message_id or UNREADABLE_ID, fault=Fault.MESSAGE_TYPE, reason=reason)
    unusable = _unusable(parts, text)
    if message_type == CALL:
        return _read_call(parts, message_id, unusable)
    return _read_other(parts, message_id, unusable)


def write_call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL, message_id, action, payload]).decode()


def write_result(message_id: str, payload: dict[str, Any]) -> str:
    return orjson.dumps([CALL_RESULT, message_id, payload]).decode()


def write_error(message_id: str, code: str, description: str) -> str:
    return orjson.dumps([CALL_ERROR, message_id, code, description[:_LONGEST_DESCRIPTION], {}]).decode()


def write_result_error(message_id: str, code: str, description: str) -> str:
    return orjson.dumps([CALL_RESULT_ERROR, message_id, code, description[:_LONGEST_DESCRIPTION], {}]).decode()


def _message_id(parts: list[Any]) -> str | None:
    told = parts[1] if len(parts) > 1 else None
    return told if isinstance(told, str) and 0 < len(told) <= _LONGEST_ECHOED_ID else None


def _read_call(parts: list[Any], message_id: str | None, unusable: tuple[Fault, str] | None) -> Frame:
    if message_id is None:
        reason = f"the message id is no text of 1 to {LONGEST_ID} characters"
        return Malformed(message_id=UNREADABLE_ID, fault=Fault.FRAME, reason=reason)
    broken = _broken_call(parts)
    if broken is not None:
        return Malformed(message_id=message_id, fault=Fault.FRAME, reason=broken)
    if unusable is not None:
        return Malformed(message_id=message_id, fault=unusable[0], reason=unusable[1])
    return Call(message_id=message_id, action=parts[2], payload=_payload(parts[3]))


def _read_other(parts: list[Any], message_id: str | None, unusable: tuple[Fault, str] | None) -> Frame:
    match parts[0]:
        case 3 if message_id and not unusable and len(parts) == 3:
            return CallResult(message_id=message_id, payload=_payload(parts[2]))
        case (4 | 5) as kind if message_id and not unusable and 3 <= len(parts) <= 5 and isinstance(parts[2], str):
            # Description and details are left out by some stations; what the CALL was waiting for is the code.
            description = parts[3] if len(parts) > 3 and isinstance(parts[3], str) else ""
            if kind == CALL_RESULT_ERROR:
                return CallResultError(message_id=message_id, code=parts[2], description=description)
            details = parts[4] if len(parts) > 4 and isinstance(parts[4], dict) else {}
            return CallError(message_id=message_id, code=parts[2], description=description, details=details)
        case 6 if message_id and not unusable and _broken_call(parts) is None:
            return Send(message_id=message_id, action=parts[2], payload=_payload(parts[3]))
    reason = unusable[1] if unusable else f"its {len(parts)} elements are not those of message type {parts[0]}"
    return Broken(message_id=message_id, message_type=parts[0], reason=reason)


def _broken_call(parts: list[Any]) -> str | None:
    if len(parts) != 4:
        return f"a CALL has 4 elements, this one {len(parts)}"
    if len(parts[1]) > LONGEST_ID:
        return f"the message id has {len(parts[1])} characters; allowed: {LONGEST_ID}"
    return None if isinstance(parts[2], str) else "the action is not a text"


def _payload(payload: Any) -> Any:
    # OCPP-J 1.6 §4.2.1; 2.x part 4, §4.1.5: a payload without fields may be null.
    return {} if payload is None else payload


def _unusable(parts: list[Any], text: str | bytes) -> tuple[Fault, str] | None:
    """What JSON allows and nothing behind this module can keep: depth without end, and the character NUL."""
    if isinstance(text, bytes):
        text = text.decode()
    # Both are seen at a glance in nearly every message: few brackets, no escape.
    if text.count("[") + text.count("{") > DEEPEST and _deeper_than(parts, DEEPEST):
        return Fault.DEPTH, f"nested deeper than {DEEPEST} levels"
    if "\\u0000" in text and b"\\u0000" in orjson.dumps(parts).replace(b"\\\\", b""):
        return Fault.TEXT, "the character U+0000 is not allowed in a text"
    return None


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
