"""Answers what stations ask at once: may I connect, am I accepted, may this card charge."""

from __future__ import annotations

import hashlib
import hmac
import logging

from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.facts import AuthorizeQuestion, BootAnswer, BootQuestion, ConnectAnswer, ConnectQuestion, Decision
from twinev.domain.users import AuthorizationStatus
from twinev.errors import NotFound
from twinev.services.authorise_token import token_status
from twinev.services.ports import Clock, UnitOfWork, UnitOfWorkFactory

logger = logging.getLogger(__name__)

#: Where stations wait that were taken in by open enrolment, until somebody gives them a site.
ENROLLED_SITE = Site(
    id="enrolled",
    name="Enrolled stations",
    location=Location(latitude_degrees=0.0, longitude_degrees=0.0),
    supply_max_kw=1000.0,
    accepts_unknown_tokens=True,
)
ENROLLED_MAX_KW = 22.0


class AnswerStations:
    """Answers from the database.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    clock : Clock
        Stations set their own clock by it.
    secret_key : str
        Keys the HMACs of the stations' keys.
    open_enrolment : bool
        Whether an unknown station is taken in. A registered one always needs its key.
    heartbeat_seconds : int
        How often an idle station gives a sign of life. [s]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        secret_key: str,
        open_enrolment: bool = False,
        heartbeat_seconds: int = 300,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._secret_key = secret_key
        self._open_enrolment = open_enrolment
        self._heartbeat_seconds = heartbeat_seconds

    def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        """Accept a station that proves to be the one that it says it is."""
        with self._reading() as work:
            try:
                station = work.stations.get(question.station_id)
            except NotFound:
                station = None
            else:
                genuine = self._genuine(station, work.stations.key_hmac(station.id), question)
        if station is None:
            if not self._open_enrolment:
                return ConnectAnswer(verdict="unknown")
            return self._enrol(question)
        if not genuine:
            logger.warning("station %s was refused: wrong key, or a lower security profile", station.id)
            return ConnectAnswer(verdict="unauthorised")
        return _accepted(station)

    def boot(self, question: BootQuestion) -> BootAnswer:
        """Note what the station is; accept it when it is registered."""
        now = self._clock.now()
        with self._unit_of_work() as work:
            known = work.stations.set_boot(
                question.station_id,
                protocol=question.protocol,
                vendor=question.vendor,
                model=question.model,
                firmware_version=question.firmware_version,
                at=now,
            )
            work.commit()
        status = "Accepted" if known else "Rejected"
        return BootAnswer(status=status, interval_seconds=self._heartbeat_seconds, current_time=now)

    def authorize(self, question: AuthorizeQuestion) -> Decision:
        """Say whether the card may charge at this station."""
        with self._reading() as work:
            try:
                site_id = work.stations.get(question.station_id).site_id
            except NotFound:
                return Decision(status=AuthorizationStatus.INVALID)
            return Decision(status=token_status(question.id_token, site_id=site_id, work=work))

    def _genuine(self, station: ChargingStation, kept: bytes | None, question: ConnectQuestion) -> bool:
        # From profile 2 on the connection is TLS; profiles 0 and 1 share the plain port.
        if station.security_profile >= 2 and question.security_profile < station.security_profile:
            return False
        if kept is None:
            return station.security_profile == 0
        given = key_hmac(self._secret_key, station.id, question.password or "")
        return question.username == station.id and hmac.compare_digest(given, kept)

    def _enrol(self, question: ConnectQuestion) -> ConnectAnswer:
        named = question.password is not None and question.username == question.station_id
        station = ChargingStation(
            id=question.station_id,
            site_id=ENROLLED_SITE.id,
            name=question.station_id,
            location=ENROLLED_SITE.location,
            evses=(Evse(id=1, max_kw=ENROLLED_MAX_KW),),
            security_profile=question.security_profile or int(named),
        )
        with self._unit_of_work() as work:
            _require_enrolled_site(work)
            work.stations.save(station)
            if named:
                # From now on it is registered, and the key that it came with is its key.
                work.stations.set_key_hmac(station.id, key_hmac(self._secret_key, station.id, question.password))
            work.commit()
        logger.warning("station %s was enrolled: TWINEV_OCPP_ENROL is open", station.id)
        return _accepted(station)


def key_hmac(secret_key: str, station_id: str, key: str) -> bytes:
    """What is kept of a station's key: random keys need no slow hash, and reconnecting thousands must be cheap."""
    return hmac.digest(
        secret_key.encode(), b"station-key\0" + station_id.encode() + b"\0" + key.encode(), hashlib.sha256
    )


def _accepted(station: ChargingStation) -> ConnectAnswer:
    phases = station.evses[0].phases if station.evses else 3
    return ConnectAnswer(verdict="accepted", evse_count=max(len(station.evses), 1), phases=phases)


def _require_enrolled_site(work: UnitOfWork) -> None:
    try:
        work.sites.get(ENROLLED_SITE.id)
    except NotFound:
        work.sites.save(ENROLLED_SITE)
