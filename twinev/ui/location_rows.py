"""Stations as rows of the Locations tab."""

from __future__ import annotations

from collections.abc import Sequence

from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.data_table import Action, Cell, Column, Row
from twinev.ui.live import Snapshot
from twinev.ui.technical_state import technical_state, tone_of_state
from twinev.wire.rest.stations import EvseOut, StationOut

DETAILS = "details"
COLUMNS = tuple(Column(name=name, number=place == 4) for place, name in enumerate(texts.LOCATIONS_COLUMNS))
_MOST_EVSES = 3
_LONGEST_REASON = 40


def location_rows(stations: Sequence[StationOut], snapshot: Snapshot) -> list[Row]:
    """One row for each station."""
    return [_row(station, snapshot) for station in stations]


def matches(station: StationOut, *, find: str, state: str, site_id: str, site: str) -> bool:
    """Whether it is looked for: every word of ``find`` occurs in what it is and is called; "" is any."""
    if state not in ("", technical_state(station)) or site_id not in ("", station.site_id):
        return False
    told = (station.vendor, station.model, station.firmware_version, station.protocol)
    errors = (evse.error_code for evse in station.evses)
    searched = " ".join(filter(None, (station.id, station.name, site, *told, *errors))).casefold()
    return all(word in searched for word in find.casefold().split())


def connector_name(connector_type: str) -> str:
    return texts.CONNECTOR_TYPES.get(connector_type, connector_type)


def connectors_of(evse: EvseOut) -> str:
    """Its connectors' types, each once."""
    types = [connector.type for connector in evse.connectors] or [evse.connector_type]
    return " + ".join(dict.fromkeys(connector_name(kind) for kind in types))


def equipment_of(station: StationOut) -> str:
    return " ".join(filter(None, (station.vendor, station.model)))


def _row(station: StationOut, snapshot: Snapshot) -> Row:
    site = snapshot.site_of(station)
    zone = formats.zone_of(site.time_zone if site else "UTC")
    seen = formats.near(station.last_seen, zone, now=snapshot.now) if station.last_seen else texts.NEVER
    equipment = equipment_of(station) or texts.EQUIPMENT_UNKNOWN
    cells = (
        Cell(text=station.id, small=station.name),
        Cell(text=site.name if site else station.site_id),
        _state(station),
        _connectors(station),
        Cell(
            text=texts.STATION_POWER.format(power=formats.kw(station.power_kw)),
            small=texts.STATION_POWER_OF.format(max=f"{formats.limit_kw(station.max_kw)} kW"),
            number=True,
        ),
        Cell(text=equipment, small=" · ".join(filter(None, (station.firmware_version, station.protocol)))),
        Cell(text=texts.STATION_ONLINE_NOW if station.online else seen, small=seen if station.online else ""),
    )
    name = texts.STATION_DETAILS.format(station=station.id)
    return Row(id=station.id, cells=cells, actions=(Action(key=DETAILS, label=texts.DETAILS, name=name),))


def _state(station: StationOut) -> Cell:
    state = technical_state(station)
    errors = ", ".join(evse.error_code for evse in station.evses if evse.error_code)
    reason = station.block_reason or errors
    # Who is offline follows nothing: that needs no words.
    if not reason and station.not_following is not None and station.online:
        reason = station.not_following.reason
    short = reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
    return Cell(text=texts.STATION_STATES[state], small=short, title=reason, tone=tone_of_state(state))


def _connectors(station: StationOut) -> Cell:
    evses = station.evses
    kinds = " + ".join(dict.fromkeys(connectors_of(evse) for evse in evses))
    states = [texts.CONNECTOR_STATES.get(evse.status, evse.status) for evse in evses]
    if len(evses) == 1:
        return Cell(text=kinds, small=states[0])
    shown = [f"{evse.id} {state}" for evse, state in zip(evses, states, strict=True)]
    more = f" +{len(shown) - _MOST_EVSES}" if len(shown) > _MOST_EVSES else ""
    return Cell(text=kinds, small=" · ".join(shown[:_MOST_EVSES]) + more, title=" · ".join(shown))
