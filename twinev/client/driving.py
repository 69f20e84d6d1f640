"""What drivers do: reserve, keep vehicles, book shared ones, say what they prefer."""

from __future__ import annotations

from datetime import datetime

from twinev.client.calls import Calls, body_of, path_to
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.preferences import PreferencesIn, PreferencesOut
from twinev.wire.rest.reservations import AllowanceOut, ReservationIn, ReservationOut, StationAccessOut
from twinev.wire.rest.sessions import ChargingPreviewOut, ChargingWishIn, SessionProgressOut, SessionStartIn
from twinev.wire.rest.vehicles import (
    VehicleChangeIn,
    VehicleIn,
    VehicleOut,
    VehicleReservationIn,
    VehicleReservationOut,
)


class ReservationCalls(Calls):
    """Reservations, and charging from them."""

    def reserve(self, *, start: datetime, end: datetime, **others: object) -> ReservationOut:
        """Keep an EVSE for oneself; ``others`` as in `ReservationIn`: a connector type, a site, a station…"""
        return self._connection.post(
            "/reservations", body_of(ReservationIn, start=start, end=end, **others), ReservationOut
        )

    def reservations(
        self, *, user_id: str | None = None, station_id: str | None = None, status: str | None = None,
        at_most: int | None = None,
    ) -> list[ReservationOut]:  # fmt: skip
        """Reservations, the last made first: a driver's own, for operators all."""
        wanted = {"user_id": user_id, "station_id": station_id, "reservation_status": status}
        return list(self._connection.items("/reservations", ReservationOut, at_most=at_most, **wanted))

    def reservation(self, reservation_id: str) -> ReservationOut:
        return self._connection.get(path_to("reservations", reservation_id), ReservationOut)

    def cancel_reservation(self, reservation_id: str) -> ReservationOut:
        response = self._connection.send("DELETE", path_to("reservations", reservation_id))
        return self._connection.read(response, ReservationOut)

    def allowance(self) -> AllowanceOut:
        """What one may reserve, and how often one did not come."""
        return self._connection.get("/reservations/allowance", AllowanceOut)

    def start_charging(self, *, reservation_id: str | None = None, **others: object) -> CommandOut:
        """Charge oneself, from a reservation or at a private station; ``others`` as in `SessionStartIn`."""
        body = body_of(SessionStartIn, reservation_id=reservation_id, **others)
        return self._connection.post("/sessions", body, CommandOut)

    def preview_charging(self, *, reservation_id: str | None = None, **others: object) -> ChargingPreviewOut:
        """What each profile would cost and give if one started now; ``others`` as in `ChargingWishIn`."""
        body = body_of(ChargingWishIn, reservation_id=reservation_id, **others)
        response = self._connection.send("POST", "/sessions/preview", body=body, timeout_seconds=90)
        return self._connection.read(response, ChargingPreviewOut)

    def session_progress(self, session_id: str) -> SessionProgressOut:
        return self._connection.get(path_to("sessions", session_id, "progress"), SessionProgressOut)

    def station_access(self, station_id: str) -> StationAccessOut:
        return self._connection.get(path_to("stations", station_id, "access"), StationAccessOut)

    def allow_at_station(self, station_id: str, user_id: str) -> StationAccessOut:
        """Let a user use a station, which is private from the first one on."""
        response = self._connection.send("PUT", path_to("stations", station_id, "access", user_id))
        return self._connection.read(response, StationAccessOut)

    def withdraw_from_station(self, station_id: str, user_id: str) -> StationAccessOut:
        response = self._connection.send("DELETE", path_to("stations", station_id, "access", user_id))
        return self._connection.read(response, StationAccessOut)


class VehicleCalls(Calls):
    """Vehicles and the reservations of shared ones."""

    def vehicles(self) -> list[VehicleOut]:
        """One's own and the shared ones."""
        return list(self._connection.items("/vehicles", VehicleOut))

    def vehicle(self, vehicle_id: str) -> VehicleOut:
        return self._connection.get(path_to("vehicles", vehicle_id), VehicleOut)

    def add_vehicle(self, name: str, *, battery_kwh: float, **others: object) -> VehicleOut:
        """Keep a vehicle; ``others`` as in `VehicleIn`."""
        body = body_of(VehicleIn, name=name, battery_kwh=battery_kwh, **others)
        return self._connection.post("/vehicles", body, VehicleOut)

    def change_vehicle(self, vehicle_id: str, **changes: object) -> VehicleOut:
        """Change what is given; names as in `VehicleChangeIn`."""
        # Checked here, sent as given: what is left out stays.
        body = body_of(VehicleChangeIn, **changes).model_dump(mode="json", exclude_unset=True)
        response = self._connection.send("PATCH", path_to("vehicles", vehicle_id), json=body)
        return self._connection.read(response, VehicleOut)

    def remove_vehicle(self, vehicle_id: str) -> None:
        self._connection.send("DELETE", path_to("vehicles", vehicle_id))

    def reserve_vehicle(self, vehicle_id: str, *, start: datetime, end: datetime) -> VehicleReservationOut:
        body = body_of(VehicleReservationIn, start=start, end=end)
        return self._connection.post(path_to("vehicles", vehicle_id, "reservations"), body, VehicleReservationOut)

    def vehicle_reservations(self, vehicle_id: str, *, at_most: int | None = None) -> list[VehicleReservationOut]:
        path = path_to("vehicles", vehicle_id, "reservations")
        return list(self._connection.items(path, VehicleReservationOut, at_most=at_most))

    def cancel_vehicle_reservation(self, vehicle_id: str, reservation_id: str) -> VehicleReservationOut:
        path = path_to("vehicles", vehicle_id, "reservations", reservation_id)
        return self._connection.read(self._connection.send("DELETE", path), VehicleReservationOut)

    def pick_up_vehicle(self, vehicle_id: str, reservation_id: str) -> VehicleReservationOut:
        path = path_to("vehicles", vehicle_id, "reservations", reservation_id, "pick-up")
        return self._connection.post(path, None, VehicleReservationOut)

    def return_vehicle(self, vehicle_id: str, reservation_id: str) -> VehicleReservationOut:
        path = path_to("vehicles", vehicle_id, "reservations", reservation_id, "return")
        return self._connection.post(path, None, VehicleReservationOut)


class PreferenceCalls(Calls):
    """One's preferences."""

    def preferences(self) -> PreferencesOut:
        return self._connection.get("/preferences", PreferencesOut)

    def change_preferences(self, **changes: object) -> PreferencesOut:
        """Change what is given, from what they are now; names as in `PreferencesIn`.

        Raises
        ------
        ChangedMeanwhile
            Another device changed them in this very moment.
        """
        seen = self._connection.send("GET", "/preferences").headers["ETag"]
        body = body_of(PreferencesIn, **changes).model_dump(mode="json", exclude_unset=True)
        response = self._connection.send("PATCH", "/preferences", json=body, version=seen)
        return self._connection.read(response, PreferencesOut)
