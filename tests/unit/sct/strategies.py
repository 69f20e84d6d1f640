"""Random sites for Hypothesis: small, of round numbers, so that ties and exact fits are frequent."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

PROFILES = ("fast", "green", "cheap", "default")
# Every run draws the same few examples; the campaigns draw many new ones.
FEW = settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def run_campaign(check: Callable[..., None], *, examples: int, **drawn: st.SearchStrategy) -> None:
    """Run a check on many new examples; the printed seed repeats them."""
    chosen = random.SystemRandom().getrandbits(32)
    print(f"campaign of {check.__name__}: seed {chosen}")
    many = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))

    def checked(**values: Any) -> None:
        check(**values)

    seed(chosen)(many(given(**drawn)(checked)))()


@st.composite
def sites(draw, *, optional: bool = True, profiles: bool = False, regime: str | None = None) -> dict[str, Any]:
    """A scenario of up to three EVs and six slots.

    Parameters
    ----------
    optional : bool
        Draw the inputs that go beyond the paper, too.
    profiles : bool
        Give some sessions a profile.
    regime : str, optional
        A degenerate regime of ``REGIMES``; None draws one, ``ordinary`` among them.
    """
    slots = draw(st.integers(1, 6))
    data = {
        "slot_minutes": 15,
        "start": "2026-11-22T18:00:00+01:00",
        "supply_point": {
            "max_kw": draw(st.sampled_from([0, 6, 10, 30])),
            "min_kw": draw(st.sampled_from([0, -5, -30])),
        },
        "demand_kw": _per_slot(draw, slots, [0, 0, 3, 7]),
        "production_kw": _per_slot(draw, slots, [0, 0, 4, 12]),
        "flexibility_kw": _per_slot(draw, slots, [0, 0, -4, 4]),
        "price_eur_per_kwh": _per_slot(draw, slots, draw(st.sampled_from([[0, 0.1, 0.3], [-0.1, 0, 0.1, 0.3]]))),
        "renewable_share": _per_slot(draw, slots, [0, 0.5, 1]),
        "opportunity_cost_eur_per_slot": draw(st.sampled_from([0, 0.05, 0.2, 1])),
        "tie_break": draw(st.sampled_from(["earliest", "latest"])),
        "sessions": [_session(draw, n, slots, optional) for n in range(draw(st.integers(0, 3)))],
    }
    if profiles:
        for session in data["sessions"]:
            session["profile"] = draw(st.sampled_from([None, *PROFILES]))
    if optional:
        _add_options(draw, data, slots)
    chosen = regime or draw(st.sampled_from(sorted(REGIMES)))
    REGIMES[chosen](data, slots)
    return data


def _per_slot(draw, slots: int, values: list[float]) -> list[float]:
    return draw(st.lists(st.sampled_from(values), min_size=slots, max_size=slots))


def _session(draw, n: int, slots: int, optional: bool) -> dict[str, Any]:
    arrival = draw(st.sampled_from([0, 0, draw(st.integers(0, slots - 1))]))
    departure = draw(st.sampled_from([slots - 1, draw(st.integers(arrival, slots - 1))]))
    session = {
        "id": f"EV{n}",
        "capacity_kwh": 20,
        "soc_kwh": draw(st.sampled_from([0, 9, 15, 20])),
        "evse_power_kw": draw(st.sampled_from([0, 4, 8, 8])),
        "evse_discharge_power_kw": draw(st.sampled_from([0, 4])),
        "target_soc": draw(st.sampled_from([0, 0.5, 0.6, 0.8, 1])),
        "target_slot": draw(st.sampled_from([departure, draw(st.integers(0, departure))])),
        "previous_slots": draw(st.sampled_from([0, 2])),
        "arrival_slot": arrival,
        "departure_slot": departure,
    }
    if optional:
        # Neutral values first and often: what one input does must show without the others, too.
        session["charge_efficiency"] = draw(st.sampled_from([1, 1, 0.8, 0.9]))
        session["discharge_efficiency"] = draw(st.sampled_from([1, 1, 0.8, 0.9]))
        session["min_soc_kwh"] = draw(st.sampled_from([0, 0, 8, 12]))
        session["wear_eur_per_kwh"] = draw(st.sampled_from([0, 0, 0.05, 0.2]))
        session["min_power_kw"] = draw(st.sampled_from([0, 0, 0, 2, 4, 6]))
        session["priority"] = draw(st.sampled_from([0, 0, 1, 2]))
        session["phases"] = draw(st.sampled_from([["L1", "L2", "L3"], ["L1"], ["L2"], ["L1", "L3"]]))
        if draw(st.sampled_from([False, False, True])):
            session["max_kw"] = _per_slot(draw, slots, [0, 3, 8, 20])
        if draw(st.sampled_from([False, False, True])):
            session["max_discharge_kw"] = _per_slot(draw, slots, [0, 0, 2, 20])
    return session


def _add_options(draw, data: dict[str, Any], slots: int) -> None:
    if draw(st.booleans()):
        data["export_price_eur_per_kwh"] = _per_slot(draw, slots, [-0.1, 0, 0.1, 0.2])
    data["demand_charge_eur_per_kw"] = draw(st.sampled_from([0, 0, 0.05, 0.5]))
    limits = [None, None, 0, 2, 4, [0, 3, 10], [2, 2, 6]]
    data["supply_point"]["phase_max_kw"] = draw(st.sampled_from(limits))
    if draw(st.sampled_from([False, False, True])):
        data["first_slot_minutes"] = draw(st.sampled_from([3, 6]))
    ids = [session["id"] for session in data["sessions"]]
    # Nested, as the feeders of a tree are: one within the other, and one of everybody.
    feeders = [ids[:1], ids[:2], ids[1:], ids]
    for g, members in enumerate(draw(st.lists(st.sampled_from(feeders), max_size=2))):
        group = {"id": f"feeder {g}", "session_ids": members, "max_kw": _per_slot(draw, slots, [0, 4, 10])}
        data.setdefault("groups", []).append(group)


def _for_each_session(**changes: Any) -> Callable[[dict[str, Any], int], None]:
    def change(data: dict[str, Any], _slots: int) -> None:
        for session in data["sessions"]:
            session.update(changes)

    return change


def _with(**changes: Any) -> Callable[[dict[str, Any], int], None]:
    """Replace values of the scenario; a list of one value stands for that value in every slot."""

    def change(data: dict[str, Any], slots: int) -> None:
        for key, value in changes.items():
            data[key] = value * slots if isinstance(value, list) else value

    return change


def _leave_out_sessions(data: dict[str, Any], _slots: int) -> None:
    data["sessions"] = []
    data.pop("groups", None)


def _keep_one_slot(data: dict[str, Any], _slots: int) -> None:
    for key, value in data.items():
        if isinstance(value, list) and key not in ("sessions", "groups"):
            data[key] = value[:1]
    for session in data["sessions"]:
        session.update(arrival_slot=0, departure_slot=0, target_slot=0)
    for limited in (*data["sessions"], *data.get("groups", [])):
        for cap in {"max_kw", "max_discharge_kw"} & set(limited):
            limited[cap] = limited[cap][:1]


def _shorten_stays(data: dict[str, Any], _slots: int) -> None:
    for session in data["sessions"]:
        arrival = session["arrival_slot"]
        session.update(departure_slot=arrival, target_slot=min(session["target_slot"], arrival))


def _close_groups(data: dict[str, Any], _slots: int) -> None:
    ids = [session["id"] for session in data["sessions"]]
    data["groups"] = [{"id": "closed", "session_ids": ids[:2], "max_kw": 0}]


def _close_phases(data: dict[str, Any], _slots: int) -> None:
    data["supply_point"]["phase_max_kw"] = 0


def _order_export(data: dict[str, Any], slots: int) -> None:
    data["supply_point"].update(max_kw=4, min_kw=-30)
    data["flexibility_kw"] = [-8] * slots


def _give_back_with_losses(data: dict[str, Any], slots: int) -> None:
    data["export_price_eur_per_kwh"] = [0.2] * slots
    _for_each_session(evse_discharge_power_kw=4, charge_efficiency=0.9, discharge_efficiency=0.8)(data, slots)


REGIMES: dict[str, Callable[[dict[str, Any], int], None]] = {
    "ordinary": lambda data, slots: None,
    "no session": _leave_out_sessions,
    "one slot": _keep_one_slot,
    "full battery": _for_each_session(soc_kwh=20),
    "target below what is held": _for_each_session(soc_kwh=15, target_soc=0.5),
    "no power": _for_each_session(evse_power_kw=0),
    "order below nothing": _order_export,
    "negative prices": _with(price_eur_per_kwh=[-0.1]),
    "production above demand": _with(demand_kw=[3], production_kw=[12]),
    "export price above price": _with(price_eur_per_kwh=[0.1], export_price_eur_per_kwh=[0.2]),
    "arrival is departure": _shorten_stays,
    "minimum power above the EVSE's": _for_each_session(evse_power_kw=4, min_power_kw=6),
    "closed group": _close_groups,
    "closed phases": _close_phases,
    "equal priorities": _for_each_session(priority=1, soc_kwh=9, target_soc=1),
    "losses on the way back": _give_back_with_losses,
}
