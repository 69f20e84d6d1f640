"""The emission factor of the settings: with its source, or not at all."""

import pytest

from twinev.errors import BadInput
from twinev.services.analysis.figures import Co2Factor
from twinev.settings import Settings
from twinev.wiring.analysis import co2_factor


def test_factor_comes_with_its_source():
    settings = Settings(co2_g_per_kwh=270.0, co2_source="a table")

    assert co2_factor(settings) == Co2Factor(g_per_kwh=270.0, source="a table")


def test_nothing_configured_is_no_factor():
    assert co2_factor(Settings()) is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"co2_g_per_kwh": 0.0}, "TWINEV_CO2_SOURCE"), ({"co2_source": "a table"}, "TWINEV_CO2_G_PER_KWH")],
)
def test_one_without_the_other_is_refused(given, missing):
    with pytest.raises(BadInput, match=missing):
        co2_factor(Settings(**given))


@pytest.mark.parametrize("factor", [-1.0, 5001.0])
def test_factor_that_cannot_be_is_refused(factor):
    with pytest.raises(BadInput, match="TWINEV_CO2_G_PER_KWH"):
        Settings(co2_g_per_kwh=factor, co2_source="a table")
