"""One row of the table: what was asked for, what was measured, whether that reaches it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """``reached`` is None where nothing was asked for and the figure is only told."""

    what: str
    asked: str
    measured: str
    reached: bool | None
    told: str = ""
