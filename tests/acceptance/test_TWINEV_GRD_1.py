"""TWINEV_GRD_1: a restriction on selected charge points, from the preview to the revocation.

Module under test: congestion management.
Elements validated: preview, order, planning, charging profiles at the stations, enforcement by meter, revocation.
Features: a grid operator sees what a limit would do, orders it, and the stations' measured power follows.
Preconditions: EVs charge at two stations, of OCPP 1.6 and 2.0.1, with more than the limit to come.
Previous steps: a grid operator has logged in; TWINEV_DRVR_4, charge sessions.
Dependencies: the API, the gateway, the planner, the database, NATS; simulated stations that obey charging profiles.
Steps:
    1. Preview a limit on the sum of the two stations; nothing is ordered by that.
    2. As a driver and as a charge point operator: try to order it.
    3. Order it, and read the stations' meters.
    4. Let time pass; compare the energy that was metered with what the limit allows.
    5. Revoke it.
Postconditions: the restriction is kept as revoked; the EVs charge as before.
Acceptance criteria:
    - The preview tells the EVs affected and a curve of power that is within the limit.
    - Only a grid operator can order it.
    - Within 10 seconds the sum of the metered powers is within the limit, and the restriction counts as enforced.
    - The energy registers show that what flowed since is within the limit, and that the room was used.
    - After the revocation the metered power rises above the limit.
Suspension criteria: the stations are not connected, or their EVs do not charge.
See also: tests/acceptance/test_main_job.py orders one on the grid operators' page, and follows it to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of

from twinev.client import Client
from twinev.errors import Forbidden
from twinev.wire.rest.sessions import SessionOut

CARDS = {"UTR-03": "DEMO-CARD-03", "UTR-04": "DEMO-CARD-04"}
LIMIT_KW = 8.0
MUST_HOLD_WITHIN_SECONDS = 10
# A meter reads in steps: 1 Wh, 1 W.
METER_KW = 0.05
# How long the limit is watched, and the part of its room that must be used. [platform time]
WATCHED = timedelta(minutes=12)
USED = 0.7


@pytest.fixture
def charging(running_cases: RunningSystem) -> Iterator[dict[str, SessionOut]]:
    """The sessions at both stations; stopped with the test."""
    with client_of(running_cases, "charge_point_operator") as operator:
        for station, card in CARDS.items():
            wait_until(
                lambda station=station: operator.station(station).evses[0].status == "Occupied",
                within=60,
                what=f"an EV has come to {station}",
            )
            assert operator.start_session(station, id_token=card).outcome == "accepted"
        sessions = {}
        for station in CARDS:
            wait_until(
                lambda station=station: operator.sessions(station_id=station, active=True),
                within=30,
                what=f"the session at {station} has begun",
            )
            (sessions[station],) = operator.sessions(station_id=station, active=True)
        for session in sessions.values():
            operator.set_needs(session.id, energy_kwh=50, departure_at=operator.health().now + timedelta(hours=16))
        yield sessions
        for session in sessions.values():
            operator.stop_session(session.id)


def test_restriction_is_previewed_ordered_kept_by_the_meters_and_revoked(
    running_cases: RunningSystem, charging: dict[str, SessionOut]
) -> None:
    with ExitStack() as stack:
        grid, driver, operator = (
            stack.enter_context(client_of(running_cases, role))
            for role in ("grid_operator", "driver", "charge_point_operator")
        )
        wait_until(lambda: metered_kw(grid) > 2 * LIMIT_KW, within=60, what="more flows than the limit to come")
        window = {"start": grid.health().now, "end": grid.health().now + timedelta(hours=6)}
        _require_preview(grid, window)
        for other in (driver, operator):
            with pytest.raises(Forbidden):
                other.restrict(CARDS, LIMIT_KW, **window)

        ordered = grid.restrict(CARDS, LIMIT_KW, **window)
        wait_until(
            lambda: metered_kw(grid) <= LIMIT_KW + METER_KW,
            within=MUST_HOLD_WITHIN_SECONDS,
            what="the metered sum is within the limit",
        )
        wait_until(lambda: grid.restriction(ordered.id).state == "enforced", within=30, what="it counts as enforced")
        _require_energy_within_the_limit(grid, charging)

        revoked = grid.revoke_restriction(ordered.id)
        assert (revoked.state, revoked.revoked_at is not None) == ("revoked", True)
        wait_until(lambda: metered_kw(grid) > LIMIT_KW + 1, within=60, what="the EVs charge as before")


def metered_kw(grid: Client) -> float:
    """The sum of the last powers that the stations' meters told."""
    return sum(grid.station(station).power_kw for station in CARDS)


def _require_preview(grid: Client, window: dict[str, datetime]) -> None:
    seen = grid.preview_restriction(CARDS, LIMIT_KW, **window)
    assert seen.evs_affected == len(CARDS)
    hours = window["end"] - window["start"]
    slots = int(hours / timedelta(minutes=seen.slot_minutes))
    assert max(seen.before_kw[:slots]) > LIMIT_KW
    assert max(seen.after_kw[:slots]) <= LIMIT_KW + METER_KW
    assert [one for one in grid.restrictions() if set(one.station_ids) == set(CARDS)] == []


def _require_energy_within_the_limit(grid: Client, charging: dict[str, SessionOut]) -> None:
    since = grid.health().now
    wait_until(lambda: grid.health().now > since + WATCHED, within=60, what="a while has passed")
    energy_kwh, hours = 0.0, 0.0
    for session in charging.values():
        registers = grid.meter_values(session.id, since=since, measurand="Energy.Active.Import.Register")
        first, last = min(registers, key=lambda one: one.timestamp), max(registers, key=lambda one: one.timestamp)
        energy_kwh += last.value - first.value
        hours = max(hours, (last.timestamp - first.timestamp).total_seconds() / 3600)
    assert USED * LIMIT_KW * hours <= energy_kwh <= (LIMIT_KW + METER_KW) * hours
