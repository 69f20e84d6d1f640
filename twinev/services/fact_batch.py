"""What the facts of one batch share: the stations and sessions that they speak of, each read and written once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from twinev.domain.charge_points import ChargingState, ChargingStation
from twinev.domain.facts import Sample, StationFact
from twinev.domain.session import ChargingSession
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)


class FactBatch:
    """Sessions and samples are held here until `save`; everything else goes to the unit of work at once.

    Parameters
    ----------
    work : UnitOfWork
        The transaction that the batch belongs to.
    """

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self._stations: dict[str, ChargingStation] = {}
        self._sessions: dict[tuple[str, str], dict[str, ChargingSession]] = {}
        self._changed: dict[str, ChargingSession] = {}
        self._samples: dict[tuple[str, int, str | None], list[Sample]] = defaultdict(list)

    def station(self, station_id: str) -> ChargingStation:
        if station_id not in self._stations:
            self._stations[station_id] = self.work.stations.get(station_id)
        return self._stations[station_id]

    def forget_station(self, station_id: str) -> None:
        """Read the station again when it is asked for: it was changed."""
        self._stations.pop(station_id, None)

    def session_of(self, station_id: str, ocpp_transaction_id: str, at: datetime) -> ChargingSession | None:
        """The session of that transaction; of several transactions of one name the one that had begun at ``at``."""
        known = sorted(self._of_transaction(station_id, ocpp_transaction_id).values(), key=attrgetter("started_at"))
        begun = [session for session in known if session.started_at <= at]
        return (begun[-1:] or known[:1] or [None])[0]

    def session_at(self, station_id: str, evse_id: int) -> ChargingSession | None:
        """The active session at an EVSE, as the facts before this one left it."""
        self._save_sessions()
        return self.work.sessions.active_at(station_id, evse_id)

    def keep(self, session: ChargingSession) -> None:
        """Take the session's new state; it is written with the batch."""
        self._of_transaction(session.station_id, session.ocpp_transaction_id)[session.id] = session
        self._changed[session.id] = session

    def change_state(self, session: ChargingSession, state: ChargingState) -> None:
        """Keep the session with another charging state, and tell of it when it is new."""
        if session.charging_state is state:
            return
        changed = replace(session, charging_state=state)
        self.keep(changed)
        self.add_session_event("session.updated", changed, charging_state=state)

    def add_samples(
        self, station_id: str, evse_id: int, ocpp_transaction_id: str | None, samples: Sequence[Sample]
    ) -> None:
        self._samples[station_id, evse_id, ocpp_transaction_id].extend(samples)

    def add_event(self, kind: str, station_id: str, /, **data: Any) -> None:
        self.work.events.add(kind, {"site_id": self.station(station_id).site_id, **data})

    def add_session_event(self, kind: str, session: ChargingSession, **data: Any) -> None:
        named = {
            "site_id": session.site_id,
            "station_id": session.station_id,
            "evse_id": session.evse_id,
            "session_id": session.id,
        }
        self.work.events.add(kind, named | data)

    def set_aside(self, fact: StationFact, reason: str) -> None:
        """Keep a fact that cannot be used as it is, and tell of it."""
        logger.warning("station %s: its %s is set aside: %s", fact.station_id, fact.action, reason)
        self.work.facts.set_aside_fact(fact, reason)
        try:
            site_id = self.station(fact.station_id).site_id
        except NotFound:
            return  # An event speaks of a site.
        data = {"site_id": site_id, "station_id": fact.station_id, "action": fact.action, "reason": reason}
        self.work.events.add("station.fact_set_aside", data)

    def save(self) -> None:
        """Write what was held."""
        self._save_sessions()
        for (station_id, evse_id, ocpp_transaction_id), samples in self._samples.items():
            self.work.meter_values.add(station_id, evse_id, ocpp_transaction_id, samples)
        self._samples.clear()

    def _of_transaction(self, station_id: str, ocpp_transaction_id: str) -> dict[str, ChargingSession]:
        key = (station_id, ocpp_transaction_id)
        if key not in self._sessions:
            self._sessions[key] = {session.id: session for session in self.work.sessions.of_transaction(*key)}
        return self._sessions[key]

    def _save_sessions(self) -> None:
        for session in self._changed.values():
            self.work.sessions.save(session)
        self._changed.clear()
