"""The limits in force and to come, each with the measured power under it: limit and effect at a glance."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from twinev.domain.grid import Enforcement
from twinev.ui import formats, texts
from twinev.ui.live import Snapshot
from twinev.ui.revoke_order import RevokeOrder
from twinev.ui.sure_button import SureButton
from twinev.wire.rest.restrictions import RestrictionOut, StationEnforcement

OPEN_STATES = frozenset(
    {Enforcement.SCHEDULED, Enforcement.PENDING, Enforcement.ENFORCED, Enforcement.PARTLY, Enforcement.NOT_ENFORCED}
)
BAR_SHARE_OF_LIMIT = 0.7
# A meter reads to about a percent: what is over by less is not called over.
METER_TOLERANCE_KW = 0.1


class LimitRow:
    """One limit, with the buttons that change and revoke it."""

    def __init__(self, *, change: Callable[[RestrictionOut], None], revoke: Callable[[str], None]) -> None:
        self._restriction: RestrictionOut | None = None
        self._words = widgets.HTML()
        change_button = widgets.Button(description=texts.LIMIT_CHANGE)
        change_button.on_click(lambda _: self._restriction and change(self._restriction))
        self._revoke_button = SureButton(
            words=texts.LIMIT_REVOKE,
            question=texts.LIMIT_REVOKE_SURE,
            act=lambda: self._restriction and revoke(self._restriction.id),
        )
        buttons = widgets.HBox([change_button, self._revoke_button.widget])
        buttons.add_class("tv-small-buttons")
        self.widget = widgets.HBox([self._words, buttons])
        self.widget.add_class("tv-limit-row")

    def show(self, restriction: RestrictionOut, snapshot: Snapshot) -> None:
        """Show that limit; whoever was asked about another one was not asked about this one."""
        if self._restriction is None or self._restriction.id != restriction.id:
            self._revoke_button.reset()
        self._restriction = restriction
        self._words.value = limit_html(restriction, snapshot)


class LimitsPanel:
    """The open limits, those that begin first on top.

    Parameters
    ----------
    change : callable
        Called with the order that is to be changed.
    revoke : RevokeOrder
        Revokes, and says what went wrong.
    """

    def __init__(self, *, change: Callable[[RestrictionOut], None], revoke: RevokeOrder) -> None:
        self._change, self._revoke = change, revoke
        self._title, self._empty = widgets.HTML(), widgets.HTML()
        self._rows: list[LimitRow] = []
        self._body = widgets.VBox()
        self.widget = widgets.VBox([self._title, revoke.error, self._empty, self._body])
        self.widget.add_class("tv-limits")

    def update(self, snapshot: Snapshot) -> None:
        current = sorted(
            (restriction for restriction in snapshot.restrictions if restriction.state in OPEN_STATES),
            key=lambda restriction: (restriction.start, restriction.created_at, restriction.id),
        )
        title = texts.LIMITS_TITLE_COUNT.format(count=len(current)) if current else texts.LIMITS_TITLE
        self._title.value = f"<h2>{formats.safe(title)}</h2>"
        self._empty.value = "" if current else f'<p class="tv-help">{formats.safe(texts.LIMITS_NONE)}</p>'
        while len(self._rows) < len(current):
            self._rows.append(LimitRow(change=self._change, revoke=self._revoke))
        for row, restriction in zip(self._rows, current, strict=False):
            row.show(restriction, snapshot)
        if len(self._body.children) != len(current):
            self._body.children = [row.widget for row in self._rows[: len(current)]]


def limit_html(restriction: RestrictionOut, snapshot: Snapshot) -> str:
    """One limit: how much power, of how much, where, until when, and whether it holds."""
    zone = snapshot.zone
    end = formats.near(restriction.end, zone, now=snapshot.now)
    start = formats.near(restriction.start, zone, now=snapshot.now)
    begun = restriction.start <= snapshot.now
    window = texts.LIMIT_UNTIL.format(end=end) if begun else texts.LIMIT_FROM.format(start=start, end=end)
    v2g = f", {texts.LIMIT_V2G}" if restriction.v2g else ""
    figures = {"power": formats.kw(restriction.power_kw), "limit": formats.limit_kw(restriction.limit_kw)}
    over = begun and restriction.power_kw > restriction.limit_kw + METER_TOLERANCE_KW
    label = texts.LIMIT_BAR.format(**figures)
    share = bar_share(restriction.power_kw, restriction.limit_kw)
    return (
        f'<div class="tv-limit{" tv-over" if over else ""}">'
        f"<p><b>{texts.LIMIT_POWER.format(**figures)}</b> {state_html(restriction)}</p>"
        f'<div class="tv-bar" role="img" aria-label="{formats.safe(label)}">'
        f'<i class="tv-bar-evs" style="width: {share:.1f}%"></i>'
        f'<u style="left: {BAR_SHARE_OF_LIMIT * 100:.0f}%"></u></div>'
        f'<p class="tv-detail">{stations_html(restriction, snapshot)}, {formats.safe(window + v2g)}</p></div>'
    )


def state_html(judged: RestrictionOut | StationEnforcement) -> str:
    """The state as a coloured word; colour alone never says it."""
    words = texts.STATES.get(judged.state, judged.state)
    return f'<span class="tv-state tv-state-{formats.safe(judged.state)}">{formats.safe(words)}</span>'


def stations_html(restriction: RestrictionOut, snapshot: Snapshot) -> str:
    """How many stations, at which sites; pointing at it tells which."""
    ids = restriction.station_ids
    count = texts.LIMIT_STATION if len(ids) == 1 else texts.LIMIT_STATIONS.format(count=len(ids))
    sites = {station.site_id for station in snapshot.stations if station.id in ids}
    names = " · ".join(site.name for site in snapshot.sites if site.id in sites)
    return f'<abbr title="{formats.safe(", ".join(ids))}">{formats.safe(count)}</abbr>, {formats.safe(names)}'


def bar_share(power_kw: float, limit_kw: float) -> float:
    """How much of a bar is filled, whose mark is at `BAR_SHARE_OF_LIMIT`. [%]"""
    if limit_kw <= 0:
        return 100.0 if power_kw > METER_TOLERANCE_KW else 0.0
    return max(0.0, min(100.0, BAR_SHARE_OF_LIMIT * 100 * power_kw / limit_kw))
