"""Makes the charge detail record of a session that has ended, and corrects it when later facts change what it says.

A session is marked in the transaction that takes its facts in, and settled in one transaction that takes the mark
away: whichever process dies, the session is either still marked or has its record, and its records are numbered, so
that none comes twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from twinev.domain.charge_detail_record import ChargeDetailRecord, ChargingPlace, PaymentChange, PaymentStatus
from twinev.domain.charge_points import Evse
from twinev.domain.session import ChargingSession
from twinev.errors import NotFound
from twinev.services.ports.pricing import PaymentProvider
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import PricedSession, price_session

SYSTEM = "twinev"
_UNPAID = frozenset({PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.NOT_REQUIRED})


def settle_session(
    session_id: str, *, payments: PaymentProvider, work: UnitOfWork, now: datetime
) -> ChargeDetailRecord | None:
    """Make or correct the record of a marked session, and return the new one; the caller commits.

    None where there is nothing to do: the session is not marked (another process was faster), goes on, or is billed
    for what is known of it.
    """
    # First: a fact that comes meanwhile waits for this transaction, and marks the session anew.
    if not work.charge_detail_records.unmark(session_id):
        return None
    try:
        session = work.sessions.get(session_id)
    except NotFound:
        # Removed since, with all that is known of it.
        return None
    if session.active:
        return None
    priced = price_session(session, work=work)
    before = _standing(session_id, work)
    basis = _basis(priced)
    if before is not None and before.basis == basis:
        return None
    if before is not None:
        _credit(before, payments=payments, work=work, now=now)
    number = 1 if before is None else before.number + 1
    record = _record(priced, number=number, basis=basis, work=work, now=now)
    _keep(record, payments.begin(record), work=work, now=now)
    return record


def _standing(session_id: str, work: UnitOfWork) -> ChargeDetailRecord | None:
    """The session's last record that is not a credit."""
    records = [record for record in work.charge_detail_records.of_session(session_id) if not record.is_credit]
    return records[-1] if records else None


def _basis(priced: PricedSession) -> str:
    """A digest of the facts: what prices or contracts became later is no reason to bill anew."""
    session, curve = priced.session, priced.curve
    facts = [session.id_token, *((reading.at.isoformat(), str(reading.kwh)) for reading in curve.readings)]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _credit(record: ChargeDetailRecord, *, payments: PaymentProvider, work: UnitOfWork, now: datetime) -> None:
    """Take a record back. What nobody has paid need not be paid back: the two cancel out."""
    credit = record.credited(now)
    status = payments.begin(credit)
    if work.payments.current([record.id])[record.id].status in _UNPAID:
        status = PaymentStatus.NOT_REQUIRED
        work.payments.add(PaymentChange(cdr_id=record.id, status=status, at=now, by=SYSTEM, reference=credit.id))
    _keep(credit, status, work=work, now=now)


def _keep(record: ChargeDetailRecord, status: PaymentStatus, *, work: UnitOfWork, now: datetime) -> None:
    work.charge_detail_records.add(record)
    work.payments.add(PaymentChange(cdr_id=record.id, status=status, at=now, by=SYSTEM))
    total = record.cost.total
    work.events.add(
        "cdr.made",
        {
            "site_id": record.place.site_id,
            "station_id": record.place.station_id,
            "session_id": record.session_id,
            "cdr_id": record.id,
            "credit_reference_id": record.credit_reference_id,
            "currency": record.cost.currency,
            "total_excl_vat": str(total.excl_vat),
            "total_incl_vat": str(total.incl_vat),
            "energy_kwh": float(record.cost.energy_kwh),
        },
    )


def _record(priced: PricedSession, *, number: int, basis: str, work: UnitOfWork, now: datetime) -> ChargeDetailRecord:
    session = priced.session
    return ChargeDetailRecord(
        # At most 36 characters, as OCPI wants; a credit's suffix is allowed beyond it.
        id=f"{session.id}-{number}",
        session_id=session.id,
        number=number,
        user_id=priced.user_id,
        id_token=session.id_token,
        contract_id=None if priced.contract is None else priced.contract.id,
        place=_place(session, work),
        started_at=session.started_at,
        ended_at=session.ended_at,
        stop_reason=session.stop_reason,
        tariff=priced.tariff,
        cost=priced.cost,
        basis=basis,
        made_at=now,
    )


def _place(session: ChargingSession, work: UnitOfWork) -> ChargingPlace:
    site, station = work.sites.get(session.site_id), work.stations.get(session.station_id)
    evse = next((evse for evse in station.evses if evse.id == session.evse_id), None) or Evse(id=1, max_kw=0.0)
    return ChargingPlace(
        site_id=site.id,
        site_name=site.name,
        latitude_degrees=station.location.latitude_degrees,
        longitude_degrees=station.location.longitude_degrees,
        time_zone=site.time_zone,
        station_id=station.id,
        station_name=station.name,
        evse_id=session.evse_id,
        connector_type=evse.connector_type,
        max_kw=evse.max_kw,
        phases=evse.phases,
    )


def require_own_record(cdr_id: str, *, user_id: str | None, work: UnitOfWork) -> ChargeDetailRecord:
    """Return a record that a driver may see; what is another's is not there. ``user_id`` None sees all."""
    record = work.charge_detail_records.get(cdr_id)
    if user_id is not None and record.user_id != user_id:
        raise NotFound("charge detail record", cdr_id)
    return record
