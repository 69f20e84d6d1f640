"""Bodies of ``POST /stations/{id}/commands``: what a person may tell a station, one model for each command.

Names and meanings are those of `twinev.domain.operating_commands`; the numbers by which OCPP tells requests apart are
allotted by the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, TypeAdapter, field_validator

from twinev.domain import commands as charging
from twinev.domain import operating_commands as domain
from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

EvseId = Annotated[int, Field(ge=1, le=1000)]
OrStation = Annotated[int, Field(ge=0, le=1000)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
#: By which a station tells requests apart.
_NUMBERS = frozenset({"request_id", "remote_start_id"})
KEYS = frozenset({"authorizationkey", "basicauthpassword"})
Token = Annotated[str, Field(min_length=1, max_length=255)]
Name = Annotated[str, Field(min_length=1, max_length=50)]
Address = Annotated[str, Field(min_length=1, max_length=2000)]
Retries = Annotated[int, Field(ge=0, le=100)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]


class ResetIn(WireModel):
    """Restart the station, or one EVSE."""

    action: Literal["Reset"] = "Reset"
    kind: domain.ResetKind = "Immediate"
    evse_id: EvseId | None = None


class UnlockConnectorIn(WireModel):
    """Let go of a cable that is stuck."""

    action: Literal["UnlockConnector"] = "UnlockConnector"
    evse_id: EvseId
    connector_id: EvseId = 1


class ChangeAvailabilityIn(WireModel):
    """Take the station (``evse_id`` 0), an EVSE or a connector in or out of service."""

    action: Literal["ChangeAvailability"] = "ChangeAvailability"
    operational_status: domain.OperationalStatus
    evse_id: OrStation = 0
    connector_id: EvseId | None = None


class TriggerMessageIn(WireModel):
    """Ask the station to send a message now, such as StatusNotification."""

    action: Literal["TriggerMessage"] = "TriggerMessage"
    requested_message: Name
    evse_id: OrStation | None = None
    connector_id: EvseId | None = None
    custom_trigger: Name | None = None


class ReserveNowIn(WireModel):
    """Keep an EVSE, or any one, for a driver until ``expires_at``."""

    action: Literal["ReserveNow"] = "ReserveNow"
    reservation_id: Number | None = Field(default=None, description="allotted when it is left out")
    id_token: Token
    token_kind: str = Field(default=domain.CENTRAL, min_length=1, max_length=20)
    group_id_token: Token | None = None
    expires_at: Moment
    evse_id: OrStation | None = None
    connector_type: str | None = Field(default=None, min_length=1, max_length=20)


class CancelReservationIn(WireModel):
    """Give up a reservation."""

    action: Literal["CancelReservation"] = "CancelReservation"
    reservation_id: Number


class LocalListEntryIn(WireModel):
    """What a station shall think of a token while it is offline; ``status`` null removes it (Differential only)."""

    id_token: Token
    token_kind: str = Field(default=domain.CARD, min_length=1, max_length=20)
    status: str | None = Field(default="Accepted", max_length=20)
    expires_at: Moment | None = None
    group_id_token: Token | None = None


class SendLocalListIn(WireModel):
    """Replace the station's list of tokens (Full), or change some of its entries (Differential)."""

    action: Literal["SendLocalList"] = "SendLocalList"
    version: int = Field(ge=1, le=2**31 - 1)
    update_kind: domain.UpdateKind
    entries: tuple[LocalListEntryIn, ...] = Field(default=(), max_length=1000)


class GetLocalListVersionIn(WireModel):
    """Ask which list the station has."""

    action: Literal["GetLocalListVersion"] = "GetLocalListVersion"


class ClearCacheIn(WireModel):
    """Make the station forget the tokens that it met."""

    action: Literal["ClearCache"] = "ClearCache"


class GetLogIn(WireModel):
    """Have the station upload a log to ``remote_location``, a URL."""

    action: Literal["GetLog"] = "GetLog"
    remote_location: Address
    log_kind: domain.LogKind = "DiagnosticsLog"
    oldest_at: Moment | None = None
    latest_at: Moment | None = None
    retries: Retries | None = None
    retry_interval_seconds: Seconds | None = None


class UpdateFirmwareIn(WireModel):
    """Have the station fetch firmware from ``location``, a URL, and install it."""

    action: Literal["UpdateFirmware"] = "UpdateFirmware"
    location: Address
    retrieve_at: Moment
    install_at: Moment | None = None
    signing_certificate: str | None = Field(default=None, max_length=5500)
    signature: str | None = Field(default=None, max_length=800)
    retries: Retries | None = None
    retry_interval_seconds: Seconds | None = None


class VariableIn(WireModel):
    """A variable of the device model (2.x); in OCPP 1.6 a configuration key, which has no component."""

    variable: Name
    component: Name | None = None
    variable_instance: Name | None = None
    component_instance: Name | None = None
    evse_id: EvseId | None = None
    connector_id: EvseId | None = None
    attribute: domain.AttributeKind = "Actual"


class VariableValueIn(WireModel):
    """A variable and what it shall be."""

    variable: VariableIn
    value: str = Field(max_length=2500)

    @field_validator("variable")
    @classmethod
    def _no_key(cls, variable: VariableIn) -> VariableIn:
        # Written here it would lock the station out, and stand in the record of commands for everyone to read.
        if variable.variable.casefold() in KEYS:
            raise ValueError(f"{variable.variable} is a station's key: use POST /stations/{{id}}/key-rotations")
        return variable


class SetVariablesIn(WireModel):
    """Configure the station: several variables at once in 2.x, one in 1.6."""

    action: Literal["SetVariables"] = "SetVariables"
    values: tuple[VariableValueIn, ...] = Field(min_length=1, max_length=100)


class GetVariablesIn(WireModel):
    """Ask how the station is configured; none at all asks 1.6 for everything."""

    action: Literal["GetVariables"] = "GetVariables"
    variables: tuple[VariableIn, ...] = Field(default=(), max_length=100)


class GetBaseReportIn(WireModel):
    """Ask for the whole device model (2.x); it comes as reports of the station."""

    action: Literal["GetBaseReport"] = "GetBaseReport"
    report_base: domain.ReportBase = "FullInventory"


class DataTransferIn(WireModel):
    """Say something that only this vendor's stations understand; ``data`` is text in 1.6, any JSON in 2.x."""

    action: Literal["DataTransfer"] = "DataTransfer"
    vendor_id: Token
    message_id: Name | None = None
    data: JsonValue = None


class CostUpdatedIn(WireModel):
    """Show the driver what the transaction costs so far (2.x)."""

    action: Literal["CostUpdated"] = "CostUpdated"
    ocpp_transaction_id: str = Field(min_length=1, max_length=36)
    total_cost_eur: float = Field(ge=0, le=1_000_000)


CommandIn = Annotated[
    ResetIn
    | UnlockConnectorIn
    | ChangeAvailabilityIn
    | TriggerMessageIn
    | ReserveNowIn
    | CancelReservationIn
    | SendLocalListIn
    | GetLocalListVersionIn
    | ClearCacheIn
    | GetLogIn
    | UpdateFirmwareIn
    | SetVariablesIn
    | GetVariablesIn
    | GetBaseReportIn
    | DataTransferIn
    | CostUpdatedIn,
    Field(discriminator="action"),
]


def command_of(body: CommandIn, *, request_id: int) -> domain.OperatingCommand:
    """The domain's command; ``request_id`` is for those that need a number and got none."""
    kind = getattr(domain, body.action)
    said: dict[str, Any] = body.model_dump()
    for number in {field.name for field in fields(kind)} & {"request_id", "reservation_id"}:
        if said.get(number) is None:
            said[number] = request_id
    return TypeAdapter(kind).validate_python(said)


def command_again(action: str, payload: Mapping[str, Any], *, request_id: int) -> charging.AnyCommand:
    """The domain's command out of the record of one that was sent; with a new number where it has one."""
    kind = getattr(domain, action, None) or getattr(charging, action)
    known = {field.name for field in fields(kind)}
    said = {name: value for name, value in payload.items() if name in known}
    return TypeAdapter(kind).validate_python(said | dict.fromkeys(known & _NUMBERS, request_id))
