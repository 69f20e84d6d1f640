"""The one configuration of all wire models: unknown keys are errors, numbers are finite, times are aware."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """Base of every body: immutable, strict about keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, ser_json_inf_nan="constants")
