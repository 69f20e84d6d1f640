"""A driver starts charging from his reservation, or at a private station that he may use."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from twinev.domain.charge_order import BatteryState, ChargeOrder
from twinev.domain.plan import SentCommand
from twinev.domain.reservation import Reservation, ReservationRules
from twinev.domain.station_access import is_private, may_use
from twinev.domain.users import AuthorizationStatus, User
from twinev.domain.vehicle_booking import Vehicle
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import BadInput, Conflict, Forbidden, NotFound
from twinev.services.agree_contract import require_contract
from twinev.services.authorise_token import token_status
from twinev.services.command_station import CommandStation
from twinev.services.driver_token import driver_token
from twinev.services.keep_vehicles import seen_vehicle
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, kw_only=True)
class StartWish:
    """What the driver asks for: a reservation, or a station and EVSE; then how to charge.

    ``target_soc`` needs the state of charge now, ``soc``, and the battery: ``battery_kwh`` or a vehicle.
    """

    reservation_id: str | None = None
    station_id: str | None = None
    evse_id: int | None = None
    vehicle_id: str | None = None
    battery_kwh: float | None = None
    soc: float | None = None
    target_soc: float | None = None
    energy_kwh: float | None = None
    departure_at: datetime | None = None
    profile: DriverProfile | None = None
    stop_at_target: bool = True


@dataclass(frozen=True, kw_only=True)
class IntendedCharge:
    """Where a wish leads, and what it asks of the plan."""

    station_id: str
    evse_id: int
    reservation: Reservation | None
    battery: BatteryState | None
    needs: ChargingNeeds


async def start_charging(
    wish: StartWish,
    *,
    user: User,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
    command_station: CommandStation,
    rules: ReservationRules,
    app: str | None = None,
) -> SentCommand:
    """Keep the order and ask the station to start; the session begins when the station says so.

    Raises
    ------
    NotFound, BadInput, Conflict, Forbidden
        No such reservation or station for this driver; a value that cannot be used; not now; not with this card,
        or not before the driver has accepted the terms and signed a contract.
    """
    order = await asyncio.to_thread(
        _keep_order, wish, user=user, unit_of_work=unit_of_work, now=clock.now(), rules=rules
    )
    return await command_station.start_session(
        order.station_id, evse_id=order.evse_id, id_token=order.id_token, issued_by=user.username, app=app
    )


def _keep_order(
    wish: StartWish, *, user: User, unit_of_work: UnitOfWorkFactory, now: datetime, rules: ReservationRules
) -> ChargeOrder:
    with unit_of_work() as work:
        intended = intended_charge(wish, user=user, work=work, now=now, rules=rules)
        id_token = driver_token(user.id, work=work)
        _require_authorised(id_token, intended.station_id, intended.evse_id, work=work, now=now)
        require_contract(user.id, work=work, now=now)
        reservation = intended.reservation
        order = ChargeOrder(
            id=uuid.uuid4().hex,
            user_id=user.id,
            station_id=intended.station_id,
            evse_id=intended.evse_id,
            id_token=id_token,
            ordered_at=now,
            needs=intended.needs,
            battery=intended.battery,
            vehicle_id=wish.vehicle_id,
            reservation_id=reservation and reservation.id,
            stop_at_target=wish.stop_at_target,
            stop_at=reservation and reservation.window.end,
        )
        work.charge_orders.save(order)
        work.commit()
    return order


def intended_charge(
    wish: StartWish, *, user: User, work: UnitOfWork, now: datetime, rules: ReservationRules
) -> IntendedCharge:
    """Return where the wish leads and what it asks for.

    Raises
    ------
    NotFound, BadInput, Conflict
        As `start_charging` does.
    """
    reservation = _reservation(wish, user=user, work=work, now=now, rules=rules)
    station_id, evse_id = _place(wish, reservation, user=user, work=work)
    vehicle = None if wish.vehicle_id is None else seen_vehicle(wish.vehicle_id, user=user, work=work)
    battery = _battery(wish, vehicle)
    needs = _needs(wish, reservation, vehicle, battery, default=work.preferences.of(user.id).profile)
    if needs.departure_at is not None and needs.departure_at <= now:
        raise BadInput("departure_at", needs.departure_at.isoformat(), "a time to come")
    return IntendedCharge(station_id=station_id, evse_id=evse_id, reservation=reservation, battery=battery, needs=needs)


def _reservation(
    wish: StartWish, *, user: User, work: UnitOfWork, now: datetime, rules: ReservationRules
) -> Reservation | None:
    """The reservation named, or the driver's own at the station named; None where there is none."""
    mine = work.reservations.active(user_id=user.id)
    if wish.reservation_id is None:
        evse = (wish.station_id, wish.evse_id or 1)
        at_hand = [one for one in mine if (one.station_id, one.evse_id) == evse]
        return next((one for one in at_hand if may_begin(one, now, rules)), None)
    named = work.reservations.get(wish.reservation_id)
    if named.user_id != user.id:
        raise NotFound("reservation", wish.reservation_id)
    if not named.active:
        raise Conflict(f"reservation {named.id} is {named.status}; make another one")
    if not may_begin(named, now, rules):
        raise Conflict(f"reservation {named.id} begins at {named.window.start.isoformat()}; come then")
    return named


def may_begin(reservation: Reservation, now: datetime, rules: ReservationRules) -> bool:
    """Whether a session may begin from it now: from a little before its start, until it lapses."""
    return reservation.window.start - rules.hold_before <= now < reservation.expires_at


def _place(wish: StartWish, reservation: Reservation | None, *, user: User, work: UnitOfWork) -> tuple[str, int]:
    if reservation is not None:
        return reservation.station_id, reservation.evse_id
    if wish.station_id is None:
        raise BadInput("station_id", None, "the id of a station, or a reservation_id")
    station = work.stations.get(wish.station_id)
    named = work.station_access.users(station.id)
    if not may_use(station, named, user.id):
        raise NotFound("charging station", wish.station_id)
    if not is_private(station, named):
        raise Conflict(f"station {station.id} is public: reserve one of its EVSEs, from now on if you stand there")
    return station.id, wish.evse_id or 1


def _require_authorised(id_token: str, station_id: str, evse_id: int, *, work: UnitOfWork, now: datetime) -> None:
    station = work.stations.get(station_id)
    status = token_status(id_token, station=station, work=work, at=now, evse_id=evse_id)
    if status == AuthorizationStatus.NOT_AT_THIS_TIME:
        raise Conflict(f"EVSE {evse_id} of station {station_id} is reserved for somebody else now")
    if status != AuthorizationStatus.ACCEPTED:
        raise Forbidden(f"your id token is {status} at station {station_id}; ask its operator")


def _battery(wish: StartWish, vehicle: Vehicle | None) -> BatteryState | None:
    if wish.target_soc is None:
        return None
    battery_kwh = wish.battery_kwh or (vehicle.battery_kwh if vehicle else None)
    if battery_kwh is None:
        raise BadInput("target_soc", wish.target_soc, "with battery_kwh or a vehicle_id; else say energy_kwh")
    if wish.soc is None:
        raise BadInput("soc", None, "the state of charge now, 0 to 1, beside target_soc")
    if wish.energy_kwh is not None:
        raise BadInput("energy_kwh", wish.energy_kwh, "nothing beside target_soc: the one follows from the other")
    return BatteryState(battery_kwh=battery_kwh, soc=wish.soc, target_soc=wish.target_soc)


def _needs(
    wish: StartWish,
    reservation: Reservation | None,
    vehicle: Vehicle | None,
    battery: BatteryState | None,
    *,
    default: DriverProfile,
) -> ChargingNeeds:
    needs = ChargingNeeds(
        energy_kwh=battery.needed_kwh if battery else wish.energy_kwh,
        departure_at=wish.departure_at,
        profile=wish.profile or default,
    )
    if reservation is not None:
        # The EVSE is the driver's until then, and no longer.
        departure = min(needs.departure_at or reservation.window.end, reservation.window.end)
        needs = replace(needs, departure_at=departure)
    if vehicle is not None:
        needs = replace(needs, max_kw=max(vehicle.max_ac_kw, vehicle.max_dc_kw) or None)
    return needs
