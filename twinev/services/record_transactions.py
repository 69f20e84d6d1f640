"""The start, the progress and the end of a transaction, and the charging session that each means."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from twinev.domain.charge_points import ChargingState
from twinev.domain.event_sequence import EventSequence
from twinev.domain.facts import Decision, StationFact, TransactionEnded, TransactionStarted, TransactionUpdated
from twinev.domain.session import ChargingSession
from twinev.domain.users import AuthorizationStatus
from twinev.domain.vehicles import ChargingNeeds
from twinev.services.attach_order import end_of_session, with_owner
from twinev.services.authorise_token import token_status
from twinev.services.driver_token import group_of
from twinev.services.fact_batch import FactBatch
from twinev.services.read_meters import with_samples

#: The reason of a session whose end nobody reported: another one has begun at its EVSE.
SUPERSEDED = "Other"
_NEEDS_KEPT = timedelta(minutes=30)
_STATE_KEPT = timedelta(minutes=5)


def start_transaction(fact: StationFact, batch: FactBatch) -> Decision:
    """Open the session. A transaction that runs has an id, whatever is thought of the card that started it."""
    said: TransactionStarted = fact.fact
    number = said.ocpp_transaction_id or str(batch.work.sessions.next_transaction_number())
    session = batch.session_of(fact.station_id, number, said.timestamp)
    # A station whose counter began anew gives the names of ended transactions again; a replay is from before the end.
    if session is None or (session.ended_at is not None and said.timestamp > session.ended_at):
        session = _open(fact, number, batch)
    else:
        # Its later events came first: the beginning is told now.
        session = replace(session, started_at=min(session.started_at, said.timestamp))
    session = replace(
        session,
        id_token=said.id_token or session.id_token,
        meter_start_kwh=session.meter_start_kwh if said.meter_start_kwh is None else said.meter_start_kwh,
    )
    # Before the reservation counts as used: a stranger's card is refused while it holds the EVSE.
    status = _status(fact, batch, said.id_token, starts_at=said.evse_id)
    session = _with_owner(session, fact, status, batch, reservation_number=said.reservation_id)
    if said.seq_no is not None:
        session = _with_events(session, session.events.with_start(said.seq_no), batch)
    _take_samples(session, fact, batch, state=said.charging_state)
    group = None if said.id_token is None else group_of(said.id_token, work=batch.work)
    return Decision(status=status, ocpp_transaction_id=number, group_id_token=group)


def update_transaction(fact: StationFact, batch: FactBatch) -> Decision | None:
    """Take in measured values and the charging state; an unknown transaction that has an EVSE becomes a session."""
    said: TransactionUpdated = fact.fact
    session = batch.session_of(fact.station_id, said.ocpp_transaction_id, said.timestamp)
    if session is None and said.evse_id is not None:
        session = _open(fact, said.ocpp_transaction_id, batch)
    first_shown = session is not None and session.id_token is None
    status = _status(fact, batch, said.id_token, starts_at=session.evse_id if first_shown else None)
    if session is None:
        _keep_orphan(fact, batch, evse_id=said.evse_id or 0)
    else:
        if first_shown and said.id_token is not None:
            session = _with_owner(replace(session, id_token=said.id_token), fact, status, batch)
        if said.seq_no is not None:
            session = _with_events(session, session.events.with_event(said.seq_no), batch)
        _take_samples(session, fact, batch, state=said.charging_state if session.active else None)
    if said.id_token is None and fact.reply_to is None:
        return None
    return Decision(status=status, ocpp_transaction_id=said.ocpp_transaction_id)


def end_transaction(fact: StationFact, batch: FactBatch) -> Decision | None:
    """Close the session; the end of a transaction that nobody knows is kept, and so is a second, different end."""
    said: TransactionEnded = fact.fact
    session = batch.session_of(fact.station_id, said.ocpp_transaction_id, said.timestamp)
    if session is None:
        _keep_orphan(fact, batch, evse_id=0)
    elif session.ended_at is not None and session.stop_reason != SUPERSEDED:
        batch.set_aside(fact, f"the transaction ended before, at {session.ended_at.isoformat()}")
        batch.add_samples(fact.station_id, session.evse_id, said.ocpp_transaction_id, said.samples)
        # Its samples may be new, and what was billed is looked at again.
        batch.keep(session)
    else:
        session = with_samples(session, said.samples)
        if said.seq_no is not None:
            session = _with_events(session, session.events.with_event(said.seq_no), batch)
        batch.add_samples(fact.station_id, session.evse_id, said.ocpp_transaction_id, said.samples)
        energy_kwh = session.energy_kwh
        if said.meter_stop_kwh is not None and session.meter_start_kwh is not None:
            energy_kwh = max(said.meter_stop_kwh - session.meter_start_kwh, 0.0) - session.returned_kwh
        _close(replace(session, energy_kwh=energy_kwh), fact, said.reason, batch)
    if said.id_token is None and fact.reply_to is None:
        return None
    return Decision(status=_status(fact, batch, said.id_token), ocpp_transaction_id=said.ocpp_transaction_id)


def _open(fact: StationFact, ocpp_transaction_id: str, batch: FactBatch) -> ChargingSession:
    said: TransactionStarted | TransactionUpdated = fact.fact
    older = batch.session_at(fact.station_id, said.evse_id)
    if older is not None and older.started_at <= said.timestamp:
        _close(older, fact, SUPERSEDED, batch)
    sessions, evse = batch.work.sessions, (fact.station_id, said.evse_id)
    needs = sessions.take_needs(*evse, since=said.timestamp - _NEEDS_KEPT)
    state = sessions.take_state(*evse, since=said.timestamp - _STATE_KEPT)
    session = ChargingSession(
        id=uuid.uuid4().hex,
        site_id=batch.station(fact.station_id).site_id,
        station_id=fact.station_id,
        evse_id=said.evse_id,
        ocpp_transaction_id=ocpp_transaction_id,
        id_token=said.id_token,
        started_at=said.timestamp,
        needs=needs or ChargingNeeds(),
        charging_state=state,
    )
    batch.add_session_event("session.started", session, ocpp_transaction_id=ocpp_transaction_id)
    return session


def _with_events(session: ChargingSession, events: EventSequence, batch: FactBatch) -> ChargingSession:
    """Take note of an event's number, and tell of a gap that it opens, changes or closes."""
    if events.gaps != session.events.gaps:
        batch.add_session_event("session.events_missing", session, missing_seq_nos=[list(gap) for gap in events.gaps])
    return replace(session, events=events)


def _close(session: ChargingSession, fact: StationFact, reason: str, batch: FactBatch) -> None:
    ended_at = max(fact.fact.timestamp, session.started_at)
    closed = replace(session, ended_at=ended_at, stop_reason=reason, power_kw=0.0, charging_state=ChargingState.IDLE)
    batch.keep(closed)
    end_of_session(closed, work=batch.work)
    batch.add_session_event("session.ended", closed, reason=reason, energy_kwh=closed.energy_kwh)


def _take_samples(session: ChargingSession, fact: StationFact, batch: FactBatch, *, state: str | None) -> None:
    samples = fact.fact.samples
    session = with_samples(session, samples)
    batch.keep(session)
    batch.add_samples(fact.station_id, session.evse_id, session.ocpp_transaction_id, samples)
    if state is not None:
        batch.change_state(session, ChargingState(state))


def _keep_orphan(fact: StationFact, batch: FactBatch, *, evse_id: int) -> None:
    said: TransactionUpdated | TransactionEnded = fact.fact
    batch.set_aside(fact, f"no session has the transaction {said.ocpp_transaction_id}")
    batch.add_samples(fact.station_id, evse_id, said.ocpp_transaction_id, said.samples)


def _with_owner(
    session: ChargingSession, fact: StationFact, status: str, batch: FactBatch, *, reservation_number: int | None = None
) -> ChargingSession:
    owned = with_owner(
        session,
        at=fact.fact.timestamp,
        work=batch.work,
        authorised=status == AuthorizationStatus.ACCEPTED,
        reservation_number=reservation_number,
    )
    if not owned.active:
        # Its end came first.
        end_of_session(owned, work=batch.work)
    return owned


def _status(fact: StationFact, batch: FactBatch, id_token: str | None, *, starts_at: int | None = None) -> str:
    """What is thought of the card; ``starts_at`` is the EVSE where it is shown to start."""
    if id_token is None:
        return AuthorizationStatus.ACCEPTED
    station = batch.station(fact.station_id)
    at = None if starts_at is None else fact.fact.timestamp
    return token_status(id_token, station=station, work=batch.work, at=at, evse_id=starts_at)
