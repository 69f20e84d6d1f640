"""Answers what stations ask at once: may I connect, am I accepted, may this card charge."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.facts import AuthorizeQuestion, BootAnswer, BootQuestion, ConnectAnswer, ConnectQuestion, Decision
from twinev.domain.users import AuthorizationStatus
from twinev.errors import NotFound
from twinev.services.authorise_token import token_status
from twinev.services.driver_token import group_of
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.station_keys import is_current_key, key_hmac, pending_key

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
#: Security profiles without a key: none at all, and TLS with a client certificate, which the gateway has checked.
WITHOUT_KEY = (0, 3)


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
            found = self._find(question, work)
        if self._to_be_noted(found):
            with self._unit_of_work() as work:
                # Found again: meanwhile another gateway may have asked the same, or an operator registered it.
                found = self._note(question, self._find(question, work), work)
                work.commit()
        if found.station is None or found.station.removed_at is not None:
            return ConnectAnswer(verdict="unknown")
        if not found.genuine:
            logger.warning("station %s was refused: wrong key, or another security profile", question.station_id)
            return ConnectAnswer(verdict="unauthorised")
        if found.station.blocked_at is not None:
            # Only who proves to be the station learns of it.
            return ConnectAnswer(verdict="blocked")
        phases = found.station.evses[0].phases if found.station.evses else 3
        return ConnectAnswer(verdict="accepted", evse_count=max(len(found.station.evses), 1), phases=phases)

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
                station = work.stations.get(question.station_id)
            except NotFound:
                return Decision(status=AuthorizationStatus.INVALID)
            if station.blocked_at is not None or station.removed_at is not None:
                return Decision(status=AuthorizationStatus.INVALID)
            status = token_status(question.id_token, station=station, work=work, at=self._clock.now())
            return Decision(status=status, group_id_token=group_of(question.id_token, work=work))

    def _find(self, question: ConnectQuestion, work: UnitOfWork) -> _Found:
        try:
            station = work.stations.get(question.station_id)
        except NotFound:
            return _Found()
        if not _right_profile(station, question):
            return _Found(station=station)
        if station.security_profile in WITHOUT_KEY:
            return _Found(station=station, genuine=True)
        if question.password is None or not _named(question):
            return _Found(station=station)
        given = {"given": question.password, "station_id": station.id, "work": work, "secret_key": self._secret_key}
        if is_current_key(**given):
            return _Found(station=station, genuine=True)
        number = pending_key(**given)
        return _Found(station=station, genuine=number is not None, new_key=number)

    def _to_be_noted(self, found: _Found) -> bool:
        return found.new_key is not None or (found.station is None and self._open_enrolment)

    def _note(self, question: ConnectQuestion, found: _Found, work: UnitOfWork) -> _Found:
        if found.station is None:
            return self._enrol(question, work)
        if found.new_key is not None:
            work.stations.settle_key(found.station.id, found.new_key)
            logger.info("station %s came with its new key; older ones are refused", found.station.id)
        return found

    def _enrol(self, question: ConnectQuestion, work: UnitOfWork) -> _Found:
        """Take an unknown station in under the security profile that it comes with, if it has the key for it."""
        profile = question.security_profile
        if profile not in WITHOUT_KEY and not (_named(question) and question.password):
            return _Found()
        station = ChargingStation(
            id=question.station_id,
            site_id=ENROLLED_SITE.id,
            name=question.station_id,
            location=ENROLLED_SITE.location,
            evses=(Evse(id=1, max_kw=ENROLLED_MAX_KW),),
            security_profile=profile,
        )
        _require_enrolled_site(work)
        work.stations.save(station)
        if profile not in WITHOUT_KEY:
            # From now on it is registered, and the key that it came with is its key.
            work.stations.set_key_hmac(station.id, key_hmac(self._secret_key, station.id, question.password))
        logger.warning("station %s was enrolled: TWINEV_OCPP_ENROL is open", station.id)
        return _Found(station=station, genuine=True)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Who asks: ``station`` None for a stranger; ``new_key`` when it comes with one of its pending keys."""

    station: ChargingStation | None = None
    genuine: bool = False
    new_key: int | None = None


def _right_profile(station: ChargingStation, question: ConnectQuestion) -> bool:
    # Each profile has a port of its own, and a station comes in under the one that it is registered with, no other
    # (security whitepaper ed. 2, A00.FR.002 and .006). The plain port has two: of profile 0, which is none at all,
    # a key is not asked.
    plain = (0, 1)
    if station.security_profile in plain:
        return question.security_profile in plain
    return question.security_profile == station.security_profile


def _named(question: ConnectQuestion) -> bool:
    return question.username == question.station_id


def _require_enrolled_site(work: UnitOfWork) -> None:
    try:
        work.sites.get(ENROLLED_SITE.id)
    except NotFound:
        work.sites.save(ENROLLED_SITE)
