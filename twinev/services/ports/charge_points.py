"""Stored sites, stations, their reports, the commands sent to them and the cards they know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Site
from twinev.domain.facts import StationReported
from twinev.domain.plan import SentCommand
from twinev.domain.station_report import StationReport


class Sites(Protocol):
    def get(self, site_id: str) -> Site: ...
    def get_to_edit(self, site_id: str) -> Site:
        """As `get`; until the commit nobody else gets it to edit."""

    def list(self) -> list[Site]: ...
    def save(self, site: Site) -> None: ...


class Stations(Protocol):
    """``key_hmac`` never leaves through a `ChargingStation`. Removed stations can be had, and are in no list."""

    def get(self, station_id: str) -> ChargingStation: ...
    def get_to_edit(self, station_id: str) -> ChargingStation:
        """As `get`; until the commit nobody else gets it to edit."""

    def named(self, station_ids: Collection[str]) -> dict[str, ChargingStation]:
        """Several by id at once; raises `NotFound` where there is none of that id."""

    def list(self, *, site_id: str | None = None) -> list[ChargingStation]: ...
    def save(self, station: ChargingStation) -> None: ...
    def describe(self, station: ChargingStation) -> None:
        """Write what an operator decides of a station and its EVSEs, and nothing that stations tell."""

    def told_availability(self, station_id: str) -> dict[int, str | None]:
        """What was published last of each EVSE."""

    def set_told_availability(self, station_id: str, evse_id: int, availability: str) -> None: ...
    def key_hmac(self, station_id: str) -> bytes | None: ...
    def set_key_hmac(self, station_id: str, key_hmac: bytes) -> None: ...
    def add_pending_key(self, station_id: str, key_hmac: bytes, at: datetime) -> int:
        """Keep a key that the station is told to use from now on; return its number."""

    def pending_keys(self, station_id: str) -> list[tuple[int, bytes]]:
        """Number and HMAC of each key that the station has not come with yet, the newest first."""

    def forget_pending_key(self, station_id: str, number: int) -> None: ...
    def settle_key(self, station_id: str, number: int) -> None:
        """Make a pending key the station's own; the one before, and those told before it, are forgotten."""

    def set_online(self, station_id: str, online: bool, at: datetime, connection_id: str | None = None) -> None: ...
    def set_status(
        self,
        station_id: str,
        evse_id: int,
        status: ConnectorStatus,
        at: datetime,
        *,
        error_code: str | None = None,
        even_if_older: bool = False,
    ) -> bool:
        """Note an EVSE's status and fault; False where it stays as it was, because a later one than ``at`` is known."""

    def set_last_seen(self, station_id: str, at: datetime) -> None: ...
    def set_boot(
        self,
        station_id: str,
        *,
        protocol: str,
        vendor: str,
        model: str,
        firmware_version: str | None,
        at: datetime,
    ) -> bool:
        """Note what a station said of itself at its boot; False when nobody registered it."""

    def save_evse(self, station_id: str, evse: Evse) -> None: ...
    def count(self) -> tuple[int, int]:
        """Return how many there are, and how many of them are online."""


class CommandState(StrEnum):
    """How a command went, as a list is searched for it."""

    UNDER_WAY = "under_way"
    ACCEPTED = "accepted"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class CommandFilter:
    """Which commands: all that fit everything that is given.

    ``find`` are words that occur in who sent it, from where, to which station, as what and how it was answered.
    ``from_people`` are those of persons and their programs, not of the platform itself.
    """

    find: str = ""
    state: CommandState | None = None
    from_people: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class Commands(Protocol):
    """Commands to stations, the newest first in lists."""

    def get(self, command_id: str) -> SentCommand: ...
    def save(self, command: SentCommand) -> None: ...
    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        actions: Collection[str] | None = None,
        wanted: CommandFilter | None = None,
    ) -> Sequence[SentCommand]: ...
    def accepted_profiles(self, station_id: str, *, since: datetime, until: datetime) -> Sequence[SentCommand]:
        """The charging profiles that the station accepted in [since, until), the oldest first."""

    def without_outcome(self, *, before: datetime) -> Sequence[SentCommand]:
        """Commands sent before this instant of which nobody has said how they went."""


class Reports(Protocol):
    """What stations told of themselves, the last to come first in lists."""

    def add(self, station_id: str, said: StationReported, received_at: datetime) -> int:
        """Keep a report and return its id."""

    def list(
        self,
        station_id: str,
        *,
        limit: int,
        before: int | None = None,
        report: str | None = None,
        request_id: int | None = None,
    ) -> Sequence[StationReport]: ...


class Tokens(Protocol):
    """Id tokens (RFID cards and the like) that may charge."""

    def status(self, id_token: str) -> str | None: ...
    def user_of(self, id_token: str) -> str | None:
        """Whose token it is; None where nobody knows."""

    def of_user(self, user_id: str) -> list[str]: ...
    def save(self, id_token: str, status: str, user_id: str | None = None) -> None: ...
