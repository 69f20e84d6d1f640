"""The composite schedule: the specification's examples, and a second, naive evaluation as its judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twinev.domain.charging_profile import (
    ChargingProfile,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    Recurrency,
    SchedulePeriod,
)
from twinev.domain.composite_schedule import RunningTransaction, composite_schedule, limit_kw_at
from twinev.errors import BadInput

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = 86_400
TRANSACTION = RunningTransaction(ocpp_transaction_id="7", started_at=NOON)
PURPOSES = tuple(ProfilePurpose)


def profile(
    purpose: ProfilePurpose = ProfilePurpose.TX_DEFAULT,
    *steps: tuple[int, float],
    stack_level: int = 0,
    evse_id: int = 1,
    start_seconds: int | None = 0,
    duration_seconds: int | None = None,
    **more: object,
) -> ChargingProfile:
    start = None if start_seconds is None else NOON + timedelta(seconds=start_seconds)
    return ChargingProfile(
        id=1,
        purpose=purpose,
        stack_level=stack_level,
        evse_id=evse_id,
        ocpp_transaction_id="7" if purpose is ProfilePurpose.TX else None,
        schedule=ChargingSchedule(
            start=start,
            periods=tuple(SchedulePeriod(start_seconds=seconds, limit_kw=kw) for seconds, kw in steps or ((0, 7.0),)),
            duration_seconds=duration_seconds,
        ),
        kind=more.pop("kind", ProfileKind.ABSOLUTE if start else ProfileKind.RELATIVE),
        **more,
    )


def at(
    profiles: list[ChargingProfile],
    seconds: int,
    *,
    evse_id: int = 1,
    transaction: RunningTransaction | None = TRANSACTION,
) -> float | None:
    return limit_kw_at(profiles, NOON + timedelta(seconds=seconds), evse_id=evse_id, transaction=transaction)


def test_minimum_over_the_purposes_holds() -> None:
    profiles = [
        profile(ProfilePurpose.EXTERNAL, (0, 9.0), (60, 3.0), evse_id=0),
        profile(ProfilePurpose.STATION_MAX, (0, 6.0), evse_id=0),
        profile(ProfilePurpose.TX, (0, 8.0), (120, 2.0)),
    ]

    assert [at(profiles, seconds) for seconds in (0, 60, 120)] == [6.0, 3.0, 2.0]


def test_tx_profile_goes_before_the_default_even_where_it_is_higher() -> None:
    profiles = [profile(ProfilePurpose.TX_DEFAULT, (0, 3.0), stack_level=9), profile(ProfilePurpose.TX, (0, 8.0))]

    assert at(profiles, 5) == 8.0


def test_default_rules_again_when_the_tx_profile_is_over() -> None:
    profiles = [profile(ProfilePurpose.TX_DEFAULT, (0, 3.0)), profile(ProfilePurpose.TX, (0, 8.0), duration_seconds=60)]

    assert [at(profiles, 59), at(profiles, 60)] == [8.0, 3.0]


@pytest.mark.parametrize("transaction", [None, RunningTransaction(ocpp_transaction_id="8", started_at=NOON)])
def test_tx_profile_counts_within_its_own_transaction_only(transaction: RunningTransaction | None) -> None:
    profiles = [profile(ProfilePurpose.TX_DEFAULT, (0, 3.0)), profile(ProfilePurpose.TX, (0, 8.0))]

    assert at(profiles, 5, transaction=transaction) == 3.0


def test_highest_stack_level_rules_while_it_is_valid() -> None:
    high = profile(
        ProfilePurpose.TX_DEFAULT,
        (0, 8.0),
        stack_level=2,
        valid_from=NOON + timedelta(seconds=10),
        valid_to=NOON + timedelta(seconds=20),
    )
    profiles = [high, profile(ProfilePurpose.TX_DEFAULT, (0, 3.0), stack_level=1)]

    assert [at(profiles, seconds) for seconds in (9, 10, 19, 20)] == [3.0, 8.0, 8.0, 3.0]


def test_default_of_the_station_counts_at_every_evse_and_gives_way_to_the_evse_s_own() -> None:
    profiles = [profile(evse_id=0), profile(ProfilePurpose.TX_DEFAULT, (0, 3.0), evse_id=2)]

    assert [at(profiles, 5, evse_id=evse_id) for evse_id in (1, 2)] == [7.0, 3.0]


def test_limits_of_the_station_bound_each_evse_but_not_the_other_way_round() -> None:
    profiles = [
        profile(ProfilePurpose.STATION_MAX, (0, 6.0), evse_id=0),
        profile(ProfilePurpose.EXTERNAL, (0, 2.0), evse_id=1),
    ]

    assert [at(profiles, 5, evse_id=evse_id) for evse_id in (0, 1, 2)] == [6.0, 2.0, 6.0]


def test_recurring_schedule_begins_anew_each_day() -> None:
    nightly = profile(
        ProfilePurpose.TX_DEFAULT,
        (0, 2.0),
        (60, 9.0),
        duration_seconds=120,
        kind=ProfileKind.RECURRING,
        recurrency=Recurrency.DAILY,
    )

    for day in (0, 1, 30):
        said = [at([nightly], day * DAY + seconds) for seconds in (0, 60, 119, 120)]
        assert said == [2.0, 9.0, 9.0, None]
    assert at([nightly], -1) is None, "nothing before its first day"


def test_weekly_schedule_longer_than_a_week_is_cut_by_the_next_one() -> None:
    weekly = profile(
        ProfilePurpose.TX_DEFAULT,
        (0, 2.0),
        (8 * DAY, 9.0),
        kind=ProfileKind.RECURRING,
        recurrency=Recurrency.WEEKLY,
    )

    assert {at([weekly], day * DAY) for day in range(30)} == {2.0}


def test_relative_schedule_counts_from_the_transaction() -> None:
    relative = profile(ProfilePurpose.TX_DEFAULT, (0, 2.0), (60, 9.0), start_seconds=None)
    late = RunningTransaction(ocpp_transaction_id="7", started_at=NOON + timedelta(seconds=30))

    assert [at([relative], seconds, transaction=late) for seconds in (29, 30, 89, 90)] == [None, 2.0, 2.0, 9.0]
    assert at([relative], 90, transaction=None) is None


def test_composite_schedule_joins_what_is_equal() -> None:
    profiles = [
        profile(ProfilePurpose.STATION_MAX, (0, 6.0), evse_id=0),
        profile(ProfilePurpose.TX_DEFAULT, (0, 9.0), (60, 8.0), (120, 4.0), duration_seconds=180),
    ]

    stretches = composite_schedule(profiles, NOON, NOON + timedelta(seconds=240), evse_id=1, transaction=TRANSACTION)

    assert [((s.start - NOON).total_seconds(), s.limit_kw) for s in stretches] == [(0, 6.0), (120, 4.0), (180, 6.0)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": ProfileKind.RECURRING},
        {"recurrency": Recurrency.DAILY},
        {"kind": ProfileKind.RELATIVE},
        {"stack_level": -1},
    ],
)
def test_profile_that_contradicts_itself_is_refused(wrong: dict) -> None:
    with pytest.raises(BadInput):
        replace(profile(), **wrong)


# The second evaluation. It knows seconds only, and asks every question anew at every second.


def naive_says(one: ChargingProfile, second: int, transaction: RunningTransaction | None) -> float | None:
    now = NOON + timedelta(seconds=second)
    too_early = one.valid_from is not None and now < one.valid_from
    too_late = one.valid_to is not None and not now < one.valid_to
    stranger = one.ocpp_transaction_id is not None and (transaction is None or transaction.ocpp_transaction_id != "7")
    if too_early or too_late or stranger:
        return None
    if one.kind is ProfileKind.RELATIVE:
        if transaction is None:
            return None
        elapsed = second - round((transaction.started_at - NOON).total_seconds())
    else:
        elapsed = second - round((one.schedule.start - NOON).total_seconds())
    if elapsed < 0:
        return None
    if one.recurrency is not None:
        cycle = DAY if one.recurrency is Recurrency.DAILY else 7 * DAY
        while elapsed >= cycle:
            elapsed -= cycle
    if one.schedule.duration_seconds is not None and elapsed >= one.schedule.duration_seconds:
        return None
    said = None
    for period in one.schedule.periods:
        if period.start_seconds <= elapsed:
            said = period.limit_kw
    return said


def naive_highest(profiles: list[ChargingProfile], second: int, transaction: RunningTransaction | None) -> float | None:
    said = {}
    for one in profiles:
        limit = naive_says(one, second, transaction)
        if limit is not None:
            said[one.stack_level, one.evse_id] = limit
    return said[max(said)] if said else None


def naive_limit(
    profiles: list[ChargingProfile], second: int, evse_id: int, transaction: RunningTransaction | None
) -> float | None:
    candidates = []
    for purpose in (ProfilePurpose.EXTERNAL, ProfilePurpose.STATION_MAX):
        for place in (0, evse_id):
            there = [one for one in profiles if one.purpose == purpose and one.evse_id == place]
            candidates.append(naive_highest(there, second, transaction))
    if evse_id:
        tx = [one for one in profiles if one.purpose == "TxProfile" and one.evse_id == evse_id]
        default = [one for one in profiles if one.purpose == "TxDefaultProfile" and one.evse_id in (0, evse_id)]
        of_transaction = naive_highest(tx, second, transaction)
        candidates.append(of_transaction if of_transaction is not None else naive_highest(default, second, transaction))
    given = [limit for limit in candidates if limit is not None]
    return min(given) if given else None


seconds_about_now = st.integers(-150, 150)


@st.composite
def profiles_of_any_kind(draw: st.DrawFn) -> ChargingProfile:
    purpose = draw(st.sampled_from(PURPOSES))
    of_transaction = purpose in (ProfilePurpose.TX, ProfilePurpose.TX_DEFAULT)
    kinds = list(ProfileKind) if of_transaction else [ProfileKind.ABSOLUTE, ProfileKind.RECURRING]
    kind = draw(st.sampled_from(kinds))
    recurrency = draw(st.sampled_from(Recurrency)) if kind is ProfileKind.RECURRING else None
    cycles_ago = draw(st.integers(0, 9)) if recurrency else 0
    cycle = 7 * DAY if recurrency is Recurrency.WEEKLY else DAY
    starts = [0, *sorted(draw(st.sets(st.integers(1, 200), max_size=4)))]
    duration = draw(st.none() | st.integers(0, 250) | st.just(9 * DAY))
    limits = st.sampled_from([-5.0, 0.0, 1.0, 2.0, 3.0, 11.0])
    start = None if kind is ProfileKind.RELATIVE else draw(seconds_about_now) - cycles_ago * cycle
    valid = {
        name: NOON + timedelta(seconds=draw(seconds_about_now))
        for name in ("valid_from", "valid_to")
        if draw(st.booleans())
    }
    return profile(
        purpose,
        *((seconds, draw(limits)) for seconds in starts),
        stack_level=draw(st.integers(0, 3)),
        evse_id=draw(st.integers(1, 2)) if purpose is ProfilePurpose.TX else draw(st.integers(0, 2)),
        start_seconds=start,
        duration_seconds=duration,
        kind=kind,
        recurrency=recurrency,
        **valid,
    )


def place_of(one: ChargingProfile) -> tuple:
    return one.purpose, one.stack_level, one.evse_id


@settings(max_examples=300, deadline=None)
@given(
    # No two profiles of one place: a station has one at most (1.6 ed. 2 §5.16; 2.0.1 K01.FR.39).
    profiles=st.lists(profiles_of_any_kind(), max_size=8, unique_by=place_of),
    evse_id=st.integers(0, 2),
    started=st.none() | seconds_about_now,
    number=st.sampled_from(["7", "8"]),
)
@example(profiles=[], evse_id=1, started=None, number="7")
def test_composite_schedule_is_what_a_naive_evaluation_of_every_second_says(
    profiles: list[ChargingProfile], evse_id: int, started: int | None, number: str
) -> None:
    transaction = None
    if started is not None:
        transaction = RunningTransaction(ocpp_transaction_id=number, started_at=NOON + timedelta(seconds=started))
    first, last = NOON - timedelta(seconds=200), NOON + timedelta(seconds=400)

    stretches = composite_schedule(profiles, first, last, evse_id=evse_id, transaction=transaction)

    for second in range(-200, 400):
        instant = NOON + timedelta(seconds=second)
        ruling = next(stretch for stretch in reversed(stretches) if stretch.start <= instant)
        assert ruling.limit_kw == naive_limit(profiles, second, evse_id, transaction), second
