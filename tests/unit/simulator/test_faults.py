"""What goes wrong and when: as listed, and the same again for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from twinev.errors import BadInput
from twinev.simulator.faults import Fault, FaultKind, Faults, read_faults
from twinev.simulator.fleet import StationSpec

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FLAKY = StationSpec(id="A", ocpp="1.6", offline_per_hour=6, offline_seconds=90)
STEADY = StationSpec(id="B", ocpp="1.6")


def drawn(station: StationSpec, seed: int = 1, listed=None) -> list[Fault]:
    return list(islice(Faults(listed=listed or {}, seed=seed, origin=START).of(station), 200))


def test_drawn_faults_are_the_same_for_the_same_seed_and_others_for_another():
    assert drawn(FLAKY) == drawn(FLAKY)
    assert drawn(FLAKY) != drawn(FLAKY, seed=2)
    assert drawn(STEADY) == []


def test_drawn_faults_come_as_often_as_said():
    faults = drawn(FLAKY)
    hours = (faults[-1].at - START) / timedelta(hours=1)
    assert len(faults) / hours == pytest.approx(6, rel=0.3)
    assert {(fault.kind, fault.seconds) for fault in faults} == {(FaultKind.OFFLINE, 90)}


def test_listed_faults_come_at_their_time_among_the_drawn_ones():
    listed = {"A": [{"station": "A", "at_seconds": 1800, "kind": "charging_limit", "seconds": 60, "limit_kw": 4}]}
    faults = drawn(FLAKY, listed=listed)
    (limited,) = (fault for fault in faults if fault.kind is FaultKind.CHARGING_LIMIT)
    assert (limited.at, limited.limit_kw) == (START + timedelta(minutes=30), 4)
    assert all(one.at <= other.at for one, other in pairwise(faults))


GOOD = {"station": "A", "at_seconds": 0, "kind": "offline", "seconds": 30}


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ({}, "faults"),
        (["x"], r"faults\[0\]"),
        ([GOOD | {"station": "Z"}], r"faults\[0\].station"),
        ([GOOD | {"kind": "fire"}], r"faults\[0\].kind"),
        ([GOOD | {"seconds": -1}], r"faults\[0\].seconds"),
        ([GOOD, GOOD | {"limit_kw": 3}], r"faults\[1\].*limit_kw"),
        ([GOOD | {"kind": "charging_limit"}], r"faults\[0\].limit_kw"),
    ],
)
def test_fault_that_cannot_be_used_is_refused_by_its_key(entries, key):
    with pytest.raises(BadInput, match=key):
        read_faults(entries, [FLAKY, STEADY])


def test_faults_are_read_by_station():
    assert read_faults([GOOD], [FLAKY, STEADY]) == {"A": [GOOD], "B": []}
