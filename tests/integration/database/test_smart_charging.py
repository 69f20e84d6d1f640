"""What stations can do, what others limit them to, and which do not follow, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.charging_profile import ChargingSchedule, SchedulePeriod
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.plan import SentCommand
from twinev.domain.session import ChargingSession
from twinev.domain.station_fault import FaultCause, StationFault
from twinev.domain.vehicles import ChargingNeeds

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
SCHEDULE = ChargingSchedule(
    start=NOW,
    periods=(SchedulePeriod(start_seconds=0, limit_kw=6.0), SchedulePeriod(start_seconds=900, limit_kw=3.5)),
    duration_seconds=3600,
)


def limit(**changes) -> ExternalLimit:
    common = ExternalLimit(station_id="A", evse_id=0, source="EMS", schedule=SCHEDULE, grid_critical=True, at=NOW)
    return replace(common, **changes)


def test_abilities_come_back_and_newer_ones_replace_them(fleet):
    first = ChargingAbilities(station_id="A", max_profiles=3, discharging_evses=frozenset({1, 2}), at=NOW)
    later = replace(first, max_profiles=None, discharging_evses=frozenset(), at=NOW + timedelta(hours=1))
    for abilities in (first, later):
        with fleet.unit_of_work() as work:
            work.abilities.save(abilities)
            work.commit()
        with fleet.reading() as work:
            assert work.abilities.of(["A", "B"]) == {"A": abilities}


def test_limits_of_others_come_back_one_for_each_source_and_evse(fleet):
    limits = [limit(), limit(evse_id=1, schedule=None), limit(source="SO", grid_critical=False)]
    with fleet.unit_of_work() as work:
        for one in limits:
            work.external_limits.save(replace(one, schedule=None))
            work.external_limits.save(one)
        work.commit()

    with fleet.reading() as work:
        assert work.external_limits.of(["A"]) == [limits[0], limits[2], limits[1]]
        assert work.external_limits.of(["B"]) == []


@pytest.mark.parametrize(("evse_id", "left"), [(None, ["SO"]), (1, ["EMS", "SO"])])
def test_cleared_limit_is_forgotten_at_one_evse_or_everywhere(fleet, evse_id, left):
    with fleet.unit_of_work() as work:
        for one in (limit(), limit(evse_id=1), limit(source="SO")):
            work.external_limits.save(one)
        work.external_limits.clear("A", "EMS", evse_id=evse_id)
        work.commit()

    with fleet.reading() as work:
        assert [one.source for one in work.external_limits.of(["A"])] == left


def test_fault_is_kept_until_it_is_removed(fleet):
    fault = StationFault(station_id="A", cause=FaultCause.METER, reason="draws", since=NOW, by_meter=True)
    with fleet.unit_of_work() as work:
        work.station_faults.save(replace(fault, cause=FaultCause.TIMEOUT))
        work.station_faults.save(fault)
        assert work.station_faults.get("B") is None
        work.commit()
    with fleet.unit_of_work() as work:
        assert work.station_faults.all() == {"A": fault}
        assert work.station_faults.get("A") == fault
        work.station_faults.remove("A")
        work.commit()
    with fleet.reading() as work:
        assert work.station_faults.all() == {}


def test_session_keeps_what_its_ev_gives_back(fleet):
    session = ChargingSession(
        id="x",
        site_id="s",
        station_id="A",
        evse_id=1,
        ocpp_transaction_id="7",
        id_token=None,
        started_at=NOW,
        needs=ChargingNeeds(max_kw=11.0, max_discharge_kw=5.5),
    )
    with fleet.unit_of_work() as work:
        work.sessions.save(session)
        work.sessions.hold_needs("A", 2, session.needs, NOW)
        work.commit()

    with fleet.unit_of_work() as work:
        assert work.sessions.get("x") == session
        assert work.sessions.take_needs("A", 2, since=NOW) == session.needs


def test_commands_are_listed_by_their_actions(fleet):
    actions = ("SetChargingProfile", "GetCompositeSchedule", "ClearChargingProfile", "SetChargingProfile")
    with fleet.unit_of_work() as work:
        for number, action in enumerate(actions):
            work.commands.save(
                SentCommand(
                    id=str(number),
                    station_id="A",
                    action=action,
                    payload={},
                    issued_by="planning",
                    sent_at=NOW + timedelta(seconds=number),
                )
            )
        work.commit()

    with fleet.reading() as work:
        found = work.commands.list(limit=2, station_id="A", actions=("SetChargingProfile", "ClearChargingProfile"))
    assert [command.id for command in found] == ["3", "2"]
