"""What goes beyond the paper, input by input: optima that are computed by hand in each test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twinev.sct import optimise, verify

EXPORTING = {"max_kw": 20, "min_kw": -20}


@pytest.fixture
def shifting(problem, ev):
    """Slot 0 is free, then 1 kWh of demand a slot at 1 €: an EV that holds its target can carry energy over."""

    def make(session=None, **changes):
        giving = ev(evse_discharge_power_kw=8, target_soc=0.5, **(session or {}))
        return problem(
            **{"price_eur_per_kwh": [0, 1, 1, 1], "demand_kw": [0, 4, 4, 4], "sessions": [giving], **changes}
        )

    return make


def energies_kwh(schedule):
    return np.array([session.energy_kwh for session in schedule.sessions])


def shortfalls_kwh(schedule):
    return [session.shortfall_kwh for session in schedule.sessions]


# --- stay ------------------------------------------------------------------------------------------------------------


def test_stay_limits_charging_to_the_slots_between_arrival_and_departure(problem, ev):
    # 3 kWh in slots 1 and 2: 2 in the cheaper one, 1 in the other; the free slots 0 and 3 are outside the stay.
    session = ev(target_soc=0.65, arrival_slot=1, departure_slot=2, target_slot=2)

    schedule = optimise(problem(price_eur_per_kwh=[0, 2, 1, 0], sessions=[session]))

    assert schedule.objective == pytest.approx(2 * 1 + 1 * 2)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 1, 2, 0))


def test_arrival_in_the_slot_of_departure_leaves_one_slot(problem, ev):
    session = ev(arrival_slot=2, departure_slot=2, target_slot=2)

    schedule = optimise(problem(sessions=[session]))

    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 0, 2, 0))
    assert schedule.shortfall_kwh == pytest.approx(5 - 2)


# --- efficiency ------------------------------------------------------------------------------------------------------


def test_charge_efficiency_makes_the_evse_give_more_than_the_battery_gets(problem, ev):
    # 5 kWh in the battery are 5 / 0.8 = 6.25 kWh at the EVSE: three slots of 2 kWh and 0.25 kWh in the dearest.
    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], sessions=[ev(charge_efficiency=0.8)]))

    assert schedule.objective == pytest.approx(0.25 * 0.4 + 2 * 0.1 + 2 * 0.3 + 2 * 0.2)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0.25, 2, 2, 2))
    assert schedule.sessions[0].soc_kwh[-1] == pytest.approx(15)


def test_shortfall_is_counted_in_the_battery(problem, ev):
    # The EVSE gives 8 kWh in four slots, half of which arrives: 4 of 5 kWh.
    schedule = optimise(problem(sessions=[ev(charge_efficiency=0.5)]))

    assert schedule.shortfall_kwh == pytest.approx(1)


def test_room_in_the_battery_is_counted_behind_the_charger(problem, ev):
    # Paid for import: 1 kWh of room takes 1 / 0.8 = 1.25 kWh from the EVSE.
    session = ev(soc_kwh=19, charge_efficiency=0.8)

    schedule = optimise(problem(price_eur_per_kwh=[-1, -1, -1, -1], sessions=[session]))

    assert schedule.objective == pytest.approx(-1.25)


def test_discharge_efficiency_makes_the_battery_lose_more_than_the_evse_gets(shifting):
    # 2 kWh go in for nothing, 2 · 0.8 = 1.6 kWh come out: they replace that much of 3 kWh at 1 €.
    schedule = optimise(shifting({"discharge_efficiency": 0.8}), formulation="v2g")

    assert schedule.objective == pytest.approx(3 - 1.6)
    assert schedule.sessions[0].soc_kwh[-1] == pytest.approx(10)


def test_losses_of_both_ways_multiply(shifting):
    # 2 · 0.9 = 1.8 kWh reach the battery, 1.8 · 0.8 = 1.44 kWh come back.
    schedule = optimise(shifting({"charge_efficiency": 0.9, "discharge_efficiency": 0.8}), formulation="v2g")

    assert schedule.objective == pytest.approx(3 - 1.44)


@pytest.mark.parametrize(("efficiency", "expected_eur"), [(1.0, 2 * 0.8 + 3 - 2), (0.8, 3.0)])
def test_cycling_pays_only_where_the_price_rises_more_than_the_losses(shifting, efficiency, expected_eur):
    # Bought at 0.80 €, used at 1 €: worth it without losses, not when a fifth is lost (1 · 0.8 = 0.8: no gain left),
    # and less so with the other fifth (0.64 < 0.8).
    session = {"charge_efficiency": efficiency, "discharge_efficiency": efficiency}

    schedule = optimise(shifting(session, price_eur_per_kwh=[0.8, 1, 1, 1]), formulation="v2g")

    assert schedule.objective == pytest.approx(expected_eur)


def test_energy_is_never_wasted_by_charging_and_discharging_at_once(problem, ev):
    # Paid 0.10 € a kWh for import: losing energy pays. A full EV may give in one slot and take in another: D kWh given
    # are D / 0.8 / 0.8 = 1.5625·D kWh to take back. With two slots to take them, 4 kWh, D is 2.56 and the site
    # imports 1.44 kWh more than its demand of 8 kWh. (One slot to give in: D ≤ 2, only 1.125 kWh more.)
    session = ev(soc_kwh=20, target_soc=1.0, evse_discharge_power_kw=8, charge_efficiency=0.8, discharge_efficiency=0.8)

    schedule = optimise(problem(price_eur_per_kwh=[-0.1] * 4, demand_kw=[8] * 4, sessions=[session]), formulation="v2g")

    assert schedule.objective == pytest.approx(-0.1 * (8 + 1.44))


# --- SoC floor -------------------------------------------------------------------------------------------------------


def test_floor_ends_discharging(problem, ev):
    # 10 kWh held, 8 wanted, but the floor is 9: 1 kWh replaces the dearest kWh of demand. Prices only fall: nothing is
    # gained by buying for later.
    session = ev(evse_discharge_power_kw=8, target_soc=0.4, min_soc_kwh=9)

    schedule = optimise(
        problem(price_eur_per_kwh=[3, 2, 1, 1], demand_kw=[4] * 4, sessions=[session]), formulation="v2g"
    )

    assert schedule.objective == pytest.approx(2 + 1 + 1)
    assert schedule.sessions[0].energy_kwh == pytest.approx((-1, 0, 0, 0), abs=1e-6)


def test_arrival_below_the_floor_is_no_contradiction_and_nothing_is_taken_of_it(problem, ev):
    # 10 kWh brought, the floor is 12: down to 10 again is allowed. 2 kWh at 1 € in slot 0 replace 1 kWh at 3 € and 1 at
    # 2 €: 3 · 1 for slot 0, nothing in 1 and 2, 1 in slot 3.
    session = ev(evse_discharge_power_kw=8, target_soc=0.25, min_soc_kwh=12)

    schedule = optimise(
        problem(price_eur_per_kwh=[1, 3, 2, 1], demand_kw=[4] * 4, sessions=[session]), formulation="v2g"
    )

    assert schedule.objective == pytest.approx(3 + 1)
    assert min(schedule.sessions[0].soc_kwh) == pytest.approx(10)
    assert schedule.shortfall_kwh == 0


def test_floor_is_no_target(problem, ev):
    # Nothing makes an EV charge up to its floor.
    schedule = optimise(problem(price_eur_per_kwh=[1] * 4, sessions=[ev(target_soc=0.5, min_soc_kwh=18)]))

    assert schedule.objective == 0


# --- wear ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wear", "expected_eur"), [(0, 1), (0.3, 1 + 2 * 0.3), (0.999, 1 + 2 * 0.999), (1.2, 3)])
def test_cycling_pays_only_above_its_wear(shifting, wear, expected_eur):
    # Each of 2 kWh saves 1 € and costs its wear.
    schedule = optimise(shifting({"wear_eur_per_kwh": wear}), formulation="v2g")

    assert schedule.objective == pytest.approx(expected_eur)


def test_wear_is_counted_at_the_evse(shifting):
    # 1.6 of 2 kWh come out: 3 − 1.6 for import and 0.5 for each of the 1.6.
    schedule = optimise(shifting({"wear_eur_per_kwh": 0.5, "discharge_efficiency": 0.8}), formulation="v2g")

    assert schedule.objective == pytest.approx(3 - 1.6 + 0.5 * 1.6)


def test_wear_does_not_burden_charging(problem, ev):
    schedule = optimise(problem(price_eur_per_kwh=[1] * 4, sessions=[ev(wear_eur_per_kwh=9)]), formulation="v2g")

    assert schedule.objective == pytest.approx(5)


def test_wear_of_two_evs_makes_the_less_worn_one_give(problem, ev):
    # 1 kWh of demand at 1 €: EV1 gives it at 0.2 rather than EV0 at 0.5.
    giving = {"evse_discharge_power_kw": 8, "target_soc": 0.4}
    sessions = [ev(wear_eur_per_kwh=0.5, **giving), ev("EV1", wear_eur_per_kwh=0.2, **giving)]

    schedule = optimise(
        problem(price_eur_per_kwh=[0, 1, 0, 0], demand_kw=[0, 4, 0, 0], sessions=sessions), formulation="v2g"
    )

    assert schedule.objective == pytest.approx(0.2)
    assert schedule.sessions[1].energy_kwh[1] == pytest.approx(-1)


# --- minimum power ---------------------------------------------------------------------------------------------------


def test_minimum_power_spreads_the_need_over_few_slots(problem, ev):
    # 6 kW are 1.5 kWh a slot. 5 kWh take three slots, 2 + 1.5 + 1.5: most in the cheapest.
    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], sessions=[ev(min_power_kw=6)]))

    assert schedule.objective == pytest.approx(2 * 0.1 + 1.5 * 0.2 + 1.5 * 0.3)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 1.5, 1.5), abs=1e-6)


def test_minimum_power_makes_the_last_portion_larger_than_the_need(problem, ev):
    # 1 kWh is missing, 1.5 kWh is the least that flows.
    session = ev(soc_kwh=14, min_power_kw=6)

    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], sessions=[session]))

    assert schedule.objective == pytest.approx(1.5 * 0.1)
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 1.5, 0, 0), abs=1e-6)


def test_minimum_power_leaves_short_what_the_battery_has_no_room_for(problem, ev):
    schedule = optimise(problem(sessions=[ev(soc_kwh=19, target_soc=1.0, min_power_kw=6)]))

    assert schedule.shortfall_kwh == pytest.approx(1)
    assert not any(schedule.sessions[0].energy_kwh)


def test_minimum_power_above_the_evse_power_lets_nothing_flow(problem, ev):
    schedule = optimise(problem(sessions=[ev(min_power_kw=9)]))

    assert schedule.shortfall_kwh == pytest.approx(5)
    assert schedule.status == "optimal"


def test_minimum_power_of_two_evs_takes_turns_under_one_limit(problem, ev):
    # 10 kW: two at 6 kW do not fit together. Each gets two slots of 8 kW: 4 of 5 kWh.
    sessions = [ev(min_power_kw=6), ev("EV1", min_power_kw=6)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 10, "min_kw": 0}))

    energy_kwh = energies_kwh(schedule)
    assert shortfalls_kwh(schedule) == pytest.approx([1, 1], abs=1e-6)
    assert not (energy_kwh > 1e-6).all(axis=0).any()


def test_minimum_power_does_not_bind_discharging(shifting):
    schedule = optimise(shifting({"min_power_kw": 6}), formulation="v2g")

    # As without it: 2 kWh in, 1 + 1 kWh out, though 1 kWh in a slot is 4 kW.
    assert schedule.objective == pytest.approx(1)


# --- per-slot limit of the EVSE --------------------------------------------------------------------------------------


def test_limit_per_slot_below_the_minimum_power_closes_the_slot(problem, ev):
    # Slot 1, the cheapest, allows 4 kW where 6 is the least: 2 + 1.5 + 1.5 kWh in the others.
    session = ev(min_power_kw=6, max_kw=[8, 4, 8, 8])

    schedule = optimise(problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2], sessions=[session]))

    assert schedule.objective == pytest.approx(2 * 0.2 + 1.5 * 0.3 + 1.5 * 0.4)


def test_limit_per_slot_caps_charging_and_leaves_discharging(shifting):
    # Only 0.5 kWh go in for nothing, the slots that discharge are closed for charging alone.
    schedule = optimise(shifting({"max_kw": [2, 0, 0, 0]}), formulation="v2g")

    assert schedule.objective == pytest.approx(3 - 0.5)


def test_limit_of_discharging_per_slot_closes_the_slot_and_leaves_charging(shifting):
    # 2 kWh in for nothing; only the last slot lets 1 of them out.
    schedule = optimise(shifting({"max_discharge_kw": [0, 0, 0, 4]}), formulation="v2g")

    assert (energies_kwh(schedule)[0][:3] >= 0).all()
    assert schedule.objective == pytest.approx(2)


def test_limit_of_discharging_is_held_against_a_plan_by_verify(shifting):
    free, closed = shifting({}), shifting({"max_discharge_kw": 0})

    plan = optimise(free, formulation="v2g")

    assert verify(free, plan).holds
    claimed = replace(plan, scenario_sha256=closed.sha256)
    assert "EVSE discharge power" in str(verify(closed, claimed))


# --- export price ----------------------------------------------------------------------------------------------------


def test_export_price_pays_for_carrying_energy_to_the_dear_slot(problem, ev):
    # 2 kWh sold at 0.30 € in slot 2, bought back at 0.10 €.
    asked = problem(
        price_eur_per_kwh=[0.1] * 4,
        export_price_eur_per_kwh=[0, 0, 0.3, 0],
        supply_point=EXPORTING,
        sessions=[ev(evse_discharge_power_kw=8, target_soc=0.5)],
    )

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(2 * 0.1 - 2 * 0.3)
    assert schedule.sessions[0].energy_kwh[2] == pytest.approx(-2)
    assert schedule.supply_point.exported_kwh == pytest.approx((0, 0, 2, 0), abs=1e-6)


def test_export_price_makes_own_production_worth_something(problem):
    # 1 kWh of surplus a slot, sold at 0.05, 0.05, 0.25 and 0.05 €; import costs 0.10 €. The EV needs 5 kWh: the surplus
    # of slots 0, 1 and 3 and 2 kWh of import; slot 2 sells its own.
    asked = problem(
        price_eur_per_kwh=[0.1] * 4,
        export_price_eur_per_kwh=[0.05, 0.05, 0.25, 0.05],
        production_kw=[4] * 4,
        supply_point=EXPORTING,
    )

    schedule = optimise(asked)

    assert schedule.objective == pytest.approx(2 * 0.1 - 0.25)
    assert schedule.sessions[0].energy_kwh[2] == pytest.approx(0, abs=1e-6)


def test_export_price_above_the_price_is_not_earned_on_import_that_goes_round(problem):
    # 1 kWh of surplus a slot sells at 0.20 €, import costs 0.10 €. 1 kWh charged loses 0.20 €, the next one of that
    # slot costs 0.10 €: 5 kWh are gathered, 2 + 2 + 1, and lose 0.3 + 0.3 + 0.2 of 4 · 0.2 €.
    asked = problem(
        price_eur_per_kwh=[0.1] * 4,
        export_price_eur_per_kwh=[0.2] * 4,
        production_kw=[4] * 4,
        supply_point=EXPORTING,
    )

    schedule = optimise(asked)

    assert schedule.objective == pytest.approx(0, abs=1e-6)
    assert sorted(schedule.sessions[0].energy_kwh) == pytest.approx([0, 1, 2, 2], abs=1e-6)


def test_negative_export_price_makes_the_ev_take_the_surplus(problem):
    # 2 kWh of surplus a slot, each costs 0.10 € to be rid of: the EV takes all of it, more than it asked for.
    asked = problem(production_kw=[8] * 4, export_price_eur_per_kwh=[-0.1] * 4, supply_point=EXPORTING)

    schedule = optimise(asked)

    assert schedule.objective == pytest.approx(0, abs=1e-6)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 2, 2), abs=1e-6)


# --- demand charge ---------------------------------------------------------------------------------------------------


def test_demand_charge_flattens_the_peak(problem):
    # 5 kWh in one hour cannot be had below 5 kW.
    schedule = optimise(problem(demand_charge_eur_per_kw=0.5))

    assert schedule.objective == pytest.approx(0.5 * 5)
    assert schedule.sessions[0].energy_kwh == pytest.approx((1.25,) * 4, abs=1e-5)


def test_demand_charge_fills_the_valleys_of_the_demand(problem):
    # 8 kW of demand in slot 2 are the peak whatever the EV does; the other slots hold 6 kWh below it.
    schedule = optimise(problem(demand_charge_eur_per_kw=0.5, demand_kw=[0, 0, 8, 0]))

    assert schedule.objective == pytest.approx(0.5 * 8)
    assert schedule.sessions[0].energy_kwh[2] == pytest.approx(0, abs=1e-6)


def test_demand_charge_is_weighed_against_the_price(problem):
    # Slot 0 is dear: a kWh there costs 1 € and lowers the peak of three slots by 4/3 kW, 0.13 €. So 5 kWh in three
    # slots: 6.67 kW.
    schedule = optimise(problem(demand_charge_eur_per_kw=0.1, price_eur_per_kwh=[1, 0, 0, 0]))

    assert schedule.objective == pytest.approx(0.1 * 20 / 3)


def test_demand_charge_counts_mean_power_of_a_slot_that_has_begun(problem):
    # Slots of 0.1 and 3 · 0.25 h: 5 kWh at the same power all the time are 5 / 0.85 kW.
    schedule = optimise(problem(demand_charge_eur_per_kw=1, first_slot_minutes=6))

    assert schedule.objective == pytest.approx(5 / 0.85)


def test_demand_charge_is_shaved_by_discharging(problem, ev):
    # 2 kWh of demand, all in slot 1: spread over four slots they are 2 kW at best. The EV takes 0.5 kWh in three slots
    # and gives 1.5 kWh in the fourth.
    session = ev(evse_discharge_power_kw=8, target_soc=0.5)

    schedule = optimise(
        problem(demand_charge_eur_per_kw=1, demand_kw=[0, 8, 0, 0], sessions=[session]), formulation="v2g"
    )

    assert schedule.objective == pytest.approx(2)


def test_demand_charge_earns_nothing_on_export(problem):
    asked = problem(
        demand_charge_eur_per_kw=1, production_kw=[12] * 4, supply_point=EXPORTING, export_price_eur_per_kwh=[0.1] * 4
    )

    schedule = optimise(asked)

    # 12 kWh produced, 5 kWh charged, 7 kWh sold, nothing imported.
    assert schedule.objective == pytest.approx(-0.7)


# --- priority --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priorities", "expected_kwh"), [((0, 0), (3, 3)), ((0, 1), (5, 1)), ((2, 1), (1, 5)), ((7, 7), (3, 3))]
)
def test_priority_decides_who_goes_short(problem, ev, priorities, expected_kwh):
    # 1 kWh a slot, 4 in all, for two who need 5 each.
    first, second = priorities
    sessions = [ev(priority=first), ev("EV1", priority=second)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 4, "min_kw": 0}))

    assert shortfalls_kwh(schedule) == pytest.approx(expected_kwh, abs=1e-6)


def test_equal_priorities_share_what_a_higher_one_leaves(problem, ev):
    # 8 kWh: 5 for EV2, the other two share 3.
    sessions = [ev(), ev("EV1"), ev("EV2", priority=1)]

    schedule = optimise(problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0}))

    assert shortfalls_kwh(schedule) == pytest.approx([3.5, 3.5, 0], abs=1e-6)


def test_higher_priority_is_served_even_where_the_energy_would_go_further_elsewhere(problem, ev):
    # Half of what EV1 takes is lost: of 4 kWh it keeps 2. EV0 would keep all four.
    lossy = {"charge_efficiency": 0.5}
    supply = {"max_kw": 4, "min_kw": 0}

    ranked = optimise(problem(sessions=[ev(), ev("EV1", priority=1, **lossy)], supply_point=supply))
    equal = optimise(problem(sessions=[ev(), ev("EV1", **lossy)], supply_point=supply))

    assert shortfalls_kwh(ranked) == pytest.approx([5, 3], abs=1e-6)
    assert shortfalls_kwh(equal) == pytest.approx([1, 5], abs=1e-6)


def test_priority_changes_nothing_where_everyone_is_served(problem, ev):
    sessions = [ev(target_soc=0.6), ev("EV1", target_soc=0.6)]
    prices = {"price_eur_per_kwh": [0.4, 0.1, 0.3, 0.2], "supply_point": {"max_kw": 8, "min_kw": 0}}

    plain = optimise(problem(sessions=sessions, **prices))
    ranked = optimise(problem(sessions=[sessions[0], {**sessions[1], "priority": 3}], **prices))

    assert plain.objective == pytest.approx(2 * 0.1 + 2 * 0.2)
    assert ranked.objective == pytest.approx(plain.objective)


# --- groups ----------------------------------------------------------------------------------------------------------


def test_nested_groups_all_bind(problem, ev):
    # EV0 and EV1 in a street of 4 kW: its 1 kWh a slot is used up at 1 + 2 + 3 + 4. The estate of 8 kW leaves EV2
    # 1 kWh a slot: at 1 + 2.
    groups = [
        {"id": "street", "session_ids": ["EV0", "EV1"], "max_kw": 4},
        {"id": "estate", "session_ids": ["EV0", "EV1", "EV2"], "max_kw": 8},
    ]
    sessions = [ev(f"EV{n}", target_soc=0.6) for n in range(3)]

    schedule = optimise(problem(sessions=sessions, groups=groups, price_eur_per_kwh=[1, 2, 3, 4]))

    assert schedule.objective == pytest.approx(10 + 3)


def test_overlapping_groups_both_bind(problem, ev):
    # EV1 shares 1 kWh a slot with EV0 and with EV2, so each pair uses all four slots. Whatever slots EV1 takes, the
    # two others pay for the rest: cheapest when EV1 takes the dear ones.
    groups = [
        {"id": "left", "session_ids": ["EV0", "EV1"], "max_kw": 4},
        {"id": "right", "session_ids": ["EV1", "EV2"], "max_kw": 4},
    ]
    sessions = [ev(f"EV{n}", target_soc=0.6) for n in range(3)]

    schedule = optimise(problem(sessions=sessions, groups=groups, price_eur_per_kwh=[1, 2, 3, 4]))

    assert schedule.objective == pytest.approx((3 + 4) + 2 * (1 + 2))


def test_group_counts_what_its_evs_give_to_each_other(problem, ev):
    # Nothing may flow into the group, but EV1 holds 2 kWh more than it wants: EV0 gets them.
    sessions = [ev(target_soc=0.6), ev("EV1", target_soc=0.4, evse_discharge_power_kw=8)]
    group = {"id": "island", "session_ids": ["EV0", "EV1"], "max_kw": 0}

    schedule = optimise(problem(sessions=sessions, groups=[group]), formulation="v2g")

    assert shortfalls_kwh(schedule) == pytest.approx([0, 0], abs=1e-6)


# --- phases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "expected_kwh"),
    [
        (["L1"], 5 - 4 * 0.5),
        (["L2", "L3"], 5 - 4 * 1.0),
        (["L1", "L2", "L3"], 0),
    ],
)
def test_phases_of_an_ev_share_its_power_evenly(problem, ev, phases, expected_kwh):
    # 6 kW of demand load each phase with 2 of its 4 kW: 0.5 kWh a slot are left on each.
    asked = problem(
        demand_kw=[6] * 4, supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": 4}, sessions=[ev(phases=phases)]
    )

    schedule = optimise(asked)

    assert schedule.shortfall_kwh == pytest.approx(expected_kwh, abs=1e-6)


def test_phase_limit_makes_a_three_phase_ev_use_dearer_slots(problem, ev):
    # Three phases leave 1.5 kWh a slot: 1.5 at 1, 2 and 3 €, 0.5 at 4 €; the demand is 1.5 kWh a slot.
    asked = problem(
        demand_kw=[6] * 4,
        price_eur_per_kwh=[1, 2, 3, 4],
        supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": [4, 4, 4]},
    )

    schedule = optimise(asked)

    assert schedule.objective == pytest.approx(1.5 * (1 + 2 + 3 + 4) + 1.5 * (1 + 2 + 3) + 0.5 * 4)


def test_evs_on_different_phases_do_not_stand_in_each_others_way(problem, ev):
    # 8 kWh fit through each phase in four slots: two EVs on L1 share it, one on L2 has its own.
    sessions = [ev(phases=["L1"]), ev("EV1", phases=["L1"]), ev("EV2", phases=["L2"])]
    supply = {"max_kw": 40, "min_kw": 0, "phase_max_kw": 8}

    schedule = optimise(problem(sessions=sessions, supply_point=supply))

    assert shortfalls_kwh(schedule) == pytest.approx([1, 1, 0], abs=1e-6)


def test_limit_of_one_phase_alone_binds(problem, ev):
    sessions = [ev(phases=["L1"]), ev("EV1", phases=["L3"])]
    supply = {"max_kw": 40, "min_kw": 0, "phase_max_kw": [2, 20, 20]}

    schedule = optimise(problem(sessions=sessions, supply_point=supply))

    assert shortfalls_kwh(schedule) == pytest.approx([5 - 4 * 0.5, 0], abs=1e-6)


@pytest.mark.parametrize(("formulation", "expected_kwh"), [("cpo", 1), ("v2g", 0)])
def test_discharging_makes_room_on_its_phase(problem, ev, formulation, expected_kwh):
    # EV0 needs 2 kWh in slot 0, L1 lets 1 kWh through: EV1, on the same phase, gives the other.
    sessions = [
        ev(phases=["L1"], target_soc=0.6, target_slot=0),
        ev("EV1", phases=["L1"], target_soc=0.4, evse_discharge_power_kw=8),
    ]

    schedule = optimise(
        problem(sessions=sessions, supply_point={"max_kw": 40, "min_kw": 0, "phase_max_kw": 4}), formulation=formulation
    )

    assert schedule.shortfall_kwh == pytest.approx(expected_kwh, abs=1e-6)


def test_discharging_on_another_phase_makes_no_room(problem, ev):
    sessions = [
        ev(phases=["L1"], target_soc=0.6, target_slot=0),
        ev("EV1", phases=["L2"], target_soc=0.4, evse_discharge_power_kw=8),
    ]

    schedule = optimise(
        problem(sessions=sessions, supply_point={"max_kw": 40, "min_kw": 0, "phase_max_kw": 4}), formulation="v2g"
    )

    assert schedule.shortfall_kwh == pytest.approx(1, abs=1e-6)


def test_phase_limit_cuts_both_ways(problem, ev):
    # 2 kWh above the target would all go at 0.30 €, but 4 kW is what L1 carries, outwards too: 1 kWh a slot, the other
    # at 0.20 €.
    session = ev(phases=["L1"], target_soc=0.4, evse_discharge_power_kw=8)
    asked = problem(
        export_price_eur_per_kwh=[0.3, 0.2, 0.1, 0.1],
        price_eur_per_kwh=[0.4] * 4,
        supply_point={**EXPORTING, "phase_max_kw": 4},
        sessions=[session],
    )

    schedule = optimise(asked, formulation="v2g")

    assert schedule.objective == pytest.approx(-0.3 - 0.2)


def test_demand_above_the_phases_is_told_as_excess_of_each(problem):
    # 15 kW are 5 kW a phase: 1 kW above each of three, 0.75 kWh in the slot.
    schedule = optimise(problem(demand_kw=[0, 15, 0, 0], supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": 4}))

    assert schedule.status == "infeasible"
    assert schedule.supply_point.limit_excess_kwh == pytest.approx((0, 0.75, 0, 0), abs=1e-6)
    assert schedule.sessions[0].energy_kwh[1] == pytest.approx(0, abs=1e-6)


def test_flexibility_order_does_not_move_the_phases(problem):
    # The order lets 40 kW in, the phases 3 · 1 kW: 0.75 kWh a slot.
    asked = problem(flexibility_kw=[20] * 4, supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": 1})

    schedule = optimise(asked, formulation="grid")

    assert schedule.shortfall_kwh == pytest.approx(5 - 4 * 0.75, abs=1e-6)
