"""Which stations a driver finds, why he cannot have one, and what he has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingNeeds, ChargingSession
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import Role, User
from twinev.errors import Conflict, NotFound
from twinev.services.find_evse import Wish
from twinev.services.find_places import public_places
from twinev.services.list_reservations import past_reservations, waiting_reservations
from twinev.services.reserve import cancel_reservation, reserve
from twinev.services.see_station import seen_station
from twinev.services.why_not_reserved import Hindrance, why_not_reserved

DORA = User(id="dora", username="dora", roles=frozenset({Role.DRIVER}))
EMIL = User(id="emil", username="emil", roles=frozenset({Role.DRIVER}))
START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = ReservationRules()
FREE = Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE)
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)


def keep(database, station_id: str = "A", *, evse: Evse = FREE, online: bool = True, **fields) -> None:
    with database.unit_of_work() as work:
        known = work.stations.get(station_id)
        work.stations.save(replace(known, evses=(evse,), **fields))
        work.stations.save_evse(station_id, evse)
        work.stations.set_online(station_id, online, START, "socket")
        work.commit()


def wish(*, hours: float = 1, length: timedelta = HOUR, station_id: str = "A") -> Wish:
    start = START + hours * HOUR
    return Wish(window=TimeWindow.around(start, start + length), station_id=station_id)


def book(database, clock, user: User = DORA, **wanted):
    return reserve(wish(**wanted), user=user, unit_of_work=database.unit_of_work, clock=clock, rules=RULES)


def refused(database, clock, user: User = DORA, **wanted):
    """Why the wish is refused, after it was."""
    with pytest.raises(Conflict):
        book(database, clock, user, **wanted)
    with database.reading() as work:
        return why_not_reserved(wish(**wanted), user_id=user.id, work=work, now=clock.now(), rules=RULES)


# ── Which stations he finds ──────────────────────────────────────────────────────────────────────────────────────────


def test_places_are_the_sites_with_public_stations_the_largest_first(database):
    with database.unit_of_work() as work:
        for site_id, station_id in (("t", "C"), ("u", "D"), ("u", "E"), ("u", "F")):
            work.sites.save(Site(id=site_id, name=site_id.upper(), location=PLACE, supply_max_kw=50))
            station = ChargingStation(id=station_id, site_id=site_id, name=station_id, location=PLACE, evses=(FREE,))
            work.stations.save(station)
        work.station_access.allow("C", "dora")
        work.commit()

    with database.reading() as work:
        places = public_places(work)

    assert [(place.site.id, len(place.stations)) for place in places] == [("u", 3), ("s", 2)]
    assert places[0].connector_types == {"cType2"}


def test_private_station_is_seen_by_who_may_use_it_alone(database):
    with database.unit_of_work() as work:
        work.station_access.allow("B", "dora")
        work.commit()

    with database.reading() as work:
        assert seen_station("B", user_id="dora", work=work).id == "B"
        assert seen_station("A", user_id=None, work=work).id == "A"
        for user_id in ("emil", None):
            with pytest.raises(NotFound):
                seen_station("B", user_id=user_id, work=work)


def test_station_that_was_taken_down_is_not_seen(database):
    keep(database, removed_at=START)

    with database.reading() as work, pytest.raises(NotFound):
        seen_station("A", user_id="dora", work=work)


# ── Why he cannot have one ───────────────────────────────────────────────────────────────────────────────────────────


def test_own_reservation_at_that_time_is_in_the_way(database, clock):
    keep(database)
    made = book(database, clock)

    why = refused(database, clock)

    assert (why.hindrance, why.own.id) == (Hindrance.OWN_RESERVATION, made.id)


def test_too_many_reservations_are_in_the_way(database, clock):
    keep(database)
    for hours in (1, 3, 5):
        book(database, clock, hours=hours)

    assert refused(database, clock, hours=7).hindrance is Hindrance.TOO_MANY


def test_somebody_elses_reservation_is_in_the_way(database, clock):
    keep(database)
    book(database, clock, EMIL)

    assert refused(database, clock).hindrance is Hindrance.RESERVED


def test_ev_that_charges_is_in_the_way_until_it_leaves(database, clock):
    keep(database)
    departure = START + 3 * HOUR
    charging = ChargingSession(
        id="x", site_id="s", station_id="A", evse_id=1, ocpp_transaction_id="t", id_token=None, started_at=START,
        needs=ChargingNeeds(departure_at=departure),
    )  # fmt: skip
    with database.unit_of_work() as work:
        work.sessions.save(charging)
        work.commit()

    why = refused(database, clock)

    assert (why.hindrance, why.until) == (Hindrance.OCCUPIED, departure)


def test_blocked_and_broken_stations_are_told_apart(database, clock):
    keep(database, "A", blocked_at=START, block_reason="works")
    keep(database, "B", online=False)

    assert refused(database, clock, station_id="A").hindrance is Hindrance.BLOCKED
    assert refused(database, clock, station_id="B").hindrance is Hindrance.OUT_OF_ORDER


def test_what_is_free_again_was_taken_meanwhile(database, clock):
    keep(database)

    with database.reading() as work:
        why = why_not_reserved(wish(), user_id="dora", work=work, now=clock.now(), rules=RULES)

    assert why.hindrance is Hindrance.TAKEN


# ── What he has ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reservations_wait_by_their_start_and_go_to_the_past(database, clock):
    keep(database)
    later, sooner = book(database, clock, hours=5), book(database, clock, hours=1)
    gone = book(database, clock, hours=3)
    cancel_reservation(gone.id, user=DORA, unit_of_work=database.unit_of_work, clock=clock)
    book(database, clock, EMIL, hours=9)

    with database.reading() as work:
        waiting = waiting_reservations("dora", work=work)
        past = past_reservations("dora", work=work)

    assert [one.reservation.id for one in waiting] == [sooner.id, later.id]
    assert [(one.reservation.id, one.station.id, one.site.id, one.evse.id) for one in past] == [(gone.id, "A", "s", 1)]
