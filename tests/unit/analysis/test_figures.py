"""Figures out of sums: shares of what is known, and reasons where nothing is."""

from dataclasses import replace

import pytest

from twinev.domain.site_day import DaySums, Deviation
from twinev.services.analysis.figures import UNITS, Co2Factor, Missing, figures_of

CO2 = Co2Factor(g_per_kwh=250.0, source="a table")
SUMS = DaySums(
    sessions=4, energy_kwh=10.0, plugged_hours=6.0, evse_hours=24.0, taken_kwh=10.0, sourced_kwh=10.0, surplus_kwh=2.0,
    grid_kwh=8.0, priced_kwh=5.0, energy_cost_eur=1.0, greened_kwh=8.0, green_kwh=4.0, produced_kwh=6.0, judged_kwh=3.0,
    used_kwh=2.4, bills=3, billed_eur=12.5, other_bills=1, charging=Deviation(hours=2.0, absolute=1.0, came=4.0),
)  # fmt: skip


def figures(sums=SUMS, *, co2=CO2, quarters_kw=(3.0, 8.0)):
    return figures_of(sums, quarters_kw=quarters_kw, restrictions=[], co2=co2)


def test_every_figure_has_its_unit_in_one_order():
    assert list(figures()) == list(UNITS)


def test_shares_are_of_what_is_known_and_say_how_much_that_is():
    found = figures()

    assert (found["energy_cost_eur"].value, found["energy_cost_eur"].known) == (1.0, 0.5)
    assert (found["renewable_share"].value, found["renewable_share"].known) == (0.5, 0.8)
    assert (found["self_consumption"].value, found["self_consumption"].known) == (pytest.approx(0.8), 0.5)
    assert (found["billed_eur"].value, found["billed_eur"].known) == (12.5, 0.75)
    assert (found["co2_kg"].value, found["co2_kg"].known) == (2.0, 1.0)
    assert (found["occupancy"].value, found["peak_kw"].value) == (0.25, 8.0)
    assert (found["charging_error_kw"].value, found["charging_error_share"].value) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("changes", "name", "missing"),
    [
        ({"evse_hours": 0.0}, "occupancy", Missing.NO_EVSES),
        ({"taken_kwh": 0.0}, "energy_cost_eur", Missing.NO_ENERGY),
        ({"priced_kwh": 0.0}, "energy_cost_eur", Missing.NO_PRICE),
        ({"priced_kwh": 0.0, "sourced_kwh": 0.0}, "energy_cost_eur", Missing.NO_DEMAND),
        ({"greened_kwh": 0.0}, "renewable_share", Missing.NO_RENEWABLE_SHARE),
        ({"sourced_kwh": 0.0}, "co2_kg", Missing.NO_DEMAND),
        ({"produced_kwh": 0.0}, "self_consumption", Missing.NO_PRODUCTION),
        ({"judged_kwh": 0.0}, "self_consumption", Missing.NO_DEMAND),
        ({"bills": 0}, "billed_eur", Missing.NO_BILLS),
        ({"charging": Deviation()}, "charging_error_kw", Missing.NO_PLANS),
        ({"charging": Deviation(hours=1.0)}, "charging_error_share", Missing.NO_ENERGY),
    ],
)
def test_figure_without_data_says_why(changes, name, missing):
    found = figures(replace(SUMS, **changes))[name]

    assert (found.value, found.missing) == (None, missing)


def test_emissions_without_a_factor_and_a_peak_without_time_are_none():
    assert figures(co2=None)["co2_kg"].missing is Missing.NO_CO2_FACTOR
    assert figures(quarters_kw=())["peak_kw"].missing is Missing.NO_TIME
