"""The drivers' app as a browser gets it: its headers, its files, what it keeps on a phone, and its forms."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from twinev.api.driver_files import app_files
from twinev.domain.charge_points import Address, ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.domain.login import SessionKind
from twinev.domain.users import Role
from twinev.errors import Unavailable

PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
DRIVER = "driver"
NOW = datetime.now(UTC)
OWN_PAGES = ("/app/search", "/app/reservations")


@pytest.fixture(scope="module", autouse=True)
def stations(wired):
    """A public station with two EVSEs, and a private one."""
    evses = (Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE), Evse(id=2, max_kw=50, connector_type="cCCS2"))
    address = Address(street="Kerkstraat 1", city="Zeist", country="NLD", postal_code="3701 AA")
    with wired.parts.database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Church", location=PLACE, supply_max_kw=50, address=address))
        for station_id in ("open", "hidden"):
            work.stations.save(
                ChargingStation(id=station_id, site_id="s", name=f"<b>{station_id}", location=PLACE, evses=evses)
            )
            work.stations.save_evse(station_id, evses[0])
            work.stations.set_online(station_id, True, NOW, "socket")
        work.station_access.allow("hidden", "nobody")
        work.commit()


def get(wired, path: str, **headers: str):
    async def asked():
        async with wired.client(**headers) as client:
            return await client.get(path)

    return asyncio.run(asked())


def form(days: float = 1, **more: str) -> dict[str, str]:
    """A window in the middle of a day, whatever the time is now."""
    day = (NOW + timedelta(days=days)).date().isoformat()
    return {"day": day, "time": "12:00", "minutes": "60", "evse_id": "1"} | more


def reserve(wired, fields: dict[str, str], station_id: str = "open"):
    return wired.browse_as(DRIVER, "POST", f"/app/stations/{station_id}/reserve", form=fields)


def cancel_all(wired) -> None:
    page = wired.browse_as(DRIVER, "GET", "/app/reservations").text
    for address in re.findall(r'action="(/app/reservations/\w+/cancel)"', page):
        assert wired.browse_as(DRIVER, "POST", address).status_code == HTTPStatus.SEE_OTHER


# ── What protects the pages ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/app", "/app/offline", "/app/stations/open", *OWN_PAGES])
def test_page_runs_our_files_alone_and_is_kept_nowhere(wired, path):
    answer = wired.browse_as(DRIVER, "GET", path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "'unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    # What the policy would forbid is not there either.
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text)
    assert not re.search(r'\s(style|on\w+)="', answer.text)
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)


def test_name_of_a_station_is_never_read_as_markup(wired):
    assert "<b>open" not in get(wired, "/app/stations/open").text
    assert "&lt;b&gt;open" in get(wired, "/app/stations/open").text


@pytest.mark.parametrize("path", OWN_PAGES)
def test_page_of_ones_own_leads_to_the_login_and_back(wired, path):
    answer = wired.browse_as(None, "GET", path)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path.replace('/', '%2F')}")


def test_map_is_there_while_nobody_can_say_who_looks(wired, monkeypatch):
    def away(*_):
        raise Unavailable("the identity server does not answer")

    monkeypatch.setattr(wired.app.state.identity, "visitor", away)

    assert wired.browse_as(DRIVER, "GET", "/app").status_code == HTTPStatus.OK
    assert wired.browse_as(DRIVER, "GET", "/app/search").status_code == HTTPStatus.SERVICE_UNAVAILABLE


# ── Files and what a phone keeps ─────────────────────────────────────────────────────────────────────────────────────


def test_files_of_a_version_are_kept_for_ever_and_come_compressed(wired):
    address = app_files().address("driver.css")

    plain, packed = get(wired, address, **{"Accept-Encoding": "identity"}), get(wired, address)

    assert "immutable" in packed.headers["cache-control"]
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2


def test_file_of_another_version_is_not_given_out_as_this_one(wired):
    address = app_files().address("driver.css").replace(app_files().version, "000000000000")

    answer = get(wired, address)

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_service_worker_keeps_files_and_the_page_without_a_network_alone(wired):
    answer = get(wired, "/app/service_worker.js")

    assert answer.headers["service-worker-allowed"] == "/app"
    assert answer.headers["cache-control"] == "no-cache"
    (kept,) = re.findall(r"^const files = (.*);$", answer.text, re.MULTILINE)
    for address in json.loads(kept):
        found = get(wired, address)
        assert (found.status_code, address.startswith("/assets/driver/")) == (200, True)
        assert "immutable" in found.headers["cache-control"]
    assert 'const offline = "/app/offline";' in answer.text


def test_page_that_is_kept_on_the_phone_says_nothing_of_its_owner(wired):
    seen = {re.sub(r'data-now="[^"]*"', "", wired.browse_as(who, "GET", "/app/offline").text) for who in (None, DRIVER)}

    assert len(seen) == 1


def test_manifest_makes_it_installable(wired):
    manifest = get(wired, "/app/manifest.webmanifest").json()

    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/app", "/app", "standalone")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert get(wired, icon["src"]).content.startswith(b"\x89PNG")


def test_places_are_those_of_public_stations(wired):
    answer = get(wired, "/app/places").json()

    assert [(place["name"], place["address"]) for place in answer["places"]] == [("Church", "Kerkstraat 1, Zeist")]
    assert len(answer["car_parks"]) == 1


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reservation_is_made_shown_and_taken_back(wired):
    answer = reserve(wired, form())
    assert answer.status_code == HTTPStatus.SEE_OTHER

    page = wired.browse_as(DRIVER, "GET", answer.headers["location"]).text
    assert "Reserved. It is kept for you." in page
    assert ", 12:00 – 13:00" in page

    (address,) = re.findall(r'action="(/app/reservations/\w+/cancel)"', page)
    after = wired.browse_as(DRIVER, "POST", address).headers["location"]
    page = wired.browse_as(DRIVER, "GET", after).text
    assert "The reservation is cancelled." in page
    assert "You have no reservation." in page


def test_refused_reservation_says_why_and_keeps_the_form(wired):
    reserve(wired, form(days=2))

    answer = reserve(wired, form(days=2, minutes="45"))

    assert answer.status_code == HTTPStatus.CONFLICT
    assert "You have another reservation at that time" in answer.text
    assert re.search(r'value="45" selected', answer.text)
    assert 'value="12:00"' in answer.text
    cancel_all(wired)


@pytest.mark.parametrize("wrong", [{"days": -2}, {"days": 30}, {"time": "noon"}, {"day": ""}, {"day": "9999-12-31"}])
def test_time_that_cannot_be_reserved_is_explained(wired, wrong):
    answer = reserve(wired, form(**wrong))

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose a time from now on that ends within 7 days." in answer.text


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_form_begins_within_what_can_be_reserved_whatever_an_address_says(wired, start):
    answer = wired.browse_as(DRIVER, "GET", f"/app/stations/open?start={start}")

    assert answer.status_code == HTTPStatus.OK
    assert re.search(r'<option value="\d{4}-\d\d-\d\d" selected', answer.text)


def test_form_of_an_ended_login_changes_nothing_and_says_so(wired):
    answer = wired.browse_as(None, "POST", "/app/stations/open/reserve", form=form(days=3))

    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "Nothing was changed" in answer.text


def test_form_that_somebody_else_made_is_refused(wired):
    desk = wired.app.state.identity
    opened = desk.log_in.open_session(
        next(known for known in desk.users.list() if known.user.username == DRIVER), kind=SessionKind.BROWSER
    )

    async def asked():
        async with wired.client() as client:
            client.cookies[desk.cookie_name] = desk.check_login.cookie_of(opened.secret)
            return await client.post("/app/stations/open/reserve", data=form(days=3, csrf_token="guessed"))

    answer = asyncio.run(asked())

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Nothing was changed" in answer.text
    assert "You have no reservation." in wired.browse_as(DRIVER, "GET", "/app/reservations").text


def test_private_station_is_not_there_for_others(wired):
    for who in (None, DRIVER):
        answer = wired.browse_as(who, "GET", "/app/stations/hidden")
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert "There is nothing here" in answer.text
    assert reserve(wired, form(days=3), "hidden").status_code == HTTPStatus.NOT_FOUND


def test_start_page_names_the_app_for_every_role(wired):
    assert all('href="/app"' in wired.browse("GET /", role).text for role in Role)
