"""Payment by invoice: operators send it and note what comes in. Nobody outside is asked."""

from __future__ import annotations

from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentStatus

_NEXT = {
    PaymentStatus.PENDING: {PaymentStatus.AUTHORISED, PaymentStatus.PAID, PaymentStatus.FAILED},
    PaymentStatus.AUTHORISED: {PaymentStatus.PAID, PaymentStatus.FAILED},
    PaymentStatus.FAILED: {PaymentStatus.PENDING, PaymentStatus.AUTHORISED, PaymentStatus.PAID},
    PaymentStatus.PAID: {PaymentStatus.REFUNDED},
}


class InvoicePayments:
    """Implements `twinev.services.ports.pricing.PaymentProvider`."""

    name = "invoice"

    def begin(self, record: ChargeDetailRecord) -> PaymentStatus:
        """Nothing is to be paid for what costs nothing; the rest waits until an operator says more."""
        owed = record.cost.total.incl_vat
        return PaymentStatus.PENDING if owed else PaymentStatus.NOT_REQUIRED

    def may_become(self, record: ChargeDetailRecord, status: PaymentStatus) -> frozenset[PaymentStatus]:
        """What a credit owes the driver is paid back, never paid."""
        if record.is_credit:
            return frozenset({PaymentStatus.REFUNDED} if status is PaymentStatus.PENDING else ())
        return frozenset(_NEXT.get(status, ()))
