"""Bodies of the analysis as the API answers them, for screens and reports without an API."""

from __future__ import annotations

from datetime import UTC, datetime

from twinev.services.analysis.figures import UNITS
from twinev.wire.rest.analysis import AnalysisOut, Co2FactorOut, DayFigures, FigureOut, MonthFigures

VALUES: dict[str, float | None] = {
    "sessions": 883, "energy_kwh": 16382.78, "returned_kwh": 0.0, "occupancy": 0.536, "peak_kw": 212.792,
    "energy_cost_eur": 1818.63, "billed_eur": None, "self_consumption": 0.954, "renewable_share": 0.5948,
    "co2_kg": 4286.1, "reservations": 40, "no_shows": 2, "restrictions": 4, "restrictions_kept": 3,
    "charging_error_kw": 1.52, "charging_error_share": 0.214, "demand_error_kw": 0.5, "demand_error_share": 0.075,
    "production_error_kw": None, "production_error_share": None, "price_error_eur_per_kwh": 0.0123,
}  # fmt: skip


def month_figures(month: str = "2026-11", *, settled: bool = True, **changed: float | None) -> MonthFigures:
    values = VALUES | changed
    year, number = map(int, month.split("-"))
    return MonthFigures(
        month=month,
        start=datetime(year, number, 1, tzinfo=UTC),
        end=datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC),
        settled=settled,
        figures=tuple(
            FigureOut(
                name=name,
                unit=UNITS[name],
                value=value,
                known=0.83 if name == "energy_cost_eur" else None,
                reason="not_measured" if value is None else None,
            )
            for name, value in values.items()
        ),
    )


def analysis_body(month: str = "2026-11", *, as_of: datetime | None = None, days: int = 30) -> AnalysisOut:
    return AnalysisOut(
        site_id=None,
        as_of=as_of or datetime(2026, 12, 3, 5, tzinfo=UTC),
        month=month_figures(month),
        days=tuple(
            DayFigures(day=f"{month}-{day:02d}", values=VALUES | {"energy_kwh": 10.0 * day})
            for day in range(1, days + 1)
        ),
        hours_kw=tuple(None if hour > 20 else float(hour) for hour in range(24)),
        co2_factor=Co2FactorOut(g_per_kwh=270.0, source="a table of the tests"),
    )
