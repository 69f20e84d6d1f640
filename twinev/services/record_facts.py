"""Takes in what stations said, in order: a fact that came before changes nothing, a contradiction is kept aside.

Everything happens within the caller's unit of work. What cannot be used raises, and the caller decides what else of
the batch survives (`twinev.adapters.messaging.fact_consumer` takes the facts one by one then).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charge_points import ChargingState, ConnectorStatus, Evse
from twinev.domain.facts import (
    ChargingAbilitiesReported,
    ChargingLimitNotified,
    ChargingNeedsNotified,
    ConnectionChanged,
    Decision,
    MetersRead,
    StationFact,
    StationReported,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import NotFound
from twinev.services.attach_order import needs_with_order
from twinev.services.fact_batch import FactBatch
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.read_meters import with_samples
from twinev.services.record_limits import note_abilities, note_external_limit
from twinev.services.record_reports import keep_report
from twinev.services.record_transactions import end_transaction, start_transaction, update_transaction
from twinev.services.tell_availability import tell_availability

_LAST_SEEN_STEP = timedelta(minutes=1)
# After so long on one socket a station has sent what it queued while it had none.
_QUEUE_SENT_AFTER = timedelta(minutes=10)


def record_facts(facts: Sequence[StationFact], *, work: UnitOfWork) -> list[Decision | None]:
    """Take the facts in, and return what to answer to each; None where nobody waits for a decision.

    Raises
    ------
    TwinEVError, ValueError
        A fact cannot be used; nothing of the batch may be committed.
    """
    work.facts.look_up(facts)
    batch = FactBatch(work)
    decisions = [_take(fact, batch) for fact in facts]
    batch.save()
    return decisions


def _take(fact: StationFact, batch: FactBatch) -> Decision | None:
    work = batch.work
    if work.facts.known(fact):
        if work.facts.contradicts(fact):
            batch.set_aside(fact, "the same key came before with other content")
        return work.facts.decision(fact)
    try:
        station = batch.station(fact.station_id)
    except NotFound:
        batch.set_aside(fact, "no station has that id")
        return None
    decision = _ACTIONS[type(fact.fact)](fact, batch)
    work.facts.remember(fact, decision)
    if station.last_seen is None or fact.received_at - station.last_seen >= _LAST_SEEN_STEP:
        work.stations.set_last_seen(station.id, fact.received_at)
        batch.forget_station(station.id)
    return decision


def _read_meters(fact: StationFact, batch: FactBatch) -> None:
    said: MetersRead = fact.fact
    measured_at = max((sample.timestamp for sample in said.samples), default=fact.received_at)
    session = None
    if said.ocpp_transaction_id:
        session = batch.session_of(fact.station_id, said.ocpp_transaction_id, measured_at)
    if session is None:
        session = _session_at(fact, measured_at, batch)
    if session is not None and said.ocpp_transaction_id in (None, session.ocpp_transaction_id):
        batch.keep(with_samples(session, said.samples))
    batch.add_samples(fact.station_id, said.evse_id, said.ocpp_transaction_id, said.samples)


def _session_at(fact: StationFact, measured_at: datetime, batch: FactBatch) -> ChargingSession | None:
    """The active session at the EVSE, unless it began later: what was queued while offline tells of others."""
    session = batch.session_at(fact.station_id, fact.fact.evse_id)
    return session if session is not None and session.started_at <= measured_at else None


def _change_status(fact: StationFact, batch: FactBatch) -> None:
    """Note the status, unless it is an old one: some stations say the present one first, and then what they queued."""
    said: StatusChanged = fact.fact
    status = ConnectorStatus(said.status)
    # EVSE 0 is the station as a whole: it says nothing of a plug, and its plugs report for themselves.
    if said.evse_id >= 1:
        _require_evse(fact.station_id, said.evse_id, batch)
        live = _is_live(fact, batch)
        # Nobody reports the future: a clock that is ahead will be set back, and its status must not outlast that.
        at = min(said.timestamp, fact.received_at)
        noted = batch.work.stations.set_status(
            fact.station_id, said.evse_id, status, at, error_code=said.error_code, even_if_older=live
        )
        batch.forget_station(fact.station_id)
        _change_charging_state(fact, batch, live=live)
        if not noted:
            return
        tell_availability(fact.station_id, work=batch.work)
    data = {"station_id": fact.station_id, "evse_id": said.evse_id, "status": status, "error_code": said.error_code}
    batch.add_event("station.status", fact.station_id, **data)


def _is_live(fact: StationFact, batch: FactBatch) -> bool:
    """Whether the station surely says this of now: what it queued has long been sent, and only its clock was set back.

    By its time alone a status from a clock that was set back looks like one that was queued.
    """
    since = batch.station(fact.station_id).online_since
    return since is not None and fact.received_at - since >= _QUEUE_SENT_AFTER


def _require_evse(station_id: str, evse_id: int, batch: FactBatch) -> None:
    """Add an EVSE that the station reports and nobody registered; it is taken to be like the first one."""
    evses = batch.station(station_id).evses
    if all(evse.id != evse_id for evse in evses):
        like = evses[0] if evses else Evse(id=1, max_kw=11.0)
        batch.work.stations.save_evse(
            station_id, replace(like, id=evse_id, status=ConnectorStatus.UNAVAILABLE, status_at=None)
        )
        batch.forget_station(station_id)


def _change_charging_state(fact: StationFact, batch: FactBatch, *, live: bool) -> None:
    said: StatusChanged = fact.fact
    if said.charging_state is None:
        return
    state = ChargingState(said.charging_state)
    session = batch.session_at(fact.station_id, said.evse_id)
    if session is None:
        batch.work.sessions.hold_state(fact.station_id, said.evse_id, state, said.timestamp)
    elif live or session.started_at <= said.timestamp:
        batch.change_state(session, state)


def _note_needs(fact: StationFact, batch: FactBatch) -> None:
    said: ChargingNeedsNotified = fact.fact
    session = batch.session_at(fact.station_id, said.evse_id)
    known = session.needs if session else ChargingNeeds()
    needs = ChargingNeeds(
        energy_kwh=known.energy_kwh if said.energy_kwh is None else said.energy_kwh,
        departure_at=said.departure_at or known.departure_at,
        max_kw=known.max_kw if said.max_kw is None else said.max_kw,
        max_discharge_kw=known.max_discharge_kw if said.max_discharge_kw is None else said.max_discharge_kw,
        profile=DriverProfile(said.profile) if said.profile else known.profile,
    )
    if session is None:
        batch.work.sessions.hold_needs(fact.station_id, said.evse_id, needs, said.timestamp)
        return
    needs = needs_with_order(needs, batch.work.charge_orders.of_session(session.id))
    if needs != session.needs:
        batch.keep(replace(session, needs=needs))
        batch.add_session_event("session.needs", session)


def _change_connection(fact: StationFact, batch: FactBatch) -> None:
    said: ConnectionChanged = fact.fact
    before = batch.station(fact.station_id).online
    batch.work.stations.set_online(fact.station_id, said.online, said.timestamp, said.connection_id)
    batch.forget_station(fact.station_id)
    tell_availability(fact.station_id, work=batch.work)
    after = batch.station(fact.station_id).online
    # A socket that replaces another one is news too: the station may have forgotten its profiles.
    if said.online or after != before:
        batch.add_event("station.online" if after else "station.offline", fact.station_id, station_id=fact.station_id)


_ACTIONS = {
    TransactionStarted: start_transaction,
    TransactionUpdated: update_transaction,
    TransactionEnded: end_transaction,
    MetersRead: _read_meters,
    StatusChanged: _change_status,
    ChargingNeedsNotified: _note_needs,
    ChargingLimitNotified: note_external_limit,
    ChargingAbilitiesReported: note_abilities,
    StationReported: keep_report,
    ConnectionChanged: _change_connection,
}
