"""What all events have in common: the data of an event names its site, that of a station its station.

Receivers ignore keys that they do not know: a later version may tell more.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

SITE = {"site_id": "car-park-east"}
STATION = SITE | {"station_id": "RDAM-0815"}


def shown(example: dict[str, Any]) -> ConfigDict:
    """The configuration of a model that shows this example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class EventData(BaseModel):
    """Base of every event's data."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    site_id: str = Field(description="The site that the event concerns.")


class StationData(EventData):
    """Base of what a station did."""

    station_id: str = Field(description="The station's OCPP identity.")
