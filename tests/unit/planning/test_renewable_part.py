"""How much of an EV's planned energy is renewable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.services.renewable_part import renewable_part

SITE = {"hours": (0.25, 0.25), "demand_kw": (4.0, 4.0), "production_kw": (12.0, 0.0), "grid_share": (0.5, 0.25)}


@pytest.mark.parametrize(
    ("energy_kwh", "expected"),
    [
        ({"me": (2.0, 0.0)}, 1.0),
        ({"me": (0.0, 2.0)}, 0.25),
        ({"me": (2.0, 2.0)}, (2.0 + 0.5) / 4.0),
        # 2 kWh beyond the demand for the 4 that both take: half of mine is the roof's, and half of the rest renewable.
        ({"me": (2.0, 0.0), "other": (2.0, 0.0)}, 0.75),
        # An EV that gives back takes nothing of the roof.
        ({"me": (2.0, 0.0), "other": (-2.0, 0.0)}, 1.0),
        ({"me": (0.0, 0.0)}, None),
        ({"other": (1.0, 1.0)}, None),
    ],
)
def test_renewable_part_of_a_plan(energy_kwh, expected):
    part = renewable_part("me", energy_kwh, **SITE)

    assert part == (None if expected is None else pytest.approx(expected))


kwh = st.floats(min_value=0, max_value=10)
kw = st.floats(min_value=0, max_value=100)


@given(mine=st.lists(kwh, min_size=3, max_size=3), made=st.lists(kw, min_size=3, max_size=3), share=st.floats(0, 1))
def test_renewable_part_is_a_ratio_that_more_production_never_lowers(mine, made, share):
    site = {"hours": (0.25,) * 3, "demand_kw": (5.0,) * 3, "grid_share": (share,) * 3}

    less = renewable_part("me", {"me": mine}, production_kw=made, **site)
    more = renewable_part("me", {"me": mine}, production_kw=[one + 1 for one in made], **site)

    if less is None:
        assert more is None
    else:
        assert share - 1e-9 <= less <= more + 1e-9
        assert more <= 1
