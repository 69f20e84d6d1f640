"""Every word of the alerts: what is wrong, and what to do. Braces are filled in by the page."""

TAB = "Alerts"
TAB_COUNT = "Alerts ({count})"
NONE_TITLE = "No alerts"
NONE = (
    "Every limit in force is kept, every site is within its supply limit, and every station with an EV follows what it "
    "was told."
)
STRIP_ONE = "1 alert"
STRIP_MANY = "{count} alerts"
STRIP_MORE = "and {count} more"
STRIP_SHOW = "Show alerts"
SELECT = "Select its stations"
SELECT_ONE = "Select the station"
SINCE = "since {time}"
MORE = "And {count} more, less urgent ones."
WHAT_TO_DO = "What to do"
LEVELS = {"critical": "act now", "warning": "look into it", "note": "note"}

SITE_OVER = "{site} draws {over} kW more than its supply limit"
SITE_OVER_DETAIL = "{power} kW of at most {limit} kW."
SITE_OVER_ADVICE = (
    "Order a limit on its stations that starts now. If the limits in force are all kept, what is too much is the "
    "building's own power: call the site."
)
LIMIT_BROKEN = "A limit of {limit} kW is not kept"
LIMIT_BROKEN_DETAIL = "{power} kW measured at {stations}, ordered by {user}."
LIMIT_BROKEN_ADVICE = (
    "See which stations do not follow. Until they do, tighten the limit by what they draw too much, so that the "
    "others make room for them."
)
LIMIT_PARTLY = "A limit of {limit} kW is kept, but not by every station"
LIMIT_PARTLY_DETAIL = "{power} kW measured at {stations}: the others make up for those that do not follow."
LIMIT_PARTLY_ADVICE = "Nothing to do for the grid now. See which stations do not follow, and have them looked at."
STATION = "{station} does not follow"
STATION_DETAIL = "{reason}. {site}, {power} kW now."
STATION_UNDER = "A limit that it is under is not kept."
OFFLINE = "{count} stations at {site} are offline"
OFFLINE_ONE = "{station} at {site} is offline"
OFFLINE_IDLE = "No EV is known to be there."
OFFLINE_WITH_EV = "An EV is there. It may charge on, and nothing is measured meanwhile."
OFFLINE_ADVICE = (
    "A station that is offline keeps to its fallback, and is planned with that. Tell the charge point operator if it "
    "stays so."
)
#: By the cause that the platform names (`twinev.domain.station_fault.FaultCause`).
ADVICE = {
    "rejected": (
        "It refuses the charging profile, and is told again. Until it takes one its EV may draw what it drew before: "
        "tighten the limit by that much, and have the charge point operator restart it."
    ),
    "not_supported": (
        "It cannot take charging profiles, so nothing steers it. Order limits that leave room for all it can draw, or "
        "have the charge point operator take it out of use for that time."
    ),
    "call_error": (
        "It answers with an error, and is told again. If that goes on, have the charge point operator look at its "
        "commands and restart it."
    ),
    "timeout": (
        "It does not answer in time, and is told again. What it accepted last still rules there. If that goes on, have "
        "the charge point operator restart it."
    ),
    "offline": (
        "There is no connection. What it accepted last still rules there, then its fallback; the site is planned with "
        "that. Call the charge point operator; tighten the limit if its power is too much."
    ),
    "read_back": (
        "It says that it will allow more than it accepted: another profile may rule in it. Have the charge point "
        "operator clear its profiles."
    ),
    "meter": (
        "Its meter shows more than it accepted. Take its power as it is: tighten the limit on the others by that much, "
        "and have the charge point operator stop the session or switch it off."
    ),
    "other": "Tighten the limit by what it draws too much, and have the charge point operator look at it.",
}
