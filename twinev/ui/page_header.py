"""The head of the page: the name, the platform's time and zone, whether the page is live, and who is logged in."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.domain.users import Role
from twinev.ui import formats, texts
from twinev.ui.live import Connection, Snapshot
from twinev.wire.rest.identity import UserOut


class PageHeader:
    """One line on top.

    Parameters
    ----------
    user : UserOut
        Who is logged in.
    log_out_url : str
        Where one logs out.
    title : str
        What page it is.
    users_url : str, optional
        Where administrators manage users; others see no way there.
    """

    def __init__(
        self, *, user: UserOut, log_out_url: str, title: str = texts.PAGE_TITLE, users_url: str | None = None
    ) -> None:
        self._user = user
        self._clock = widgets.HTML()
        self._connection = widgets.HTML()
        self._last: Snapshot | None = None
        name = widgets.HTML(f'<h1 class="tv-brand"><b>{texts.APP_NAME}</b> {title}</h1>')
        person = widgets.HTML(person_html(user, log_out_url, users_url))
        bar = widgets.HBox([name, self._clock, person])
        bar.add_class("tv-header")
        self.widget = widgets.VBox([bar, self._connection])

    def update(self, snapshot: Snapshot) -> None:
        self._last = snapshot
        self._clock.value = clock_html(snapshot)

    def tell(self, connection: Connection) -> None:
        """Say that the connection is lost, and until when the page is true."""
        self._connection.value = connection_html(connection, self._last)
        self._clock.layout.visibility = "visible" if connection.lost is None else "hidden"


def clock_html(snapshot: Snapshot) -> str:
    """The platform's time in the zone of the first site."""
    zone = snapshot.zone
    template = texts.CLOCK if snapshot.speed == 1 else texts.CLOCK_FAST
    words = template.format(
        time=formats.day_and_clock(snapshot.now, zone),
        zone=formats.zone_name(snapshot.now, zone),
        speed=f"{snapshot.speed:g}",
    )
    live = f'<span class="tv-live">{formats.safe(texts.LIVE)}</span>'
    return f'{live}<time datetime="{snapshot.now.isoformat()}">{formats.safe(words)}</time>'


def connection_html(connection: Connection, last: Snapshot | None) -> str:
    """Nothing while all is well; else a banner."""
    if connection.lost is None:
        return ""
    if connection.ended:
        return ended_html()
    zone = formats.zone_of(last.sites[0].time_zone if last and last.sites else "UTC")
    words = texts.CONNECTION_LOST.format(time=formats.clock(last.now, zone, seconds=True) if last else "—")
    return f'<p class="tv-banner" role="alert" title="{formats.safe(connection.lost)}">{formats.safe(words)}</p>'


def ended_html() -> str:
    """What to do after the login has ended."""
    return f'<p class="tv-banner" role="alert">{formats.safe(texts.SESSION_ENDED)}</p>'


def person_html(user: UserOut, log_out_url: str, users_url: str | None = None) -> str:
    """Who is logged in, the way to user management for whom it is for, and the way out."""
    who = texts.LOGGED_IN_AS.format(name=user.display_name or user.username)
    users = ""
    if users_url is not None and Role.ADMINISTRATOR in user.roles:
        users = f'<a href="{formats.safe(users_url)}">{formats.safe(texts.MANAGE_USERS)}</a> '
    return (
        f'<p class="tv-person"><span title="{formats.safe(user.username)}">{formats.safe(who)}</span> '
        f'{users}<a href="{formats.safe(log_out_url)}">{formats.safe(texts.LOG_OUT)}</a></p>'
    )
