"""Where the EVs' energy came from: each case a quarter of an hour, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.services.analysis.energy_flows import SiteSeries, flow_sums

#: Taken [kWh]; price, renewable share, demand and production [kW]: on-site surplus, from the grid, cost, renewable.
CASES = {
    "no production on record is none": (2.0, 0.2, 0.5, None, None, (0.0, 2.0, 0.4, 1.0)),
    "production of the night is none, whatever the demand": (2.0, 0.2, 0.5, None, 0.0, (0.0, 2.0, 0.4, 1.0)),
    "the site's own demand goes first": (2.0, 0.2, 0.5, 4.0, 8.0, (1.0, 1.0, 0.2, 1.5)),
    "demand above production leaves nothing": (2.0, 0.2, 0.5, 9.0, 8.0, (0.0, 2.0, 0.4, 1.0)),
    "surplus above what is taken": (1.0, 0.2, 0.5, 0.0, 8.0, (1.0, 0.0, 0.0, 1.0)),
    "a negative price": (2.0, -0.1, 0.5, None, None, (0.0, 2.0, -0.2, 1.0)),
}


def one_quarter(taken_kwh, price, share, demand_kw, production_kw):
    series = SiteSeries(
        price_eur_per_kwh=[price], renewable_share=[share], demand_kw=[demand_kw], production_kw=[production_kw]
    )
    return flow_sums([taken_kwh], series)


@pytest.mark.parametrize("case", CASES)
def test_quarter_of_an_hour_has_its_sources_and_its_cost(case):
    *told, (surplus_kwh, grid_kwh, cost_eur, green_kwh) = CASES[case]

    sums = one_quarter(*told)

    assert (sums.surplus_kwh, sums.grid_kwh) == (pytest.approx(surplus_kwh), pytest.approx(grid_kwh))
    assert (sums.energy_cost_eur, sums.green_kwh) == (pytest.approx(cost_eur), pytest.approx(green_kwh))
    assert (sums.taken_kwh, sums.priced_kwh, sums.greened_kwh) == (told[0], told[0], told[0])


def test_production_beside_an_unknown_demand_leaves_the_source_open():
    sums = one_quarter(2.0, 0.2, 0.5, None, 8.0)

    assert (sums.taken_kwh, sums.sourced_kwh, sums.priced_kwh, sums.greened_kwh) == (2.0, 0.0, 0.0, 0.0)
    assert (sums.produced_kwh, sums.judged_kwh) == (2.0, 0.0)


def test_energy_without_a_price_or_a_share_is_taken_and_not_judged():
    sums = one_quarter(2.0, None, None, None, None)

    assert (sums.sourced_kwh, sums.priced_kwh, sums.greened_kwh, sums.energy_cost_eur) == (2.0, 0.0, 0.0, 0.0)


def test_surplus_alone_needs_no_price():
    sums = one_quarter(1.0, None, None, 0.0, 8.0)

    assert (sums.priced_kwh, sums.greened_kwh, sums.green_kwh) == (1.0, 1.0, 1.0)


def test_energy_given_back_lowers_the_cost_and_is_not_taken():
    sums = one_quarter(-2.0, 0.2, 0.5, None, None)

    assert (sums.taken_kwh, sums.grid_kwh, sums.energy_cost_eur) == (0.0, -2.0, pytest.approx(-0.4))
    assert (sums.green_kwh, sums.greened_kwh) == (0.0, 0.0)


some_kw = st.one_of(st.none(), st.floats(0, 200))


@given(
    taken_kwh=st.floats(0, 50),
    price=st.one_of(st.none(), st.floats(-1, 2)),
    share=st.one_of(st.none(), st.floats(0, 1)),
    demand_kw=some_kw,
    production_kw=some_kw,
)
def test_energy_is_kept_whatever_is_known(taken_kwh, price, share, demand_kw, production_kw):
    sums = one_quarter(taken_kwh, price, share, demand_kw, production_kw)

    assert sums.surplus_kwh + sums.grid_kwh == pytest.approx(sums.sourced_kwh)
    assert sums.surplus_kwh <= sums.taken_kwh + 1e-9
    assert 0 <= sums.green_kwh <= sums.greened_kwh + 1e-9
    assert sums.used_kwh <= sums.judged_kwh + 1e-9 <= sums.produced_kwh + 2e-9
