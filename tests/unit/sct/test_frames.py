"""Problems and schedules as DataFrames: one row per thing, times in the scenario's zone."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from twinev.sct.frames import power_frame, request_frame, session_frame, summary_frame, supply_point_frame
from twinev.sct.summary import bill_eur


@pytest.fixture
def asked(problem, ev):
    return problem(
        sessions=[ev(), ev("EV1", target_soc=1.0)],
        price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4],
        demand_kw=[4, 0, 0, 0],
        flexibility_kw=[0, 0, 0, -5],
    )


@pytest.fixture
def planned(asked, plan):
    return plan(asked, [[1, 2, 2, 0], [1, 2, 2, 2]], formulation="grid")


def test_session_frame_has_one_row_per_session_and_slot(asked, planned):
    frame = session_frame(asked, planned)

    assert len(frame) == 8
    assert frame.query("session == 'EV0'")["power_kw"].tolist() == [4, 8, 8, 0]
    assert frame.query("session == 'EV0'")["soc_percent"].tolist() == [55, 65, 75, 75]
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:00:00+01:00")
    assert frame.index.tz.utcoffset(None) == timedelta(hours=1)


def test_power_frame_has_one_column_per_session(asked, planned):
    frame = power_frame(asked, planned)

    assert list(frame.columns) == ["EV0", "EV1"]
    assert frame.index.name == "start"
    assert frame.sum(axis="columns").tolist() == [8, 16, 16, 8]


def test_supply_point_frame_balances_and_knows_the_limits_that_counted(asked, planned):
    frame = supply_point_frame(asked, planned)

    assert frame["net_kw"].tolist() == pytest.approx(
        (frame["demand_kw"] - frame["production_kw"] + frame["ev_kw"]).tolist()
    )
    assert frame["import_limit_kw"].tolist() == [20, 20, 20, 15]
    assert frame["export_limit_kw"].tolist() == [0, 0, 0, 0]


def test_summary_frame_tells_what_each_asked_and_got(asked, planned):
    frame = summary_frame(asked, planned)

    assert frame.loc["EV0", ["asked_kwh", "got_kwh", "short_kwh", "peak_kw"]].tolist() == [5, 5, 0, 8]
    assert frame.loc["EV0", "reached"] == pd.Timestamp("2026-11-22T18:45:00+01:00")
    assert frame.loc["EV1", "short_kwh"] == pytest.approx(3)
    assert pd.isna(frame.loc["EV1", "reached"])


def test_cost_of_sessions_and_demand_is_the_cost_of_the_import(asked, planned):
    imported_eur = sum(
        price * kwh for price, kwh in zip(asked.price_eur_per_kwh, planned.supply_point.imported_kwh, strict=True)
    )

    assert summary_frame(asked, planned)["cost_eur"].sum() + 0.1 * 1 == pytest.approx(imported_eur)


def test_own_production_and_wear_count_in_the_cost_share(problem, ev, plan):
    asked = problem(
        sessions=[ev(wear_eur_per_kwh=0.05, evse_discharge_power_kw=8), ev("EV1")],
        price_eur_per_kwh=[1.0] * 4,
        production_kw=[8, 0, 0, 0],
    )
    planned = plan(asked, [[2, 2, -1, 2], [2, 1, 1, 1]], formulation="v2g")

    cost = summary_frame(asked, planned)["cost_eur"]

    # Slot 0: half of the 4 kWh is imported. Slot 2: EV0 gives EV1 its kWh, at the price of its wear.
    assert cost["EV0"] == pytest.approx(1 + 2 + 0.05 + 2)
    assert cost["EV1"] == pytest.approx(1 + 1 + 0 + 1)


def test_request_frame_has_the_keys_of_the_scenario(asked):
    frame = request_frame(asked)

    assert frame.loc["EV1", "target_soc"] == 1.0
    assert {"evse_power_kw", "priority", "phases", "profile"} <= set(frame.columns)


def test_frames_of_no_sessions_are_empty(problem, plan):
    asked = problem(sessions=[])
    planned = plan(asked, [])

    assert session_frame(asked, planned).empty
    assert power_frame(asked, planned).shape == (4, 0)
    assert summary_frame(asked, planned).empty
    assert request_frame(asked).empty
    assert supply_point_frame(asked, planned)["ev_kw"].tolist() == [0, 0, 0, 0]


def test_bill_counts_import_export_and_the_charge_on_the_peak(problem, ev, plan):
    asked = problem(
        sessions=[ev()],
        price_eur_per_kwh=[0.3] * 4,
        export_price_eur_per_kwh=[0.1] * 4,
        demand_charge_eur_per_kw=2,
        production_kw=[8, 0, 0, 0],
        supply_point={"max_kw": 20, "min_kw": -20},
    )

    bill = bill_eur(asked, plan(asked, [[0, 2, 2, 1]]))

    assert bill == pytest.approx(0.3 * 5 - 0.1 * 2 + 2 * 8)
