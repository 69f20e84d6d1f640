"""Which events make a site be planned again, and how much hurry each is in."""

from __future__ import annotations

SITE_EVENTS = frozenset(
    {
        "session.started",
        "session.needs",
        "session.ended",
        "station.online",
        "station.offline",
        "station.limited",
        "station.limit_cleared",
        "station.abilities",
        "station.changed",
        "station.removed",
        "site.changed",
    }
)
RESTRICTION_EVENTS = frozenset({"restriction.created", "restriction.changed", "restriction.revoked"})
# What the grid asks for goes out at once, even where not all is known of who charges; orders of flexibility are series.
URGENT_EVENTS = RESTRICTION_EVENTS | {"series.changed"}
# What cannot wait for a planner that is away: the limits of the grid and of others, and a car of which no plan knows.
RULED_EVENTS = URGENT_EVENTS | {"session.started", "station.limited"}
# What an edit of a station may change without any plan being another one.
UNPLANNED_FIELDS = frozenset({"name", "location", "public", "security_profile"})
