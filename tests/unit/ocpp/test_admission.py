"""Reading a WebSocket request: the station's id in the path, its key in the header."""

from __future__ import annotations

import base64

import pytest

from twinev.adapters.ocpp.admission import credentials_of, station_id_of


@pytest.mark.parametrize(
    ("path", "station_id"),
    [
        ("/ocpp/CP1", "CP1"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/ocpp/%3E", ">"),
        ("/ocpp/a%2Fb", "a/b"),
        ("/ocpp/CP1?token=x", "CP1"),
        ("/ocpp/%C3%A9", "é"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/", None),
        ("/ocpp/%20", None),
        ("/ocpp/%FF", None),
        ("/ocpp/%00", None),
        ("/ocpp/CP1/", None),
        ("/ocpp", None),
        ("/", None),
        ("/other/CP1", None),
    ],
)
def test_station_id_is_decoded_from_the_path(path: str, station_id: str | None) -> None:
    assert station_id_of(path) == station_id


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        ([], (None, None)),
        ([basic(b"CP:1:secret:x")], ("CP:1", "secret:x")),
        ([basic(b"other:secret")], ("other", "secret")),
        ([basic(b"CP:1:")], ("CP:1", "")),
        ([basic(b"no colon")], (None, None)),
        ([basic(b"CP:1:\xff")], ("CP:1", "ÿ")),
        (["Bearer x"], (None, None)),
        (["Basic §"], (None, None)),
        (["Basic"], (None, None)),
        ([basic(b"a:b"), basic(b"c:d")], (None, None)),
    ],
)
def test_credentials_are_read_from_the_header(headers: list[str], credentials: tuple[str | None, str | None]) -> None:
    assert credentials_of(headers, "CP:1") == credentials
