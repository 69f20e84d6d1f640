"""Commands as rows of the Commands tab, and one command in full."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.answer_words import answer_of, round_trip_of
from twinev.ui.command_response import response_html
from twinev.ui.data_table import Action, Cell, Column, Row, Tone
from twinev.ui.fact_list import Markup, facts_html, json_html, paragraph_html, section_html
from twinev.ui.live import Snapshot
from twinev.wire.rest.commands import CommandOut

DETAILS, RETRY = "details", "retry"
COLUMNS = tuple(Column(name=name, number=place == 5) for place, name in enumerate(texts.COMMANDS_COLUMNS))
_TONES: dict[str | None, Tone] = {None: "quiet", "accepted": "good", "not_supported": "warn"}


def command_rows(commands: Sequence[CommandOut], snapshot: Snapshot) -> list[Row]:
    """One row for each command; times in the zone of its station's site."""
    zones = {site.id: formats.zone_of(site.time_zone) for site in snapshot.sites}
    zone_of = {station.id: zones.get(station.site_id) for station in snapshot.stations}
    return [_row(command, zone_of.get(command.station_id) or snapshot.zone) for command in commands]


def command_html(command: CommandOut, *, zone: ZoneInfo) -> Markup:
    """Everything that is on record of a command."""
    values = {
        "station": command.station_id,
        "sent": _instant(command.sent_at, zone),
        "answered": None if command.answered_at is None else _instant(command.answered_at, zone),
        "round_trip": round_trip_of(command),
        "by": command.issued_by,
        "app": command.app,
        "outcome": answer_of(command),
        "detail": command.detail,
        "retry_of": command.retry_of,
        "plan": command.plan_id,
        "restriction": command.restriction_id,
    }
    facts = facts_html({texts.COMMAND_FACTS[key]: value for key, value in values.items()})
    said = section_html(texts.COMMAND_SAID, json_html(command.payload, name=texts.COMMAND_SAID))
    answered = paragraph_html(texts.COMMAND_NO_ANSWER) if command.response is None else response_html(command.response)
    return Markup(f"{facts}{said}{section_html(texts.COMMAND_ANSWERED, answered)}")


def summary_of(command: CommandOut) -> str:
    """What it was about, in a few words: its plain values, and for a profile its purpose."""
    profile = command.payload.get("sent") or command.payload.get("profile")
    if isinstance(profile, dict):
        purpose = texts.PURPOSES.get(profile.get("purpose", ""), profile.get("purpose", ""))
        return f"{texts.EVSE.format(id=profile.get('evse_id'))} · {purpose}"
    for listed, words_of in (("values", _assignment), ("variables", _variable)):
        if isinstance(command.payload.get(listed), list):
            return ", ".join(words_of(one) for one in command.payload[listed])
    hidden = {"action", "composite", "differences", "remote_start_id", "request_id", "duration_seconds"}
    plain = (
        (name, value)
        for name, value in command.payload.items()
        if name not in hidden and isinstance(value, str | int | float) and not isinstance(value, bool)
    )
    return ", ".join(_plain(name, value) for name, value in plain)


def _plain(name: str, value: object) -> str:
    return texts.EVSE.format(id=value) if name == "evse_id" else f"{name.replace('_', ' ')} {value}"


def _assignment(value: dict) -> str:
    return f"{_variable(value.get('variable', {}))} = {value.get('value')}"


def _variable(variable: dict) -> str:
    names = (variable.get("component"), variable.get("variable"))
    return ".".join(name for name in names if name)


def _row(command: CommandOut, zone: ZoneInfo) -> Row:
    app = texts.COMMAND_VIA.format(app=command.app.split("/")[0].split(" ")[0]) if command.app else ""
    names = {"action": command.action, "station": command.station_id}
    actions = [Action(key=DETAILS, label=texts.DETAILS, name=texts.COMMAND_DETAILS.format(**names))]
    if command.retryable:
        actions.append(Action(key=RETRY, label=texts.COMMAND_RETRY, name=texts.COMMAND_RETRY_OF.format(**names)))
    summary = summary_of(command)
    again = f" · {texts.COMMAND_RETRIED}" if command.retry_of else ""
    cells = (
        Cell(
            text=formats.clock(command.sent_at, zone, seconds=True),
            small=f"{command.sent_at.astimezone(zone):%a} {formats.day(command.sent_at, zone)}",
        ),
        Cell(text=command.station_id),
        Cell(text=command.action + again, small=_short(summary), title=summary),
        Cell(text=command.issued_by, small=app, title=command.app or ""),
        Cell(
            text=answer_of(command),
            small=_short(command.detail or ""),
            title=command.detail or "",
            tone=_TONES.get(command.outcome, "problem"),
        ),
        Cell(text=round_trip_of(command), number=True),
    )
    return Row(id=command.id, cells=cells, actions=tuple(actions))


def _instant(instant, zone: ZoneInfo) -> str:
    day = f"{instant.astimezone(zone):%a} {formats.day(instant, zone)}"
    return f"{day} {formats.clock(instant, zone, seconds=True)} {formats.zone_short(instant, zone)}"


def _short(words: str, most: int = 70) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"
