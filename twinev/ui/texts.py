"""Every word that the grid operators' page shows, in one place for translation. Braces are filled in by the page."""

APP_NAME = "TwinEV"
PAGE_TITLE = "Grid operators"
MANAGE_USERS = "Users"
LOG_OUT = "Log out"
LOGGED_IN_AS = "Logged in as {name}"
TAB_STATUS = "Status"

# The connection
LIVE = "Live"
CONNECTION_LOST = "Connection lost, retrying. What you see is from {time}."
NOT_OPENED = "TwinEV does not answer, so this page could not be opened. Load it again in a moment."
SESSION_ENDED = "Your session has ended. Load the page again to log in."
CLOCK = "{time} {zone}"
CLOCK_FAST = "{time} {zone}, running {speed}× faster than real time"

# Sites
SITE_POWER = "{power} kW of {limit} kW"
SITE_LIMIT = "kW of {limit} kW"
SITE_DETAIL = "EVs {charging} kW, building {demand} kW, on-site production {production} kW"
SITE_EVS = "{count} EVs plugged in"
SITE_EV = "1 EV plugged in"
SITE_STATIONS = "{online} of {total} stations online"
SITE_FREE = "{free} kW left"
SITE_OVER = "{over} kW over the supply limit"
SITES_NONE = "There are no sites yet. A charge point operator enters them; they show here within seconds."
SITE_FLEXIBILITY_LESS = "{limit} kW less {offset} kW of flexibility ordered now"
SITE_FLEXIBILITY_MORE = "{limit} kW and {offset} kW of flexibility ordered now"
SITE_BAR = "Import of {name}: {power} of {limit} kW"

# Limits in force
LIMITS_TITLE = "Limits now and to come"
LIMITS_TITLE_COUNT = "Limits now and to come: {count}"
LIMITS_NONE = "No limit is in force or ordered. Select stations below to order one."
LIMIT_POWER = "{power} kW of at most {limit} kW"
LIMIT_STATIONS = "{count} stations"
LIMIT_STATION = "1 station"
LIMIT_UNTIL = "until {end}"
LIMIT_FROM = "from {start} until {end}"
LIMIT_V2G = "V2G allowed"
LIMIT_CHANGE = "Change"
LIMIT_REVOKE = "Revoke"
LIMIT_REVOKE_SURE = "Revoke now?"
LIMIT_BAR = "Measured {power} kW, limit {limit} kW"

# The map
MAP_TITLE = "Stations"
MAP_HELP = (
    "Click a site to come closer, then pins to select stations. Or drag a rectangle around them, or click the corners "
    "of an area and its first corner again. The list does the same by keyboard."
)
MAP_ALL = "All sites"
MAP_ZOOM_TO = "Show {name}"
LEGEND_TITLE = "Power against what the station can give:"
LEGEND = ("idle", "to 25 %", "to 50 %", "to 75 %", "to full")
LEGEND_OFFLINE = "offline"
LEGEND_DISCHARGING = "discharging"
LEGEND_SELECTED = "selected"
LEGEND_ALERT = "does not follow"
PIN_TIP = "{id} · {name}\n{site}\n{power} kW of {max} kW\n{status}"
STATUS_OFFLINE = "offline, last seen {time}"
STATUS_OFFLINE_NEVER = "offline, never seen"
STATUS_CHARGING = "charging"
STATUS_DISCHARGING = "discharging"
STATUS_PLUGGED_IN = "EV plugged in, not charging"
STATUS_FREE = "free"
STATUS_RESERVED = "reserved"
STATUS_FAULTED = "faulted"
STATUS_UNAVAILABLE = "out of service"

# The list
LIST_TITLE = "Select by list"
LIST_SITE = "{name}"
LIST_NONE = "No stations yet."
LIST_CLEAR = "Clear selection"
LIST_POWER = "{power} kW"
LIST_PLUGGED_IN = "plugged in"

# The order form
FORM_TITLE = "Order a limit"
FORM_CHANGE_TITLE = "Change a limit"
FORM_CHANGING = "{stations}: at most {limit} kW from {start} until {end}; {power} kW measured now."
FORM_NOTHING = "No stations selected yet."
FORM_SELECTED = "{count} stations selected, drawing {power} kW now (they can draw {max} kW)."
FORM_SELECTED_ONE = "1 station selected, drawing {power} kW now (it can draw {max} kW)."
FORM_LIMIT = "Limit on their sum"
FORM_LIMIT_HINT = "kW, such as 12 or 12.5"
FORM_START = "Starts"
FORM_START_NOW = "now"
FORM_START_LATER = "at a set time"
FORM_START_AT = "Start time"
FORM_END_AT = "End time"
FORM_LASTS = "Lasts"
FORM_LASTS_UNTIL = "until a set time"
FORM_DURATIONS = (
    ("15 minutes", 15),
    ("30 minutes", 30),
    ("1 hour", 60),
    ("2 hours", 120),
    ("4 hours", 240),
    ("8 hours", 480),
)
FORM_TIMES_IN = "Times are in {zone}."
FORM_V2G = "EVs may feed energy back (V2G) to meet it"
FORM_PREVIEW = "Preview the effect"
FORM_CONFIRM = "Confirm the order"
FORM_CONFIRM_CHANGE = "Confirm the change"
FORM_KEEP = "Keep as it is"
FORM_CHANGED_MEANWHILE = (
    "Nothing was sent: somebody else has changed this order since. It stands above as it is now; look at it, then "
    "confirm once more or keep it."
)
FORM_PREVIEWING = "Planning with and without the limit…"
FORM_CONFIRMING = "Sending the order…"
FORM_STALE = "You changed the order since this preview."

# What is wrong, said beside the field
ERROR_NO_STATION = "Select at least one station, on the map or in the list."
ERROR_LIMIT_MISSING = "Enter the limit in kW."
ERROR_LIMIT_NOT_A_NUMBER = "“{text}” is not a number; enter kW, such as 12 or 12.5."
ERROR_LIMIT_NEGATIVE = "A limit below 0 kW cannot be ordered; 0 stops charging."
ERROR_LIMIT_TOO_HIGH = "At most 1,000,000 kW."
ERROR_START_MISSING = "Choose when it starts."
ERROR_END_MISSING = "Choose when it ends."
ERROR_END_BEFORE_START = "The end, {end}, must come after the start, {start}."
ERROR_END_PAST = "The end, {end}, is already past."

# The preview
PREVIEW_TITLE = "Effect"
PREVIEW_EVS = "EVs affected"
PREVIEW_SHORT = "kWh not delivered in time"
PREVIEW_COST = "change in energy cost"
PREVIEW_NO_EFFECT = "Without the limit the plan already stays under it."
CHART_TITLE = "Planned power of the selected stations, kW"
CHART_BEFORE = "without the limit"
CHART_AFTER = "with it"
CHART_LIMIT = "limit {limit} kW"
CHART_DESCRIPTION = (
    "Planned power of the selected stations from {start} to {end}: at most {before} kW without the limit, "
    "at most {after} kW within the limit's time."
)

# The progress of an order
PROGRESS_TITLE = "Your order: at most {limit} kW"
STEP_ORDERED = "Ordered"
STEP_PLANNED = "Planned again"
STEP_SENT = "Sent to stations"
STEP_ACCEPTED = "Accepted by stations"
STEP_READ_BACK = "Read back and equal"
STEP_UNDER_LIMIT = "Measured power under the limit"
STEP_SECONDS = "{seconds} s"
STEP_COUNT = "{done} of {total}"
STEP_POWER = "{power} kW of {limit} kW"
STEP_WAITS = "when it starts, {start}"
PROGRESS_NOTHING_TO_SEND = "no station needs a new profile"

# States of a restriction
STATES = {
    "scheduled": "scheduled",
    "pending": "pending",
    "enforced": "enforced",
    "partly": "partly enforced",
    "not_enforced": "not enforced",
    "ended": "ended",
    "revoked": "revoked",
}

YES = "yes"
NO = "no"
