"""Each session's plan: EVSE, minimum power, battery, target."""

from __future__ import annotations

import numpy as np

from twinev.sct.verify.broken import TOLERANCE_KWH, Findings, told
from twinev.sct.verify.facts import Facts


def check_sessions(facts: Facts, findings: Findings) -> None:
    """Check every session, and what the schedule says of it."""
    _check_power(facts, findings)
    _check_battery(facts, findings)
    _check_shortfall(facts, findings)
    _check_reached_slot(facts, findings)


def _check_power(facts: Facts, findings: Findings) -> None:
    """c ≤ min(P, p_t)·h and d ≤ min(D, q_t)·h in the stay, nothing outside it; c = 0 or c ≥ the minimum power·h."""
    power_kw = np.repeat(facts.of_requests("evse_power_kw")[:, None], facts.problem.slots, axis=1)
    back_kw = np.repeat(facts.of_requests("evse_discharge_power_kw")[:, None], facts.problem.slots, axis=1)
    for n, session in enumerate(facts.problem.sessions):
        if session.max_kw is not None:
            power_kw[n] = np.minimum(power_kw[n], session.max_kw)
        if session.max_discharge_kw is not None:
            back_kw[n] = np.minimum(back_kw[n], session.max_discharge_kw)
    findings.at_most("EVSE power", facts.who, facts.charged_kwh, power_kw * facts.hours * facts.present)
    back_kwh = back_kw * facts.counted.discharge * facts.hours * facts.present
    findings.at_most("EVSE discharge power", facts.who, facts.discharged_kwh, back_kwh)
    least_kwh = facts.of_requests("min_power_kw")[:, None] * facts.hours
    charged_kwh = facts.charged_kwh
    findings.report(
        "minimum power",
        facts.who,
        (charged_kwh > TOLERANCE_KWH) & ~(charged_kwh >= least_kwh - TOLERANCE_KWH),
        lambda at: (told(charged_kwh[at], "kWh"), f"0, or at least {told(least_kwh[at], 'kWh')}"),
    )


def _check_battery(facts: Facts, findings: Findings) -> None:
    """s_t = s_(t−1) + ηc·c − d/ηd, between the floor and the capacity."""
    findings.at_most(
        "battery not above its capacity", facts.who, facts.soc_kwh, facts.of_requests("capacity_kwh")[:, None]
    )
    floor_kwh = np.minimum(facts.of_requests("min_soc_kwh"), facts.of_requests("soc_kwh"))
    findings.at_least("battery not below its floor", facts.who, facts.soc_kwh, floor_kwh[:, None])
    told_kwh = np.array([session.soc_kwh for session in facts.schedule.sessions], dtype=float)
    findings.equal(
        "state of charge follows from the energy", facts.who, told_kwh.reshape(facts.soc_kwh.shape), facts.soc_kwh
    )


def _check_shortfall(facts: Facts, findings: Findings) -> None:
    """What misses at the end of the target slot, Eq. (19), is told; who neither needs nor gives misses nothing."""
    target_slot = np.array([session.target_slot for session in facts.problem.sessions], dtype=int)
    row = np.arange(len(facts.who))
    claimed_kwh = np.array([session.shortfall_kwh for session in facts.schedule.sessions], dtype=float)
    missing_kwh = np.maximum(0.0, facts.target_kwh - facts.soc_kwh[row, target_slot])
    findings.equal("target met or shortfall told, Eq. (19)", facts.who, claimed_kwh, missing_kwh)
    until_target = np.arange(facts.problem.slots) <= target_slot[:, None]
    gave = (facts.discharged_kwh * until_target).any(axis=1)
    without_need = (facts.target_kwh <= facts.of_requests("soc_kwh")) & ~gave
    findings.report(
        "no shortfall without need",
        facts.who,
        (without_need & (claimed_kwh > 0)) | (claimed_kwh < 0),
        lambda at: (told(claimed_kwh[at], "kWh"), "0 kWh" if without_need[at] else "at least 0 kWh"),
    )


def _check_reached_slot(facts: Facts, findings: Findings) -> None:
    """Within the tolerance of the target a slot may be called the first or not."""
    never = facts.problem.slots
    earliest = _first(facts.soc_kwh >= facts.target_kwh[:, None] - TOLERANCE_KWH, never)
    latest = _first(facts.soc_kwh >= facts.target_kwh[:, None], never)
    said = [session.reached_slot for session in facts.schedule.sessions]
    slot = np.array([_place(value, never) for value in said], dtype=int)
    findings.report(
        "reached_slot is the first with the target",
        facts.who,
        ~((earliest <= slot) & (slot <= latest)),
        lambda at: (str(said[at[0]]), "none" if earliest[at] == never else str(earliest[at])),
    )


def _first(reached: np.ndarray, never: int) -> np.ndarray:
    """The first slot of each session in which it holds, ``never`` where there is none."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1), never)


def _place(slot: int | None, never: int) -> int:
    """A slot as a number: ``never`` for None, −1 for one that the horizon does not have."""
    if slot is None:
        return never
    return slot if 0 <= slot < never else -1
