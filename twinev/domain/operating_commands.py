"""Commands that run a station beside its charging: reset, unlock, reserve, configure, fetch its logs, update it.

Names are OCPP 2.0.1's; what a version of OCPP cannot say is `BadInput` when the gateway translates it. A ``request_id``
comes back in the reports that follow (`twinev.domain.facts.StationReported`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from twinev.domain.checks import require_text

OperationalStatus = Literal["Operative", "Inoperative"]
ResetKind = Literal["Immediate", "OnIdle", "ImmediateAndResume", "Hard"]
LogKind = Literal["DiagnosticsLog", "SecurityLog", "DataCollectorLog"]
ReportBase = Literal["ConfigurationInventory", "FullInventory", "SummaryInventory"]
UpdateKind = Literal["Full", "Differential"]
AttributeKind = Literal["Actual", "Target", "MinSet", "MaxSet"]

#: What the platform itself calls its tokens where OCPP 2.x asks for a kind; cards are ISO14443.
CENTRAL, CARD = "Central", "ISO14443"


@dataclass(frozen=True, kw_only=True)
class Reset:
    """Restart the station, or one EVSE.

    ``kind``: Immediate ends transactions in good order first, OnIdle waits until none runs (2.x), ImmediateAndResume
    goes on with them afterwards (2.1), Hard is like cutting the power (1.6).
    """

    action: Literal["Reset"] = "Reset"
    kind: ResetKind = "Immediate"
    evse_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class UnlockConnector:
    """Let go of a cable that is stuck."""

    action: Literal["UnlockConnector"] = "UnlockConnector"
    evse_id: int
    connector_id: int = 1


@dataclass(frozen=True, kw_only=True)
class ChangeAvailability:
    """Take the station (``evse_id`` 0), an EVSE or a connector in or out of service."""

    action: Literal["ChangeAvailability"] = "ChangeAvailability"
    operational_status: OperationalStatus
    evse_id: int = 0
    connector_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class TriggerMessage:
    """Ask the station to send a message now; ``custom_trigger`` names it where the message is CustomTrigger (2.1)."""

    action: Literal["TriggerMessage"] = "TriggerMessage"
    requested_message: str
    evse_id: int | None = None
    connector_id: int | None = None
    custom_trigger: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReserveNow:
    """Keep an EVSE, or any one, for a driver until ``expires_at``."""

    action: Literal["ReserveNow"] = "ReserveNow"
    reservation_id: int
    id_token: str
    token_kind: str = CENTRAL
    group_id_token: str | None = None
    expires_at: datetime
    evse_id: int | None = None
    connector_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class CancelReservation:
    """Give up a reservation."""

    action: Literal["CancelReservation"] = "CancelReservation"
    reservation_id: int


@dataclass(frozen=True, kw_only=True)
class LocalListEntry:
    """What a station shall think of a token while it is offline; ``status`` None removes it (Differential only)."""

    id_token: str
    token_kind: str = CARD
    status: str | None = "Accepted"
    expires_at: datetime | None = None
    group_id_token: str | None = None


@dataclass(frozen=True, kw_only=True)
class SendLocalList:
    """Replace the station's list of tokens (Full), or change some of its entries (Differential)."""

    action: Literal["SendLocalList"] = "SendLocalList"
    version: int
    update_kind: UpdateKind
    entries: tuple[LocalListEntry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GetLocalListVersion:
    """Ask which list the station has; the reply's ``response`` has it as ``versionNumber``, 0 for none."""

    action: Literal["GetLocalListVersion"] = "GetLocalListVersion"


@dataclass(frozen=True, kw_only=True)
class ClearCache:
    """Make the station forget the tokens that it met."""

    action: Literal["ClearCache"] = "ClearCache"


@dataclass(frozen=True, kw_only=True)
class GetLog:
    """Have the station upload a log to ``remote_location``, a URL; LogStatusNotification tells how that goes."""

    action: Literal["GetLog"] = "GetLog"
    request_id: int
    remote_location: str
    log_kind: LogKind = "DiagnosticsLog"
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    retries: int | None = None
    retry_interval_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateFirmware:
    """Have the station fetch and install firmware; FirmwareStatusNotification tells how that goes.

    ``signing_certificate`` and ``signature`` come together: the station checks the firmware with them.
    """

    action: Literal["UpdateFirmware"] = "UpdateFirmware"
    request_id: int
    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_interval_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable of the device model (2.x); in OCPP 1.6 a configuration key, which has no component."""

    variable: str
    component: str | None = None
    variable_instance: str | None = None
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    attribute: AttributeKind = "Actual"

    def __post_init__(self) -> None:
        require_text("variable", self.variable, longest=50)


@dataclass(frozen=True, kw_only=True)
class VariableValue:
    """A variable and what it shall be."""

    variable: Variable
    value: str


@dataclass(frozen=True, kw_only=True)
class SetVariables:
    """Configure the station: several variables at once in 2.x, one in 1.6."""

    action: Literal["SetVariables"] = "SetVariables"
    values: tuple[VariableValue, ...]


@dataclass(frozen=True, kw_only=True)
class GetVariables:
    """Ask how the station is configured; none at all asks 1.6 for everything, as GetBaseReport does in 2.x.

    The reply's ``response`` has them as ``getVariableResult`` whatever the station speaks.
    """

    action: Literal["GetVariables"] = "GetVariables"
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GetBaseReport:
    """Ask for the whole device model; it comes in NotifyReport."""

    action: Literal["GetBaseReport"] = "GetBaseReport"
    request_id: int
    report_base: ReportBase = "FullInventory"


@dataclass(frozen=True, kw_only=True)
class DataTransfer:
    """Say something that only this vendor's stations understand; ``data`` is text in 1.6, any JSON in 2.x."""

    action: Literal["DataTransfer"] = "DataTransfer"
    vendor_id: str
    message_id: str | None = None
    data: Any = None


@dataclass(frozen=True, kw_only=True)
class CostUpdated:
    """Show the driver what the transaction costs so far."""

    action: Literal["CostUpdated"] = "CostUpdated"
    ocpp_transaction_id: str
    total_cost_eur: float


@dataclass(frozen=True, kw_only=True)
class SetBasicAuthPassword:
    """Tell a station the key with which it is to connect from now on (1.6 AuthorizationKey)."""

    action: Literal["SetBasicAuthPassword"] = "SetBasicAuthPassword"
    password: str = field(repr=False)


OperatingCommand = (
    Reset
    | UnlockConnector
    | ChangeAvailability
    | TriggerMessage
    | ReserveNow
    | CancelReservation
    | SendLocalList
    | GetLocalListVersion
    | ClearCache
    | GetLog
    | UpdateFirmware
    | SetVariables
    | GetVariables
    | GetBaseReport
    | DataTransfer
    | CostUpdated
    | SetBasicAuthPassword
)
