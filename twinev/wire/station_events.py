"""Events of stations: whether they are available, what they limit, whether they follow."""

from __future__ import annotations

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


class StationReported(StationData):
    """A station told something of itself (a log's upload, a security event, its variables) that is kept."""

    model_config = shown(STATION | {"report_id": "812", "report": "SecurityEventNotification", "evse_id": None})
    report_id: str
    report: str = Field(description="The message's name in OCPP 2.x.")
    evse_id: int | None = None


class StationLimited(StationData):
    """Somebody else limits the station: an energy management system or a grid operator at the station itself."""

    model_config = shown(STATION | {"evse_id": 0, "source": "EMS", "grid_critical": True})
    evse_id: int | None = Field(default=None, description="0 is the whole station.")
    source: str | None = Field(default=None, description="ChargingLimitSourceEnumType of OCPP 2.0.1.")
    grid_critical: bool | None = None


class StationLimitCleared(StationLimited):
    """Such a limit ended."""

    model_config = shown(STATION | {"evse_id": 0, "source": "EMS", "grid_critical": None})


class StationAbilities(StationData):
    """What the station can do with charging profiles, or that it can discharge, is now known or has changed."""

    model_config = shown(STATION)


class StationNotFollowing(StationData):
    """The station does not do as it is told; plans count with what it may draw."""

    model_config = shown(
        STATION | {"cause": "rejected", "reason": "SetChargingProfile rejected", "since": "2026-11-25T17:00:00+00:00"}
    )
    cause: str
    reason: str = Field(description="In words, for a person.")
    since: AwareDatetime


class StationFollowing(StationData):
    """The station follows again."""

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
    "station.limited": StationLimited,
    "station.limit_cleared": StationLimitCleared,
    "station.abilities": StationAbilities,
    "station.not_following": StationNotFollowing,
    "station.following": StationFollowing,
    "station.reported": StationReported,
    "station.fact_set_aside": StationFactSetAside,
}
