"""OCPP 2.1: as in 2.0.1 no vendor's DataTransfer is understood."""

from twinev.adapters.ocpp.mapping.v201.data_transfer import read_data_transfer

__all__ = ["read_data_transfer"]
