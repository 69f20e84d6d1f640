"""The user model: who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twinev.domain.checks import require_text


class Role(StrEnum):
    """The four roles; a user may hold several."""

    DRIVER = "driver"
    GRID_OPERATOR = "grid_operator"
    CHARGE_POINT_OPERATOR = "charge_point_operator"
    ADMINISTRATOR = "administrator"


#: Everybody but drivers, who see and do what is theirs alone.
STAFF = frozenset({Role.GRID_OPERATOR, Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR})
#: Who runs the charge points.
OPERATORS = frozenset({Role.CHARGE_POINT_OPERATOR, Role.ADMINISTRATOR})


class AuthorizationStatus(StrEnum):
    """OCPP 2.0.1 AuthorizationStatusEnumType, the values that TwinEV answers."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"
    CONCURRENT_TX = "ConcurrentTx"


@dataclass(frozen=True, kw_only=True)
class User:
    """A person or service that logs in; ``id`` is stable (the identity server's ``sub``), ``username`` may change."""

    id: str
    username: str
    roles: frozenset[Role]
    display_name: str = ""

    def __post_init__(self) -> None:
        require_text("id", self.id, longest=64)
        require_text("username", self.username, longest=64)
