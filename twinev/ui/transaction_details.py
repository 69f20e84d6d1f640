"""One transaction: what is known of it, its power beside its plan, its energy, what each slot cost, and its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from twinev.client import Client
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.fact_list import Markup, facts_html, paragraph_html, section_html, table_html
from twinev.ui.step_chart import StepChart, largest
from twinev.wire.rest.charge_detail_records import ChargeDetailRecordOut
from twinev.wire.rest.sessions import SessionCourseOut, SessionOut

SLOT_NUMBERS = frozenset({2, 3, 4, 5})
SHORTEST_SHOWN = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class TransactionRead:
    """Everything about one transaction that its dialog shows."""

    session: SessionOut
    course: SessionCourseOut
    records: tuple[ChargeDetailRecordOut, ...]


def read_transaction(client: Client, session_id: str) -> TransactionRead:
    """Ask the API; it may take a moment."""
    return TransactionRead(
        session=client.session(session_id),
        course=client.session_course(session_id),
        records=tuple(client.charge_detail_records(session_id=session_id)),
    )


def transaction_html(read: TransactionRead, *, site: str, zone: ZoneInfo, now: datetime, api_url: str) -> Markup:
    """The whole dialog's content."""
    session, course = read.session, read.course
    facts = _facts(read, site=site, zone=zone, now=now, api_url=api_url)
    explanation = paragraph_html(texts.EXPLANATION.format(words=session.explanation)) if session.explanation else ""
    if course.slots:
        charts = f'<div class="tv-charts">{_power(read, zone, now)}{_energy(read, zone, now)}</div>'
        slots = section_html(texts.SLOTS_TITLE, _slots(course, zone))
    else:
        charts, slots = paragraph_html(texts.NOTHING_MEASURED), ""
    return Markup(f"{facts}{explanation}{charts}{slots}")


def _facts(read: TransactionRead, *, site: str, zone: ZoneInfo, now: datetime, api_url: str) -> Markup:
    session = read.session
    departure = session.departure_at
    values = {
        "place": site,
        "token": session.id_token or texts.NO_TOKEN,
        "began": f"{formats.day_and_clock(session.started_at, zone)} {formats.zone_short(session.started_at, zone)}",
        "ended": formats.day_and_clock(session.ended_at, zone) if session.ended_at else texts.TRANSACTION_STILL_RUNS,
        "lasted": formats.duration((session.ended_at or now) - session.started_at),
        "energy": texts.TRANSACTION_ENERGY_OF.format(energy=f"{session.energy_kwh:,.2f}"),
        "asked": texts.TRANSACTION_NO_WISH
        if session.energy_requested_kwh is None
        else texts.TRANSACTION_ENERGY_OF.format(energy=f"{session.energy_requested_kwh:,.1f}"),
        "departure": formats.day_and_clock(departure, zone) if departure else None,
        "profile": session.profile,
        "power": None if session.ended_at else f"{formats.kw(session.power_kw)} kW",
        "reason": session.stop_reason,
        "gaps": _gaps(session),
        "tariff": None if read.course.total_incl_vat is None else read.course.tariff_id or texts.TRANSACTION_FREE,
        "cost": _cost(read.course, running=session.ended_at is None),
        "cdr": _records(read.records, api_url) or (texts.TRANSACTION_NO_CDR_YET if session.ended_at else None),
    }
    return facts_html({texts.TRANSACTION_FACTS[key]: value for key, value in values.items()})


def _gaps(session: SessionOut) -> str | None:
    runs = [f"{first}–{last}" if first != last else str(first) for first, last in session.missing_seq_nos]
    return texts.TRANSACTION_GAPS_ARE.format(gaps=", ".join(runs)) if runs else None


def _cost(course: SessionCourseOut, *, running: bool) -> str | None:
    if course.total_incl_vat is None:
        return None
    amounts = {"incl": f"{course.total_incl_vat:,.2f}", "excl": f"{course.total_excl_vat:,.2f}"}
    words = texts.TRANSACTION_COST.format(currency=course.currency, **amounts)
    return texts.TRANSACTION_COST_SO_FAR.format(cost=words) if running else words


def _records(records: tuple[ChargeDetailRecordOut, ...], api_url: str) -> Markup | None:
    items = []
    for record in records:
        if record.credit_reference_id is None:
            payment = texts.PAYMENT_WORDS.get(record.payment_status, record.payment_status)
            words = texts.TRANSACTION_CDR.format(id=record.id, status=payment)
        else:
            words = texts.TRANSACTION_CREDIT.format(id=record.id)
        address = formats.safe(f"{api_url}/api/v1/cdrs/{quote(record.id, safe='')}/receipt")
        link = f'<a href="{address}" target="_blank" rel="noopener">{formats.safe(texts.TRANSACTION_RECEIPT)}</a>'
        items.append(f"<div>{formats.safe(words)} · {link}</div>")
    return Markup("".join(items)) if items else None


def _span(read: TransactionRead, now: datetime) -> tuple[datetime, datetime]:
    """From the begin to the end, for a running one to the end of its plan or its departure."""
    session, course = read.session, read.course
    if session.ended_at is not None:
        return session.started_at, max(session.ended_at, session.started_at + timedelta(minutes=1))
    planned_until = max((step.start for step in course.planned), default=now)
    wanted = min(planned_until, session.departure_at) if session.departure_at else planned_until
    return session.started_at, max(wanted, now, session.started_at + SHORTEST_SHOWN)


def _power(read: TransactionRead, zone: ZoneInfo, now: datetime) -> str:
    start, until = _span(read, now)
    measured = measured_steps(read.course)
    planned = [(step.start, step.limit_kw) for step in read.course.planned]
    values = [value for _, value in (*measured, *planned) if value is not None]
    chart = StepChart(start=start, until=until, values=values, zone=zone)
    chart.add_steps("before", texts.POWER_PLANNED, planned)
    chart.add_steps("after", texts.POWER_MEASURED, measured)
    chart.mark(now, texts.NOW)
    words = texts.POWER_DESCRIPTION if planned else texts.POWER_DESCRIPTION_UNPLANNED
    description = words.format(
        start=formats.day_and_clock(start, zone),
        end=formats.day_and_clock(until, zone),
        measured=formats.kw(largest(value for _, value in measured)),
        planned=formats.kw(largest(value for _, value in planned)),
    )
    return chart.html(title=texts.POWER_TITLE, description=description)


def measured_steps(course: SessionCourseOut) -> list[tuple[datetime, float | None]]:
    """The mean power between each two readings, and nothing after the last. [kW]"""
    steps: list[tuple[datetime, float | None]] = []
    for before, after in zip(course.readings, course.readings[1:], strict=False):
        hours = (after.at - before.at).total_seconds() / 3600
        if hours > 0:
            steps.append((before.at, (after.energy_kwh - before.energy_kwh) / hours))
    return [*steps, (course.readings[-1].at, None)] if steps else []


def _energy(read: TransactionRead, zone: ZoneInfo, now: datetime) -> str:
    start, until = _span(read, now)
    points = [(reading.at, reading.energy_kwh) for reading in read.course.readings]
    asked = read.session.energy_requested_kwh
    values = [value for _, value in points] + ([asked] if asked is not None else [])
    chart = StepChart(start=start, until=until, values=values, zone=zone)
    if asked is not None:
        chart.add_steps("limit", texts.ENERGY_ASKED, [(start, asked)])
    chart.add_line("after", texts.ENERGY_DELIVERED, points)
    chart.mark(now, texts.NOW)
    description = texts.ENERGY_DESCRIPTION.format(
        start=formats.day_and_clock(start, zone),
        end=formats.day_and_clock(until, zone),
        energy=f"{largest(value for _, value in points):,.2f}",
    )
    return chart.html(title=texts.ENERGY_TITLE, description=description)


def _slots(course: SessionCourseOut, zone: ZoneInfo) -> Markup:
    columns = [name.format(currency=course.currency) for name in texts.SLOTS_COLUMNS]
    foot = ()
    if course.total_excl_vat is not None:
        foot = (
            (texts.SLOTS_OTHER, f"{course.other_excl_vat:,.4f}"),
            (texts.SLOTS_TOTAL, f"{course.total_excl_vat:,.2f}"),
            (texts.SLOTS_TOTAL_VAT, f"{course.total_incl_vat:,.2f}"),
        )
    rows = [
        (
            formats.day_and_clock(slot.start, zone),
            # The last one of a session that runs ends at its last measurement.
            formats.clock(slot.end, zone, seconds=slot.end.second != 0),
            f"{slot.energy_kwh:,.3f}",
            formats.kw(slot.power_kw),
            texts.UNKNOWN if slot.planned_kw is None else formats.kw(slot.planned_kw),
            texts.UNKNOWN if slot.cost_excl_vat is None else f"{slot.cost_excl_vat:,.4f}",
        )
        for slot in course.slots
    ]
    table = table_html(columns, rows, caption=texts.SLOTS_TITLE, numbers=SLOT_NUMBERS, foot=foot)
    return Markup(paragraph_html(texts.SLOTS_HELP.format(minutes=course.slot_minutes)) + table)
