"""Charging sessions as rows of the Transactions tab."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import ChargingState
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.data_table import Action, Cell, Column, Row, Tone
from twinev.ui.live import Snapshot
from twinev.wire.rest.sessions import SessionOut

DETAILS = "details"
_NUMBERS = {3, 4}
COLUMNS = tuple(Column(name=name, number=place in _NUMBERS) for place, name in enumerate(texts.TRANSACTIONS_COLUMNS))
_TONES: dict[str, Tone] = {ChargingState.CHARGING: "good", ChargingState.SUSPENDED_EVSE: "warn"}


def transaction_rows(sessions: Sequence[SessionOut], snapshot: Snapshot) -> list[Row]:
    """One row for each session; times in the zone of its site."""
    sites = {site.id: site for site in snapshot.sites}
    zones = {site.id: formats.zone_of(site.time_zone) for site in snapshot.sites}
    return [
        _row(
            session,
            site=sites[session.site_id].name if session.site_id in sites else session.site_id,
            zone=zones.get(session.site_id, formats.zone_of("UTC")),
            page_zone=snapshot.zone,
            now=snapshot.now,
        )
        for session in sessions
    ]


def _row(session: SessionOut, *, site: str, zone: ZoneInfo, page_zone: ZoneInfo, now: datetime) -> Row:
    name = texts.TRANSACTION_DETAILS.format(id=session.ocpp_transaction_id, station=session.station_id)
    # The head of the page names its zone; another one is named here.
    elsewhere = "" if zone == page_zone else formats.zone_short(session.started_at, zone)
    evse = texts.EVSE.format(id=session.evse_id)
    cells = (
        Cell(text=formats.day_and_clock(session.started_at, zone), small=elsewhere),
        Cell(text=session.station_id, small=f"{evse} · {site}"),
        Cell(text=session.id_token or texts.NO_TOKEN, small=session.ocpp_transaction_id),
        Cell(text=f"{session.energy_kwh:,.2f} kWh", small=_asked(session), number=True),
        _power(session),
        _ended(session, zone, now),
        _state(session),
    )
    return Row(id=session.id, cells=cells, actions=(Action(key=DETAILS, label=texts.DETAILS, name=name),))


def _asked(session: SessionOut) -> str:
    return "" if session.energy_requested_kwh is None else f"/ {session.energy_requested_kwh:,.1f} kWh"


def _power(session: SessionOut) -> Cell:
    if session.ended_at is not None:
        return Cell(text="", number=True)
    planned = session.planned_kw
    small = "" if planned is None else texts.PLANNED_SHORT.format(power=formats.kw(planned))
    return Cell(text=f"{formats.kw(session.power_kw)} kW", small=small, number=True)


def _ended(session: SessionOut, zone: ZoneInfo, now: datetime) -> Cell:
    lasted = formats.duration((session.ended_at or now) - session.started_at)
    if session.ended_at is None:
        return Cell(text=texts.TRANSACTION_STILL_RUNS, small=lasted)
    return Cell(text=formats.near(session.ended_at, zone, now=session.started_at), small=lasted)


def _state(session: SessionOut) -> Cell:
    gaps = texts.TRANSACTION_GAPS if session.missing_seq_nos else ""
    if session.ended_at is not None:
        return Cell(text=texts.TRANSACTION_ENDED, small=session.stop_reason or gaps, tone="quiet", title=gaps)
    state = session.charging_state or ""
    words = texts.TRANSACTION_RUNNING.get(state, texts.TRANSACTION_IN_PROGRESS)
    return Cell(text=words, small=gaps, tone=_TONES.get(state, "warn" if gaps else ""))
