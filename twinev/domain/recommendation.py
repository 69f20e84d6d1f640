"""How well a charge point suits a driver: a score from 0 to 1, its parts, and the colour and word for it.

score = Σ weight · part, the weights adding up to 1. Each part is 1 at its best and looks at this charge point alone, so
that a charge point's score does not change with those it is listed beside:

- price, way, waiting and charging: ``half / (half + x)``, which is 1 at x ≤ 0, one half at ``half``, and only falls;
- energy: what the site can deliver within the stay, of what is wanted.

Formula, weights and halves are in docs/recommendation.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from twinev.domain.checks import require_finite

#: A way by road is about this much longer than the great circle.
DETOUR = 1.3
#: What a part counts where nobody knows the figure behind it.
UNKNOWN_PART = 0.5


@dataclass(frozen=True, kw_only=True)
class Suitability:
    """What is known of one charge point for one driver's wish.

    ``price_eur_per_kwh`` is the mean over the stay, None where nobody knows it; with it the cost of the way is not
    known either. ``waiting_minutes`` is until power is there, ``charging_minutes`` from then until the energy is in the
    EV, the whole stay where it does not get all of it.
    """

    price_eur_per_kwh: float | None
    way_cost_eur: float | None
    available_kwh: float
    wanted_kwh: float
    waiting_minutes: float
    charging_minutes: float

    def __post_init__(self) -> None:
        require_finite("available_kwh", self.available_kwh, at_least=0)
        require_finite("wanted_kwh", self.wanted_kwh, at_least=0)
        require_finite("waiting_minutes", self.waiting_minutes, at_least=0)
        require_finite("charging_minutes", self.charging_minutes, at_least=0)


@dataclass(frozen=True, kw_only=True)
class ScoreParts:
    """Each from 0, the worst, to 1, the best; or a weight for each."""

    price: float
    way: float
    energy: float
    waiting: float
    charging: float


WEIGHTS = ScoreParts(price=0.25, way=0.20, energy=0.30, waiting=0.10, charging=0.15)

#: At which a part is one half.
HALF_PRICE_EUR_PER_KWH = 0.30
HALF_WAY_EUR = 1.0
HALF_WAITING_MINUTES = 15.0
HALF_CHARGING_MINUTES = 120.0


class Grade(StrEnum):
    """The score in a word: it is never told by colour alone."""

    POOR = "poor"
    FAIR = "fair"
    GOOD = "good"
    VERY_GOOD = "very good"
    BEST = "best"


#: Least score of each grade and its colour, from red to light green; black text is readable on each (WCAG 2.2, 1.4.3).
GRADES: tuple[tuple[float, Grade, str], ...] = (
    (0.0, Grade.POOR, "#f0624d"),
    (0.3, Grade.FAIR, "#f9a05c"),
    (0.5, Grade.GOOD, "#fcd878"),
    (0.65, Grade.VERY_GOOD, "#d5e87c"),
    (0.8, Grade.BEST, "#a6e67c"),
)


def score_parts(found: Suitability) -> ScoreParts:
    """Turn what is known into parts; one that nobody knows counts `UNKNOWN_PART`."""
    served = 1.0 if found.wanted_kwh == 0 else min(1.0, found.available_kwh / found.wanted_kwh)
    return ScoreParts(
        price=_falling(found.price_eur_per_kwh, HALF_PRICE_EUR_PER_KWH),
        way=_falling(found.way_cost_eur, HALF_WAY_EUR),
        energy=served,
        waiting=_falling(found.waiting_minutes, HALF_WAITING_MINUTES),
        charging=_falling(found.charging_minutes, HALF_CHARGING_MINUTES),
    )


def score_of(parts: ScoreParts, weights: ScoreParts = WEIGHTS) -> float:
    """The weighted sum, from 0 to 1."""
    total = sum(getattr(weights, part.name) * getattr(parts, part.name) for part in fields(ScoreParts))
    return min(1.0, max(0.0, total))


def grade_of(score: float) -> tuple[Grade, str]:
    """The grade of a score, and its colour."""
    return next((grade, colour) for least, grade, colour in reversed(GRADES) if score >= least)


def way_cost_eur(way_km: float, *, consumption_kwh_per_km: float, price_eur_per_kwh: float | None) -> float | None:
    """What the energy of the way there costs, bought at the charge point itself; a way never earns money. [€]"""
    if price_eur_per_kwh is None:
        return None
    return way_km * consumption_kwh_per_km * max(price_eur_per_kwh, 0.0)


def _falling(value: float | None, half: float) -> float:
    if value is None:
        return UNKNOWN_PART
    return half / (half + max(value, 0.0))
