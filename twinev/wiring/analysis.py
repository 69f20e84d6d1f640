"""What the API process has of the analysis: the use case with the emission factor, and the loop that counts days."""

from __future__ import annotations

from typing import Any

from twinev.api.background import Service
from twinev.errors import BadInput
from twinev.services.analyse_month import AnalyseMonth
from twinev.services.analysis.figures import Co2Factor
from twinev.services.count_days import CountDays
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.settings import Settings


def analysis_state(settings: Settings, *, reading: UnitOfWorkFactory, clock: Clock) -> dict[str, Any]:
    """What the router finds at ``app.state``."""
    return {"analyse_month": AnalyseMonth(reading=reading, clock=clock, co2=co2_factor(settings))}


def counting(*, unit_of_work: UnitOfWorkFactory, reading: UnitOfWorkFactory, clock: Clock) -> Service:
    """Return the loop that counts the days that are over."""
    return CountDays(unit_of_work=unit_of_work, reading=reading, clock=clock).run


def co2_factor(settings: Settings) -> Co2Factor | None:
    """What a kWh from the grid emits; None where nobody configured it.

    Raises
    ------
    BadInput
        A factor without its source, or a source without a factor.
    """
    factor, source = settings.co2_g_per_kwh, settings.co2_source
    if factor is None and source is None:
        return None
    if source is None:
        raise BadInput("TWINEV_CO2_SOURCE", "", "given with TWINEV_CO2_G_PER_KWH: a figure without a source is none")
    if factor is None:
        raise BadInput("TWINEV_CO2_G_PER_KWH", "", "given with TWINEV_CO2_SOURCE")
    return Co2Factor(g_per_kwh=factor, source=source)
