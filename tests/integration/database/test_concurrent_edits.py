"""Of many who edit the same thing from the same version at once, one succeeds: on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from twinev.api.etags import Edit
from twinev.api.places import site_version, station_version
from twinev.errors import ChangedMeanwhile
from twinev.services.edit_station import edit_site, edit_station

TRIES = 20


def outcomes(change) -> list[str]:
    def attempt(number: int) -> str:
        try:
            change(f"try {number}")
        except ChangedMeanwhile:
            return "changed meanwhile"
        return "done"

    with ThreadPoolExecutor(TRIES) as pool:
        return sorted(pool.map(attempt, range(TRIES)))


@pytest.mark.parametrize("what", ["station", "site"])
def test_edit_from_one_version_succeeds_once(fleet, what):
    with fleet.reading() as work:
        version = station_version(work.stations.get("A")) if what == "station" else site_version(work.sites.get("s"))
    edit = Edit(if_match=version)

    def change(name: str) -> None:
        with fleet.unit_of_work() as work:
            if what == "station":
                edit_station(
                    "A",
                    {"name": name},
                    work=work,
                    require_unchanged=lambda station: edit.require_version("A", station_version(station)),
                )
            else:
                edit_site(
                    "s",
                    {"name": name},
                    work=work,
                    require_unchanged=lambda site: edit.require_version("s", site_version(site)),
                )
            work.commit()

    assert outcomes(change) == ["changed meanwhile"] * (TRIES - 1) + ["done"]


def test_edit_does_not_undo_what_a_station_tells_meanwhile(fleet, clock):
    with fleet.unit_of_work() as work:
        before = work.stations.get("A")
    with fleet.unit_of_work() as work:
        work.stations.set_online("A", True, clock.now(), "socket")
        work.stations.set_status("A", 1, "Occupied", clock.now())
        work.commit()
    with fleet.unit_of_work() as work:
        work.stations.describe(before)
        work.commit()

    with fleet.reading() as work:
        after = work.stations.get("A")
    assert after.online
    assert after.evses[0].status == "Occupied"
