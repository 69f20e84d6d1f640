"""An operator gets a new key for a station that is to be set up again: its old ones are refused from now on."""

from __future__ import annotations

from twinev.errors import Conflict
from twinev.services.answer_stations import WITHOUT_KEY
from twinev.services.edit_station import get_station_to_edit
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.station_keys import key_hmac, make_key


def issue_key(station_id: str, *, work: UnitOfWork, secret_key: str) -> str:
    """Return a new key, which nobody can read again; the caller commits.

    For a station that is connected, `twinev.services.rotate_key` changes the key without anybody learning it.

    Raises
    ------
    NotFound
        No such station.
    Conflict
        Its security profile has no key.
    """
    station = get_station_to_edit(station_id, work=work)
    if station.security_profile in WITHOUT_KEY:
        raise Conflict(f"station {station_id} has no key: its security profile is {station.security_profile}")
    key = make_key()
    work.stations.set_key_hmac(station_id, key_hmac(secret_key, station_id, key))
    for number, _ in work.stations.pending_keys(station_id):
        work.stations.forget_pending_key(station_id, number)
    return key
