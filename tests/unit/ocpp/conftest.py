"""A station of each version, and the schemas as judge of everything that goes out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinev.adapters.ocpp.dialect import Dialect
from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.mapping.station import Station


@pytest.fixture(scope="session")
def dialects() -> dict[str, Dialect]:
    return load_dialects()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 18, 0, 5, tzinfo=UTC)


@pytest.fixture
def station_16() -> Station:
    return Station(station_id="RDAM 123", protocol="ocpp1.6", evse_count=2)


@pytest.fixture
def station_201() -> Station:
    return Station(station_id="RDAM 123", protocol="ocpp2.0.1", evse_count=2)
