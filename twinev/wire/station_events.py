"""Events of stations: whether they are available, what they limit, whether they follow."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from twinev.wire.event_data import STATION, StationData, shown


class StationOnline(StationData):
    """A station's socket opened; a repetition means that a newer socket replaced it."""

    model_config = shown(STATION)


class StationOffline(StationData):
    """No gateway holds the station's socket any more."""

    model_config = shown(STATION)


class StationStatus(StationData):
    """An EVSE became available, occupied, reserved, unavailable or faulted; EVSE 0 is the whole station."""

    model_config = shown(STATION | {"evse_id": 1, "status": "Occupied", "error_code": None})
    evse_id: int = Field(ge=0)
    status: str = Field(description="ConnectorStatusEnumType of OCPP 2.0.1.")
    error_code: str | None = Field(default=None, description="What the station gave as the fault, if anything.")


class StationAdded(StationData):
    """A station was registered."""

    model_config = shown(STATION)


class StationChanged(StationData):
    """A station's description changed: its EVSEs, its place, whether it is blocked."""

    model_config = shown(STATION | {"fields": ["name"]})
    fields: tuple[str, ...] = Field(default=(), description="What an edit changed, as REST names it; empty: anything.")


class StationRemoved(StationData):
    """A station was removed; its history stays."""

    model_config = shown(STATION)


class StationAvailability(StationData):
    """An EVSE's availability is another than before: what the station says, unless it is blocked or offline."""

    model_config = shown(STATION | {"evse_id": 1, "availability": "Available", "public": True})
    evse_id: int = Field(ge=1)
    availability: Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted", "Unknown"] = Field(
        description="OCPP 2.0.1's status; Unavailable also when it is blocked, Unknown when it has no connection."
    )
    public: bool = Field(description="Whether strangers may charge there.")


class StationReported(StationData):
    """A station told something of itself (a log's upload, a security event, its variables) that is kept."""

    model_config = shown(STATION | {"report_id": "812", "report": "SecurityEventNotification", "evse_id": None})
    report_id: str
    report: str = Field(description="The message's name in OCPP 2.x.")
    evse_id: int | None = None


class StationLimited(StationData):
    """Somebody else limits a station: an energy management system, the grid (OCPP NotifyChargingLimit)."""

    model_config = shown(STATION | {"evse_id": 0, "source": "EMS", "grid_critical": False})
    evse_id: int = Field(ge=0, description="The EVSE, or 0 for the whole station.")
    source: str = Field(description="OCPP's chargingLimitSource: EMS, SO, CSO or Other.")
    grid_critical: bool = Field(description="Whether the limit is critical to the grid.")


class StationLimitCleared(StationLimited):
    """What somebody else limited a station to holds no longer."""

    model_config = shown(STATION | {"evse_id": 0, "source": "EMS", "grid_critical": False})


class StationAbilities(StationData):
    """A station can keep another number of charging profiles than before, or discharges where it did not."""

    model_config = shown(STATION)


class StationNotFollowing(StationData):
    """A station does not do what it was told; told once, however often it is tried again."""

    model_config = shown(
        STATION
        | {
            "cause": "meter",
            "reason": "EVSE 1 draws 9.0 kW where it accepted 3.0 kW",
            "since": "2026-11-25T17:00:00+00:00",
        }
    )
    cause: Literal["rejected", "not_supported", "call_error", "timeout", "offline", "read_back", "meter"] = Field(
        description="How it showed: the station's answer, no socket, its composite schedule, or its meter."
    )
    reason: str = Field(description="In words, with the values.")
    since: AwareDatetime


class StationFollowing(StationData):
    """A station that did not follow does so again."""

    model_config = shown(STATION | {"since": "2026-11-25T17:00:00+00:00"})
    since: AwareDatetime = Field(description="Since when it had not followed.")


class StationFactSetAside(StationData):
    """Something that the station said could not be used and is kept for a person to look at."""

    model_config = shown(STATION | {"action": "StopTransaction", "reason": "no session has the transaction 4711"})
    action: str = Field(description="The message's name in OCPP.")
    reason: str


STATION_EVENTS: dict[str, type[StationData]] = {
    "station.online": StationOnline,
    "station.offline": StationOffline,
    "station.status": StationStatus,
    "station.added": StationAdded,
    "station.changed": StationChanged,
    "station.removed": StationRemoved,
    "station.availability": StationAvailability,
    "station.limited": StationLimited,
    "station.limit_cleared": StationLimitCleared,
    "station.abilities": StationAbilities,
    "station.not_following": StationNotFollowing,
    "station.following": StationFollowing,
    "station.reported": StationReported,
    "station.fact_set_aside": StationFactSetAside,
}
