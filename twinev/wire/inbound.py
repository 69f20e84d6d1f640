"""What other modules send to TwinEV on ``twinev.v1.in.*``: prices, demand, production, flexibility orders.

The models are strict, because a border is the last place where a mistake has an author: a number in quotes, an
unknown key, a time without its zone, another unit are refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from twinev.domain.tariff import SeriesKind
from twinev.wire.base import WireModel

MOST_VALUES = 10_000
# The technical price limits of the European intraday market (SIDC): nothing that was traded lies outside. [€/MWh]
HIGHEST_EUR_PER_MWH = 9_999.0
HIGHEST_KW = 1_000_000.0
# A zero byte or a line break in a name is nobody's intention, and PostgreSQL takes no zero byte.
PRINTABLE = "^[^\\x00-\\x1f\\x7f]+$"
KWH_PER_MWH = 1_000.0

_EXAMPLE: dict[str, Any] = {
    "message_id": "2026-11-25T12:57:03Z/1",
    "source": "market.example",
    "created_at": "2026-11-25T12:57:03Z",
    "start": "2026-11-26T00:00:00+01:00",
    "step_minutes": 60,
}

Price = Annotated[float, Field(ge=-HIGHEST_EUR_PER_MWH, le=HIGHEST_EUR_PER_MWH)]
Magnitude = Annotated[float, Field(ge=0, le=HIGHEST_KW)]
Offset = Annotated[float, Field(ge=-HIGHEST_KW, le=HIGHEST_KW)]


def _values(description: str) -> Any:
    return Field(min_length=1, max_length=MOST_VALUES, description=description)


def _site() -> Any:
    return Field(min_length=1, max_length=64, pattern=PRINTABLE, description="Which site; the same as in the subject.")


class InboundMessage(WireModel):
    """Values of equal steps over [start, start + len(values) · step_minutes)."""

    model_config = ConfigDict(strict=True)

    kind: ClassVar[SeriesKind]
    #: What the subject names after ``twinev.v1.in.``, and the key that repeats it in the body.
    topic: ClassVar[str]
    subject_key: ClassVar[str] = "site_id"

    message_id: str = Field(
        min_length=1,
        max_length=128,
        pattern=PRINTABLE,
        description="Unique among all messages of its source. Sent again with the same content it changes nothing; "
        "with other content it is refused. Also the header Nats-Msg-Id.",
    )
    source: str = Field(min_length=1, max_length=64, pattern=PRINTABLE, description="Which module or party says so.")
    created_at: AwareDatetime = Field(
        description="When the source made the message, ISO 8601 with a UTC offset. Of two messages over the same time "
        "the one that was made later counts; an older one that arrives after it is refused as stale."
    )
    start: AwareDatetime = Field(description="Begin of the first step, ISO 8601 with a UTC offset.")
    step_minutes: int = Field(ge=1, le=1440, description="Length of every step. [min]")

    @property
    def subject(self) -> str:
        """The zone or site."""
        return getattr(self, self.subject_key)

    def series_values(self) -> tuple[float, ...]:
        """The values in the unit that is used inside, which the kind's name tells."""
        return self.values


class PriceMessage(InboundMessage):
    """Day-ahead or intraday prices of a bidding zone, as the market publishes them.

    They rule every site in the zone. A price that is known for tomorrow stays until a later message replaces it.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE | {"zone": "NL", "unit": "EUR/MWh", "values": [61.2, 58.04, -3.5]}]}
    )
    kind = SeriesKind.PRICE
    topic = "price"
    subject_key = "zone"

    zone: str = Field(
        min_length=1,
        max_length=64,
        pattern=PRINTABLE,
        description="Which price zone, as the sites name it; the same as in the subject.",
    )
    unit: Literal["EUR/MWh"] = Field(description="Always EUR/MWh, the market's own unit.")
    values: tuple[Price, ...] = _values("Price of each step; negative where taking energy is paid for. [EUR/MWh]")

    def series_values(self) -> tuple[float, ...]:
        return tuple(value / KWH_PER_MWH for value in self.values)


class DemandMessage(InboundMessage):
    """What a site is expected to consume beside the EVs, mean power per step."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _EXAMPLE
                | {
                    "source": "forecast.example",
                    "site_id": "car-park-east",
                    "step_minutes": 15,
                    "unit": "kW",
                    "values": [12.5, 13.0, 13.2],
                }
            ]
        }
    )
    kind = SeriesKind.DEMAND
    topic = "demand"

    site_id: str = _site()
    unit: Literal["kW"] = Field(description="Always kW.")
    values: tuple[Magnitude, ...] = _values("Mean power of each step, never negative. [kW]")


class ProductionMessage(InboundMessage):
    """What a site is expected to produce (PV, mostly), mean power per step."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _EXAMPLE
                | {
                    "source": "forecast.example",
                    "site_id": "car-park-east",
                    "start": "2026-11-26T12:00:00+01:00",
                    "step_minutes": 15,
                    "unit": "kW",
                    "values": [20.1, 22.4, 18.0],
                }
            ]
        }
    )
    kind = SeriesKind.PRODUCTION
    topic = "production"

    site_id: str = _site()
    unit: Literal["kW"] = Field(description="Always kW.")
    values: tuple[Magnitude, ...] = _values("Mean power of each step, a magnitude. [kW]")


class FlexibilityMessage(InboundMessage):
    """A grid operator's order: an offset to the import limit of a site's supply point, per step.

    Negative lowers the limit, positive raises it, 0 takes an earlier order back. At most as much as the limit itself:
    −max_kw closes the import. The site is planned again at once, with formulation ``grid``.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _EXAMPLE
                | {
                    "source": "dso.example",
                    "site_id": "car-park-east",
                    "start": "2026-11-25T18:00:00+01:00",
                    "step_minutes": 15,
                    "unit": "kW",
                    "values": [-20, -20, -10, 0],
                }
            ]
        }
    )
    kind = SeriesKind.FLEXIBILITY
    topic = "flexibility"

    site_id: str = _site()
    unit: Literal["kW"] = Field(description="Always kW.")
    values: tuple[Offset, ...] = _values("Offset to the import limit in each step. [kW]")


INBOUND = {model.topic: model for model in (PriceMessage, DemandMessage, ProductionMessage, FlexibilityMessage)}


class DeadLetter(WireModel):
    """A message that was refused, with the reason and the original, on ``twinev.v1.dead.*``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "twinev.v1.in.price.NL",
                    "received_at": "2026-11-25T12:57:03.120Z",
                    "refused_at": "2026-11-25T12:57:03.124Z",
                    "reason": "values[2]: '61.2' is not usable; allowed: a number from -9999 to 9999",
                    "remedy": "send numbers as numbers; docs/messages/in.price.json says what is allowed",
                    "sequence": 4711,
                    "body": '{"message_id": "…", "values": [58, 60, "61.2"]}',
                    "body_base64": None,
                }
            ]
        }
    )

    subject: str = Field(description="Where the message was sent.")
    received_at: AwareDatetime = Field(description="When the NATS server took it.")
    refused_at: AwareDatetime = Field(description="When TwinEV refused it, by the platform's clock.")
    reason: str = Field(description="What is wrong: where, the value, what is allowed.")
    remedy: str = Field(description="What its sender can do.")
    sequence: int = Field(ge=0, description="Its number in the stream TWINEV_IN; 0 for an event of TwinEV's own.")
    body: str | None = Field(default=None, description="The original, where it is text.")
    body_base64: str | None = Field(default=None, description="The original, where it is not.")


def example_of(model: type[WireModel]) -> dict[str, Any]:
    """The example that the model's schema shows."""
    return dict(model.model_config["json_schema_extra"]["examples"][0])
