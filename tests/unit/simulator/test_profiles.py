"""Which profiles a station takes, replaces and clears."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinev.simulator.fleet import StationSpec
from twinev.simulator.limits import EXTERNAL, STATION_MAX, TX, TX_DEFAULT, Period, StationProfile
from twinev.simulator.profiles import MAX_PERIODS, MAX_PROFILES, InstalledProfiles

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def profile(profile_id: int = 1, purpose: str = TX_DEFAULT, **more) -> StationProfile:
    given = {
        "stack_level": 0,
        "evse_id": 1,
        "unit": "W",
        "periods": (Period(start_seconds=0, limit=6000),),
        "start": NOW,
    }
    return StationProfile(id=profile_id, purpose=purpose, **(given | more))


def installed(*, replace_equal_stack: bool = False, **spec) -> InstalledProfiles:
    return InstalledProfiles(spec=StationSpec(id="A", ocpp="2.0.1", **spec), replace_equal_stack=replace_equal_stack)


def periods(*starts: int) -> tuple[Period, ...]:
    return tuple(Period(start_seconds=start, limit=6000) for start in starts)


REFUSED = {
    "a unit that the station does not know": (profile(unit="A"), "UnsupportedRateUnit"),
    "no period": (profile(periods=()), "InvalidSchedule"),
    "a first period that is not at 0": (profile(periods=periods(10)), "InvalidSchedule"),
    "periods out of order": (profile(periods=periods(0, 20, 10)), "InvalidSchedule"),
    "two periods at once": (profile(periods=periods(0, 10, 10)), "InvalidSchedule"),
    "too many periods": (profile(periods=periods(*range(MAX_PERIODS + 1))), "InvalidSchedule"),
    "a stack level beyond the highest": (profile(stack_level=11), "InvalidStackLevel"),
    "an EVSE that is not there": (profile(evse_id=2), "UnknownEVSE"),
    "a station's maximum for an EVSE": (profile(purpose=STATION_MAX, evse_id=1), "InvalidProfile"),
    "a station's maximum without start": (profile(purpose=STATION_MAX, evse_id=0, start=None), "InvalidProfile"),
    "a transaction that does not run": (profile(purpose=TX, transaction_id="other"), "TxNotFound"),
    "a TxProfile for the station": (profile(purpose=TX, evse_id=0, transaction_id="tx"), "InvalidProfile"),
    "a discharge that the station cannot do": (
        profile(periods=(Period(start_seconds=0, limit=-3000),)),
        "InvalidSchedule",
    ),
    "a recurring profile": (profile(kind="Recurring"), "UnsupportedKind"),
    "a purpose that only the station sets": (
        profile(purpose="ChargingStationExternalConstraints"),
        "UnsupportedPurpose",
    ),
}


@pytest.mark.parametrize(("refused", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_profile_is_refused_for(refused, code):
    profiles = installed(rate_unit="W")
    assert profiles.install(refused, now=NOW, transaction_id="tx").code == code
    assert profiles.all() == ()


def test_transaction_profile_is_refused_without_transaction():
    refused = profile(purpose=TX, transaction_id=None)
    assert installed().install(refused, now=NOW, transaction_id=None).code == "TxNotFound"


def test_profile_of_equal_id_is_replaced():
    profiles = installed()
    profiles.install(profile(1), now=NOW, transaction_id=None)
    assert profiles.install(profile(1, stack_level=3), now=NOW, transaction_id=None) is None
    assert [p.stack_level for p in profiles.all()] == [3]


def test_profile_of_equal_place_is_replaced_in_ocpp_16():
    profiles = installed(replace_equal_stack=True)
    profiles.install(profile(1), now=NOW, transaction_id=None)
    assert profiles.install(profile(2), now=NOW, transaction_id=None) is None
    assert [p.id for p in profiles.all()] == [2]


def test_profile_of_equal_place_is_refused_in_ocpp_201():
    profiles = installed()
    profiles.install(profile(1), now=NOW, transaction_id=None)
    assert profiles.install(profile(2), now=NOW, transaction_id=None).code == "DuplicateProfile"
    later = profile(3, valid_from=NOW + timedelta(hours=1))
    assert profiles.install(later, now=NOW, transaction_id=None).code == "DuplicateProfile"


def test_profile_that_is_over_is_forgotten():
    profiles = installed()
    profiles.install(profile(1, duration_seconds=60), now=NOW, transaction_id=None)
    assert profiles.install(profile(2), now=NOW + timedelta(seconds=60), transaction_id=None) is None
    assert [p.id for p in profiles.all()] == [2]


def test_only_so_many_profiles_fit():
    profiles = installed()
    for number in range(MAX_PROFILES):
        assert profiles.install(profile(number, stack_level=number), now=NOW, transaction_id=None) is None
    refusal = profiles.install(profile(99, stack_level=10), now=NOW, transaction_id=None)
    assert refusal.code == "TooManyProfiles"


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({}, []),
        ({"profile_id": 2}, [1, 3]),
        ({"purpose": TX_DEFAULT}, [3]),
        ({"purpose": TX_DEFAULT, "stack_level": 1}, [1, 3]),
        ({"evse_id": 0}, [1, 2]),
        ({"profile_id": 9}, [1, 2, 3]),
    ],
)
def test_profiles_are_cleared_by_what_is_given(criteria, left):
    profiles = installed()
    profiles.restore([profile(1), profile(2, stack_level=1), profile(3, STATION_MAX, evse_id=0)])
    assert profiles.clear(**criteria) == 3 - len(left)
    assert [p.id for p in profiles.all()] == left


def test_end_of_a_transaction_takes_its_profiles_along():
    profiles = installed()
    profiles.restore([profile(1), profile(2, TX, transaction_id="tx")])
    profiles.end_transaction(1)
    assert [p.id for p in profiles.all()] == [1]


def test_what_others_impose_is_not_the_csms_to_clear():
    profiles = installed()
    profiles.impose(profile(-1, EXTERNAL, evse_id=0))
    profiles.impose(profile(-1, EXTERNAL, evse_id=0, stack_level=1))
    assert profiles.clear() == 0
    assert [p.stack_level for p in profiles.all()] == [1]
    profiles.lift()
    assert profiles.all() == ()


def test_transaction_profile_of_another_evse_stays():
    profiles = installed(evses=2)
    profiles.restore([profile(1, TX, transaction_id="a"), profile(2, TX, transaction_id="b", evse_id=2)])
    profiles.end_transaction(2)
    assert [p.id for p in profiles.all()] == [1]
