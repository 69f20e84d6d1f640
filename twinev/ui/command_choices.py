"""The commands that the page offers: what each needs to know, whether it hurts, and the body that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from twinev.client.calls import body_of
from twinev.ui import charge_points_texts as texts
from twinev.wire import commands as wire
from twinev.wire.commands import CommandIn

TRIGGERED = (
    "StatusNotification", "MeterValues", "Heartbeat", "BootNotification", "LogStatusNotification",
    "FirmwareStatusNotification", "TransactionEvent",
)  # fmt: skip
Values = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Field:
    """Something that a command needs to know: typed, or one of ``options``."""

    key: str
    name: str
    hint: str = ""
    options: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A command that can be sent.

    Parameters
    ----------
    evse : str
        ``needed``: of one EVSE; ``possible``: of one or of the whole station; ``no``: of the station.
    hurts : str
        What it does to who charges there; empty: nothing, and it is sent without a question.
    body : callable
        Makes the body of the EVSE (None for the whole station), the fields' values and the time.
    """

    key: str
    label: str
    body: Callable[[int | None, Values, datetime], CommandIn]
    evse: str = "no"
    fields: tuple[Field, ...] = ()
    hurts: str = ""
    ends_charging: bool = False


def _variable(values: Values) -> dict[str, str | None]:
    return {"variable": values["key"], "component": values["component"] or None}


def _set(_evse: int | None, values: Values, _now: datetime) -> CommandIn:
    return body_of(wire.SetVariablesIn, values=({"variable": _variable(values), "value": values["value"]},))


def _get(_evse: int | None, values: Values, _now: datetime) -> CommandIn:
    return body_of(wire.GetVariablesIn, variables=(_variable(values),) if values["key"] else ())


def _availability(status: str) -> Callable[[int | None, Values, datetime], CommandIn]:
    return lambda evse, _values, _now: body_of(wire.ChangeAvailabilityIn, operational_status=status, evse_id=evse or 0)


_COMPONENT = Field(key="component", name=texts.FIELD_COMPONENT, hint=texts.FIELD_COMPONENT_HINT)
_ADDRESS = Field(key="address", name=texts.FIELD_ADDRESS, hint=texts.FIELD_ADDRESS_HINT, required=True)

CHOICES = (
    Choice(
        key="trigger",
        label=texts.CHOICE_TRIGGER,
        evse="possible",
        fields=(Field(key="message", name=texts.FIELD_MESSAGE, options=TRIGGERED),),
        body=lambda evse, values, _: body_of(wire.TriggerMessageIn, requested_message=values["message"], evse_id=evse),
    ),
    Choice(
        key="reset",
        label=texts.CHOICE_RESET,
        body=lambda *_: wire.ResetIn(kind="Immediate"),
        hurts=texts.HURTS_RESET,
        ends_charging=True,
    ),
    Choice(key="reset_idle", label=texts.CHOICE_RESET_IDLE, body=lambda *_: wire.ResetIn(kind="OnIdle")),
    Choice(
        key="reset_hard",
        label=texts.CHOICE_RESET_HARD,
        body=lambda *_: wire.ResetIn(kind="Hard"),
        hurts=texts.HURTS_HARD,
        ends_charging=True,
    ),
    Choice(
        key="unlock",
        label=texts.CHOICE_UNLOCK,
        evse="needed",
        body=lambda evse, *_: body_of(wire.UnlockConnectorIn, evse_id=evse),
        hurts=texts.HURTS_UNLOCK,
        ends_charging=True,
    ),
    Choice(
        key="out",
        label=texts.CHOICE_OUT,
        evse="possible",
        body=_availability("Inoperative"),
        hurts=texts.HURTS_OUT,
        ends_charging=True,
    ),
    Choice(key="in", label=texts.CHOICE_IN, evse="possible", body=_availability("Operative")),
    Choice(
        key="get",
        label=texts.CHOICE_GET,
        fields=(_COMPONENT, Field(key="key", name=texts.FIELD_KEY, hint=texts.FIELD_KEY_ALL_HINT)),
        body=_get,
    ),
    Choice(
        key="set",
        label=texts.CHOICE_SET,
        fields=(
            _COMPONENT,
            Field(key="key", name=texts.FIELD_KEY, hint=texts.FIELD_KEY_HINT, required=True),
            Field(key="value", name=texts.FIELD_VALUE),
        ),
        body=_set,
        hurts=texts.HURTS_SET,
    ),
    Choice(key="cache", label=texts.CHOICE_CACHE, body=lambda *_: wire.ClearCacheIn()),
    Choice(
        key="log",
        label=texts.CHOICE_LOG,
        fields=(_ADDRESS,),
        body=lambda _evse, values, _now: body_of(wire.GetLogIn, remote_location=values["address"]),
    ),
    Choice(
        key="firmware",
        label=texts.CHOICE_FIRMWARE,
        fields=(_ADDRESS,),
        body=lambda _evse, values, now: body_of(wire.UpdateFirmwareIn, location=values["address"], retrieve_at=now),
        hurts=texts.HURTS_FIRMWARE,
        ends_charging=True,
    ),
)
BY_KEY = {choice.key: choice for choice in CHOICES}


def missing(choice: Choice, values: Values) -> str | None:
    """What is wrong with the values, in words; None when all that is needed is there."""
    name = next((field.name for field in choice.fields if field.required and not values[field.key].strip()), None)
    return None if name is None else texts.ERROR_REQUIRED.format(name=name)
