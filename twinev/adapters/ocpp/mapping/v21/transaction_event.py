"""OCPP 2.1: TransactionEvent; what 2.1 adds to it (costs, limits, operation mode) is kept in the fact's payload."""

from twinev.adapters.ocpp.mapping.v201.transaction_event import read_transaction_event

__all__ = ["read_transaction_event"]
