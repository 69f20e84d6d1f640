"""Which profiles a station gets that keeps only a few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.charge_points import Evse
from twinev.domain.charging_profile import ProfilePurpose
from twinev.services.fit_room import fit_room
from twinev.services.translate_plan import DesiredProfile, fallback_profiles, station_max_profiles, tx_profile

TX, DEFAULT, MAXIMUM = ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT, ProfilePurpose.STATION_MAX


def wanted_of(make, evses=2, *, planned=(1, 2)):
    """A station with its fallbacks, its maximum, and a plan of three hours at 9 kW for some EVSEs."""
    station = make.station("A", evses=tuple(Evse(id=n, max_kw=11.0) for n in range(1, evses + 1)))
    state = make.state(site=make.site(fallback_kw=4.0), stations=(station,))
    energy_kwh = [9.0 * hours for hours in state.horizon.slot_hours]
    plans = [
        DesiredProfile(
            key=("A", evse_id),
            profile=tx_profile(
                make.session("A", evse_id=evse_id, ocpp_transaction_id=f"tx-{evse_id}"),
                energy_kwh,
                state.horizon,
                last_slot=11,
            ),
            ceiling_kw=11.0,
        )
        for evse_id in planned
    ]
    return [*fallback_profiles(state), *plans, *station_max_profiles(state)]


def names(desired):
    return [(one.profile.purpose, one.key[1]) for one in desired]


def test_station_that_names_no_number_gets_everything(make):
    wanted = wanted_of(make)

    assert fit_room(wanted, {}) == wanted
    assert fit_room(wanted, {"A": None}) == wanted


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (5, [(DEFAULT, 1), (DEFAULT, 2), (TX, 1), (TX, 2), (MAXIMUM, 0)]),
        (4, [(DEFAULT, 1), (DEFAULT, 2), (TX, 1), (TX, 2)]),
        (3, [(DEFAULT, 0), (TX, 1), (TX, 2)]),
        (2, [(DEFAULT, 1), (DEFAULT, 2)]),
        (1, [(DEFAULT, 0)]),
    ],
)
def test_most_important_profiles_come_first(make, room, expected):
    assert names(fit_room(wanted_of(make), {"A": room})) == expected


def test_one_profile_for_each_evse_carries_the_plan_and_then_the_fallback(make):
    (only,) = fit_room(wanted_of(make, evses=1, planned=(1,)), {"A": 1})

    schedule = only.profile.schedule
    assert only.profile.purpose is DEFAULT
    assert only.profile.ocpp_transaction_id is None
    assert schedule.duration_seconds is None
    assert schedule.limit_kw_at(make.NOW) == 9.0
    assert schedule.limit_kw_at(make.NOW + timedelta(hours=4)) == 4.0


def test_common_fallback_is_the_lowest_of_all(make):
    station = make.station("A", evses=(Evse(id=1, max_kw=11.0), Evse(id=2, max_kw=3.0)))
    state = make.state(site=make.site(fallback_kw=7.0), stations=(station,))

    (common,) = fit_room(fallback_profiles(state), {"A": 1})

    assert common.key == ("A", 0)
    assert common.profile.evse_id == 0
    assert common.profile.schedule.limit_kw_at(make.NOW) == 3.0


@given(evses=st.integers(1, 4), room=st.integers(1, 10), planned=st.sets(st.integers(1, 4)))
def test_room_is_never_exceeded_and_every_evse_has_a_fallback(make, evses, room, planned):
    wanted = wanted_of(make, evses, planned=tuple(sorted(n for n in planned if n <= evses)))

    fitted = fit_room(wanted, {"A": room})

    assert len(fitted) <= room
    places = {key for purpose, key in names(fitted) if purpose is DEFAULT}
    assert places in ({0}, set(range(1, evses + 1)))
    assert len({one.profile.id for one in fitted}) == len(fitted), "ids never collide"
