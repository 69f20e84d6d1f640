"""Addresses, opening hours and connectors, as operators write them and everybody reads them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twinev.domain.connectors import ConnectorFormat, ConnectorType
from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

_LocalTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class AddressBody(WireModel):
    """Where a site is; ``country`` is ISO 3166-1 alpha-3."""

    street: str = Field(min_length=1, max_length=45)
    city: str = Field(min_length=1, max_length=45)
    country: str = Field(pattern=r"^[A-Z]{3}$")
    postal_code: str | None = Field(default=None, min_length=1, max_length=10)


class RegularHoursBody(WireModel):
    """Open on ``weekday`` (1 Monday to 7 Sunday) from ``begin`` to ``end``, local time."""

    weekday: int = Field(ge=1, le=7)
    begin: _LocalTime
    end: _LocalTime


class ExceptionalPeriodBody(WireModel):
    begin: Moment
    end: Moment


class OpeningHoursBody(WireModel):
    """Opening hours as in OCPI 2.2.1; closings go before openings, both before the week."""

    regular: tuple[RegularHoursBody, ...] = Field(max_length=100)
    openings: tuple[ExceptionalPeriodBody, ...] = Field(default=(), max_length=100)
    closings: tuple[ExceptionalPeriodBody, ...] = Field(default=(), max_length=100)


class ConnectorBody(WireModel):
    """A connector; ``max_kw`` and ``phases`` null are those of its EVSE, ``format`` null what the type says."""

    id: int = Field(ge=1, le=100)
    type: ConnectorType
    format: ConnectorFormat | None = None
    max_kw: float | None = Field(default=None, ge=0, le=5000)
    phases: Literal[1, 3] | None = None


class ConnectorOut(WireModel):
    """A connector with what it really gives."""

    id: int
    type: str
    format: str
    max_kw: float
    phases: int


class EvseIn(WireModel):
    """An EVSE as an operator describes it."""

    id: int = Field(ge=1, le=1000)
    max_kw: float = Field(gt=0, le=5000)
    phases: Literal[1, 3] = 3
    connectors: tuple[ConnectorBody, ...] = Field(default=(), max_length=10)
