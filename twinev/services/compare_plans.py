"""Compares two stored plans: what each costs and draws, and what changes for each session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinev.domain.plan import StoredPlan
from twinev.sct import Problem, Schedule
from twinev.sct.summary import SessionSummary, bill_eur, summarise_sessions


@dataclass(frozen=True, kw_only=True)
class PlanFigures:
    """A plan as a whole.

    ``cost_eur`` is Eq. (1) with what export earns, what the highest import costs, and the batteries' wear: the same for
    every formulation, so that two plans of different ones compare. ``peak_kw`` is the highest import of a slot.
    """

    cost_eur: float
    peak_kw: float
    imported_kwh: float
    exported_kwh: float
    charged_kwh: float
    discharged_kwh: float
    shortfall_kwh: float
    limit_excess_kwh: float


@dataclass(frozen=True, kw_only=True)
class SessionPair:
    """One session in both plans; None where a plan has no session of that id."""

    id: str
    a: SessionSummary | None
    b: SessionSummary | None


@dataclass(frozen=True, kw_only=True)
class PlanComparison:
    """``same_scenario`` is whether both plans answer the very same problem."""

    same_scenario: bool
    a: PlanFigures
    b: PlanFigures
    sessions: tuple[SessionPair, ...]


def compare_plans(a: StoredPlan, b: StoredPlan) -> PlanComparison:
    """Sum up both plans beside each other, sessions in the order of ``a``, then those of ``b`` alone."""
    (figures_a, sessions_a), (figures_b, sessions_b) = _summed_up(a), _summed_up(b)
    by_id_a, by_id_b = ({summary.id: summary for summary in found} for found in (sessions_a, sessions_b))
    return PlanComparison(
        same_scenario=a.schedule["scenario_sha256"] == b.schedule["scenario_sha256"],
        a=figures_a,
        b=figures_b,
        sessions=tuple(
            SessionPair(id=identifier, a=by_id_a.get(identifier), b=by_id_b.get(identifier))
            for identifier in by_id_a | by_id_b
        ),
    )


def _summed_up(plan: StoredPlan) -> tuple[PlanFigures, list[SessionSummary]]:
    problem = Problem.from_dict(plan.scenario)
    schedule = Schedule.from_dict(plan.schedule, problem)
    return _figures(problem, schedule), summarise_sessions(problem, schedule)


def _figures(problem: Problem, schedule: Schedule) -> PlanFigures:
    supply, hours = schedule.supply_point, problem.horizon.slot_hours
    given_kwh = [_given_back_kwh(session.energy_kwh) for session in schedule.sessions]
    worn_eur = sum(request.wear_eur_per_kwh * kwh for request, kwh in zip(problem.sessions, given_kwh, strict=True))
    return PlanFigures(
        cost_eur=bill_eur(problem, schedule) + worn_eur,
        peak_kw=max(kwh / hour for kwh, hour in zip(supply.imported_kwh, hours, strict=True)),
        imported_kwh=sum(supply.imported_kwh),
        exported_kwh=sum(supply.exported_kwh),
        charged_kwh=sum(max(kwh, 0.0) for session in schedule.sessions for kwh in session.energy_kwh),
        discharged_kwh=sum(given_kwh),
        shortfall_kwh=schedule.shortfall_kwh,
        limit_excess_kwh=sum(supply.limit_excess_kwh),
    )


def _given_back_kwh(energy_kwh: Sequence[float]) -> float:
    return sum(max(-kwh, 0.0) for kwh in energy_kwh)
