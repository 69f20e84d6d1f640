"""Notes how the payment of a charge detail record goes on, with who said so and when."""

from __future__ import annotations

from twinev.domain.charge_detail_record import PaymentChange, PaymentStatus
from twinev.domain.users import User
from twinev.errors import Conflict
from twinev.services.ports.clock import Clock
from twinev.services.ports.pricing import PaymentProvider
from twinev.services.ports.unit_of_work import UnitOfWorkFactory


def note_payment(
    cdr_id: str,
    status: PaymentStatus,
    *,
    reference: str = "",
    user: User,
    payments: PaymentProvider,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
) -> PaymentChange:
    """Note a payment's next step; the same one again changes nothing.

    Raises
    ------
    NotFound
        No record has that id.
    Conflict
        A payment that stands as it does cannot become that.
    """
    with unit_of_work() as work:
        record = work.charge_detail_records.get(cdr_id)
        current = work.payments.current([cdr_id])[cdr_id]
        if current.status is status:
            return current
        allowed = payments.may_become(record, current.status)
        if status not in allowed:
            options = ", ".join(sorted(allowed)) or "nothing else"
            raise Conflict(f"the payment of {cdr_id} is {current.status}: it can become {options}, not {status}")
        change = PaymentChange(cdr_id=cdr_id, status=status, at=clock.now(), by=user.username, reference=reference)
        work.payments.add(change)
        work.events.add("payment.changed", {"site_id": record.place.site_id, "cdr_id": cdr_id, "status": status})
        work.commit()
    return change
