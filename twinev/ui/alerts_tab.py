"""The Alerts tab, and the strip above all tabs that says how many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from twinev.ui import formats
from twinev.ui import texts_alerts as words
from twinev.ui.alerts import Alert
from twinev.ui.live import Snapshot

MOST_ROWS = 50


class AlertRow:
    """One alert: what is wrong, since when, what to do, and a button that selects the stations."""

    def __init__(self, *, look: Callable[[Sequence[str]], None]) -> None:
        self._alert: Alert | None = None
        self._words = widgets.HTML()
        self._button = widgets.Button()
        self._button.on_click(lambda _: self._alert and look(self._alert.station_ids))
        self.widget = widgets.HBox([self._words, self._button])
        self.widget.add_class("tv-alert-row")

    def show(self, alert: Alert, snapshot: Snapshot) -> None:
        self._alert = alert
        self._words.value = alert_html(alert, snapshot)
        self._button.description = words.SELECT_ONE if len(alert.station_ids) == 1 else words.SELECT
        self._button.layout.visibility = "visible" if alert.station_ids else "hidden"


class AlertsTab:
    """All alerts, the most urgent first.

    Parameters
    ----------
    look : callable
        Called with the stations that the operator wants to look at.
    """

    def __init__(self, *, look: Callable[[Sequence[str]], None]) -> None:
        self._look = look
        self._rows: list[AlertRow] = []
        self._empty, self._more = widgets.HTML(), widgets.HTML()
        self._body = widgets.VBox()
        self.widget = widgets.VBox([self._empty, self._body, self._more])
        self.widget.add_class("tv-alerts")

    def update(self, alerts: Sequence[Alert], snapshot: Snapshot) -> None:
        shown = alerts[:MOST_ROWS]
        while len(self._rows) < len(shown):
            self._rows.append(AlertRow(look=self._look))
        for row, alert in zip(self._rows, shown, strict=False):
            row.show(alert, snapshot)
        if len(self._body.children) != len(shown):
            self._body.children = [row.widget for row in self._rows[: len(shown)]]
        self._empty.value = (
            ""
            if alerts
            else f'<div class="tv-no-alerts"><h2>{formats.safe(words.NONE_TITLE)}</h2>'
            f'<p class="tv-help">{formats.safe(words.NONE)}</p></div>'
        )
        hidden = len(alerts) - len(shown)
        self._more.value = f'<p class="tv-help">{words.MORE.format(count=hidden)}</p>' if hidden else ""


class AlertStrip:
    """One line while something is urgent; nothing else.

    Parameters
    ----------
    show : callable
        Opens the tab.
    """

    def __init__(self, *, show: Callable[[], None]) -> None:
        self._words = widgets.HTML()
        button = widgets.Button(description=words.STRIP_SHOW)
        button.on_click(lambda _: show())
        self.widget = widgets.HBox([self._words, button])
        self.widget.add_class("tv-alert-strip")
        self.widget.layout.display = "none"

    def update(self, alerts: Sequence[Alert]) -> None:
        urgent = [alert for alert in alerts if alert.urgent]
        self._words.value = strip_html(urgent) if urgent else ""
        self.widget.layout.display = None if urgent else "none"


def tab_title(alerts: Sequence[Alert]) -> str:
    """The tab's name with the number of what is urgent."""
    count = sum(alert.urgent for alert in alerts)
    return words.TAB_COUNT.format(count=count) if count else words.TAB


def strip_html(urgent: Sequence[Alert]) -> str:
    """How many there are, and which is the most urgent."""
    count = words.STRIP_ONE if len(urgent) == 1 else words.STRIP_MANY.format(count=len(urgent))
    more = f" {words.STRIP_MORE.format(count=len(urgent) - 1)}" if len(urgent) > 1 else ""
    return (
        f'<p role="status" class="tv-strip tv-strip-{urgent[0].level}"><b>{formats.safe(count)}</b> '
        f"{formats.safe(urgent[0].title + more)}</p>"
    )


def alert_html(alert: Alert, snapshot: Snapshot) -> str:
    """One alert; its level is a word as well as a colour."""
    since = ""
    if alert.since is not None:
        time = formats.near(alert.since, snapshot.zone, now=snapshot.now)
        since = f" <small>{formats.safe(words.SINCE.format(time=time))}</small>"
    return (
        f'<article class="tv-alert tv-alert-{alert.level}"><h3><span>{formats.safe(words.LEVELS[alert.level])}</span> '
        f"{formats.safe(alert.title)}{since}</h3><p>{formats.safe(alert.detail)}</p>"
        f'<p class="tv-detail"><b>{formats.safe(words.WHAT_TO_DO)}:</b> {formats.safe(alert.advice)}</p></article>'
    )
