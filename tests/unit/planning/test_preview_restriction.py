"""What a restriction would do, before it is ordered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from twinev.domain.users import Role
from twinev.errors import BadInput, Forbidden, NotFound
from twinev.sct import optimise
from twinev.services.idle_sessions import IdleSessions
from twinev.services.known_limits import KnownLimits
from twinev.services.preview_restriction import PreviewRestriction
from twinev.services.restrict import RestrictionOrder
from twinev.services.told_limits import ToldLimits


class OptimisingPlanner:
    """The optimiser itself, whose plans explain what falls short."""

    async def plan(self, problem, *, formulation, time_limit_seconds):
        return optimise(problem, formulation=formulation, time_limit=time_limit_seconds)


def preview_of(make, memory, *, role=Role.GRID_OPERATOR, planner=None, in_place_of=None, **changes):
    values = {
        "station_ids": ("A", "B"),
        "limit_kw": 2.0,
        "start": make.NOW,
        "end": make.NOW + timedelta(hours=1),
    } | changes
    service = PreviewRestriction(
        planner=planner or make.planner(),
        reading=memory.unit_of_work,
        clock=make.clock(),
        known=KnownLimits(told=ToldLimits(), plans_here=lambda: True),
        idle=IdleSessions(),
    )
    return asyncio.run(service.preview(RestrictionOrder(**values), user=make.user(role), in_place_of=in_place_of))


def test_preview_shows_the_selected_stations_before_and_after(make, memory):
    effect = preview_of(make, memory)

    assert len(effect.before_kw) == len(effect.after_kw) == 24
    assert max(effect.before_kw[:5]) > 2.0
    assert max(effect.after_kw[:5]) <= 2.0
    assert effect.evs_affected == 2
    assert not memory.restrictions
    assert not memory.plans
    assert not memory.commands


def test_preview_counts_what_drivers_will_miss(make, memory):
    effect = preview_of(make, memory, limit_kw=0.0, end=make.NOW + timedelta(hours=6))

    assert effect.shortfall_kwh == pytest.approx(20.0, abs=0.01)


def test_preview_names_the_station_and_this_limit(make, memory):
    effect = preview_of(make, memory, planner=OptimisingPlanner(), limit_kw=0.0, end=make.NOW + timedelta(hours=6))

    text = "\n".join(effect.explanations)
    assert "The EV at A asks for" in text
    assert "this limit" in text
    assert "preview" not in text


def test_preview_of_a_loose_limit_has_no_effect(make, memory):
    effect = preview_of(make, memory, limit_kw=100.0)

    assert (effect.evs_affected, effect.shortfall_kwh, effect.cost_eur) == (0, 0.0, 0.0)
    assert effect.before_kw == effect.after_kw


def test_preview_of_a_change_compares_with_the_order_as_it_stands(make, memory):
    memory.add(make.restriction("A", "B", limit_kw=2.0))

    beside = preview_of(make, memory, limit_kw=8.0)
    instead = preview_of(make, memory, limit_kw=8.0, in_place_of="restriction")

    assert beside.before_kw == beside.after_kw
    assert max(instead.before_kw[:4]) <= 2.0
    assert 2.0 < max(instead.after_kw[:4]) <= 8.0


def test_preview_in_place_of_nothing_is_refused(make, memory):
    with pytest.raises(NotFound):
        preview_of(make, memory, in_place_of="nothing")


def test_preview_over_two_sites_keeps_the_sum(make, memory):
    memory.add(make.site("other"), make.station("X", site_id="other"), make.session("X", site_id="other"))

    effect = preview_of(make, memory, station_ids=("A", "X"), limit_kw=5.0)

    assert max(effect.after_kw[:5]) == pytest.approx(5.0, abs=0.01)
    assert max(effect.before_kw[:5]) > 5.0


def test_preview_says_when_the_window_lies_beyond_the_horizon(make, memory):
    start = make.NOW + timedelta(days=3)

    effect = preview_of(make, memory, start=start, end=start + timedelta(hours=1))

    assert effect.evs_affected == 0
    assert any("horizon" in text for text in effect.explanations)


@pytest.mark.parametrize("role", [Role.DRIVER, Role.CHARGE_POINT_OPERATOR])
def test_only_who_may_restrict_may_preview(make, memory, role):
    with pytest.raises(Forbidden):
        preview_of(make, memory, role=role)


def test_preview_of_an_unknown_station_names_it(make, memory):
    with pytest.raises(BadInput, match="nobody"):
        preview_of(make, memory, station_ids=("A", "nobody"))
