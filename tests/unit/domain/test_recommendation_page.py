"""The worked example of docs/recommendation.md is what the code computes, and its tables are the code's."""

from dataclasses import fields
from pathlib import Path

import pytest

from twinev.domain.recommendation import (
    DETOUR,
    GRADES,
    HALF_CHARGING_MINUTES,
    HALF_PRICE_EUR_PER_KWH,
    HALF_WAITING_MINUTES,
    HALF_WAY_EUR,
    WEIGHTS,
    ScoreParts,
    Suitability,
    grade_of,
    score_of,
    score_parts,
    way_cost_eur,
)

PAGE = (Path(__file__).parents[3] / "docs" / "recommendation.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


def row(name: str) -> list[str]:
    (found,) = (cells for cells in ROWS if cells[0] == name)
    return found[1:]


@pytest.fixture
def example() -> Suitability:
    """Four kilometres away, 0.25 €/kWh, 15 of 20 kWh within two hours, 5 minutes until power is there."""
    cost = way_cost_eur(DETOUR * 4, consumption_kwh_per_km=0.18, price_eur_per_kwh=0.25)
    return Suitability(
        price_eur_per_kwh=0.25, way_cost_eur=cost, available_kwh=15, wanted_kwh=20, waiting_minutes=5,
        charging_minutes=120,
    )  # fmt: skip


@pytest.mark.parametrize("part", [part.name for part in fields(ScoreParts)])
def test_example_shows_each_part_its_weight_and_their_product(example, part):
    value, weight = getattr(score_parts(example), part), getattr(WEIGHTS, part)

    assert row(f"example: {part}")[1:] == [f"{value:.3f}", f"{weight:.2f}", f"{value * weight:.3f}"]


def test_example_shows_score_and_grade(example):
    score = score_of(score_parts(example))

    assert row("example: score")[-1] == f"{score:.3f}, {grade_of(score)[0]}"


@pytest.mark.parametrize(("least", "grade", "colour"), GRADES)
def test_page_lists_every_grade(least, grade, colour):
    assert row(str(grade)) == [f"{least:.2f}", f"`{colour}`"]


@pytest.mark.parametrize(
    ("part", "half"),
    [
        ("price", f"{HALF_PRICE_EUR_PER_KWH:g} €/kWh"),
        ("way", f"{HALF_WAY_EUR:g} €"),
        ("waiting", f"{HALF_WAITING_MINUTES:g} min"),
        ("charging", f"{HALF_CHARGING_MINUTES:g} min"),
    ],
)
def test_page_names_every_half(part, half):
    assert row(part)[0] == half
