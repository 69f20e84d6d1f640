"""The score of a charge point: from 0 to 1, never worse for a better figure, told in a colour that can be read."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.recommendation import (
    GRADES,
    WEIGHTS,
    Grade,
    ScoreParts,
    Suitability,
    grade_of,
    score_of,
    score_parts,
    way_cost_eur,
)
from twinev.errors import BadInput

amounts = st.floats(0, 1e6)
prices = st.none() | st.floats(-5, 1e4)
suitabilities = st.builds(
    Suitability,
    price_eur_per_kwh=prices,
    way_cost_eur=prices,
    available_kwh=amounts,
    wanted_kwh=amounts,
    waiting_minutes=amounts,
    charging_minutes=amounts,
)
# What makes a charge point better when it grows, and when it falls.
BETTER = {
    "price_eur_per_kwh": -1,
    "way_cost_eur": -1,
    "available_kwh": 1,
    "waiting_minutes": -1,
    "charging_minutes": -1,
}


def score(found: Suitability) -> float:
    return score_of(score_parts(found))


def test_weights_add_up_to_one():
    assert sum(getattr(WEIGHTS, part.name) for part in fields(ScoreParts)) == pytest.approx(1, abs=1e-12)


@given(suitabilities)
def test_score_and_parts_are_from_0_to_1(found):
    parts = score_parts(found)

    assert all(0 <= getattr(parts, part.name) <= 1 for part in fields(ScoreParts))
    assert 0 <= score(found) <= 1


@given(suitabilities, st.sampled_from(sorted(BETTER)), amounts)
def test_score_never_falls_when_one_figure_gets_better(found, name, step):
    value = getattr(found, name)
    value = 0.0 if value is None else value
    low, high = replace(found, **{name: value}), replace(found, **{name: value + step})
    worse, better = (low, high) if BETTER[name] > 0 else (high, low)

    assert score(better) >= score(worse) - 1e-12


@pytest.mark.parametrize(("name", "worse"), [(n, 0.5 if sign > 0 else 50.0) for n, sign in BETTER.items()])
def test_score_falls_with_each_figure(name, worse):
    good = Suitability(
        price_eur_per_kwh=0.2, way_cost_eur=0.2, available_kwh=20, wanted_kwh=20, waiting_minutes=0, charging_minutes=40
    )

    assert score(replace(good, **{name: worse})) < score(good)


def test_best_there_is_scores_one():
    perfect = Suitability(
        price_eur_per_kwh=-0.1, way_cost_eur=0, available_kwh=9, wanted_kwh=9, waiting_minutes=0, charging_minutes=0
    )

    assert score(perfect) == pytest.approx(1)


def test_unknown_price_counts_half():
    parts = score_parts(
        Suitability(
            price_eur_per_kwh=None, way_cost_eur=None, available_kwh=0, wanted_kwh=0, waiting_minutes=0,
            charging_minutes=0,
        )
    )  # fmt: skip

    assert (parts.price, parts.way, parts.energy) == (0.5, 0.5, 1.0)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_energy_that_is_none_is_refused(bad):
    with pytest.raises(BadInput) as refused:
        Suitability(
            price_eur_per_kwh=0, way_cost_eur=0, available_kwh=bad, wanted_kwh=1, waiting_minutes=0, charging_minutes=0
        )
    assert refused.value.key == "available_kwh"


def test_way_costs_its_energy_and_never_earns():
    assert way_cost_eur(13.0, consumption_kwh_per_km=0.2, price_eur_per_kwh=0.5) == pytest.approx(1.3)
    assert way_cost_eur(13.0, consumption_kwh_per_km=0.2, price_eur_per_kwh=-0.5) == 0
    assert way_cost_eur(13.0, consumption_kwh_per_km=0.2, price_eur_per_kwh=None) is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_grade_never_falls_when_the_score_rises(one, other):
    order = [grade for _, grade, _ in GRADES]
    low, high = sorted([one, other])

    assert order.index(grade_of(low)[0]) <= order.index(grade_of(high)[0])


def test_grades_reach_from_poor_to_best_each_with_a_word_of_its_own():
    assert (grade_of(0.0)[0], grade_of(1.0)[0]) == (Grade.POOR, Grade.BEST)
    assert {grade for _, grade, _ in GRADES} == set(Grade)


@pytest.mark.parametrize("colour", [colour for _, _, colour in GRADES])
def test_black_text_is_readable_on_every_colour(colour):
    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert (luminance + 0.05) / 0.05 >= 4.5
