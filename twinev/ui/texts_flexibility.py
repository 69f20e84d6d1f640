"""Every word of the Flexibility tab. Braces are filled in by the page."""

TAB = "Flexibility"
HELP = (
    "A flexibility order moves a site's import limit, slot by slot: −10 allows 10 kW less, 5 allows 5 kW more, 0 "
    "leaves the limit as it is. In slots for which several orders were given, the last one counts."
)
NO_SITES = "There are no sites yet that could be given an order."

EDITOR_TITLE = "Order flexibility"
SITE = "Site"
START = "From"
START_NOW = "the slot that runs now"
START_LATER = "a set time"
START_AT = "Start time"
LASTS = "For"
LASTS_OPTIONS = (("1 hour", 60), ("2 hours", 120), ("4 hours", 240), ("8 hours", 480))
STEP = "In slots of"
STEPS = (("15 minutes", 15), ("30 minutes", 30), ("1 hour", 60))
ALL = "All slots, kW"
ALL_SET = "Set all"
SLOT = "{start}"
SLOT_NAME = "kW to add to the limit from {start} to {end}"
SLOTS_HELP = "kW to add to the limit of {limit} kW, from the time named; filled with what is ordered so far."
ORDER = "Give this order"
ORDER_SURE = "Give it now?"
SENDING = "Sending the order…"
DONE = "Ordered. The site is planned again with it."
STALE = "What is ordered at this site has changed: read it again before you order."
READ_AGAIN = "Undo my changes"

ERROR_START_MISSING = "Choose when it starts."
ERROR_PAST = "This is over: choose a start that reaches to now or later."
ERROR_NOT_A_NUMBER = "{start}: “{text}” is not a number; type kW, such as −10 or 2.5."
ERROR_TOO_LARGE = "{start}: {value} kW moves the limit of {limit} kW by more than itself."

CHART_TITLE = "Import limit of {site}, kW"
CHART_BEFORE = "as ordered so far"
CHART_AFTER = "with this order"
CHART_DESCRIPTION = "Import limit from {start} to {end} with this order: from {lowest} to {highest} kW."

ORDERS_TITLE = "Orders"
ORDERS_NONE = "No flexibility has been ordered yet, neither here nor by another system."
COLUMNS = ("Ordered", "Site", "In force", "kW added to the limit", "State")
BY = "by {user}"
RANGE = "{lowest} to {highest} kW"
ONE_VALUE = "{value} kW"
IN_STEPS = "in slots of {minutes} min"
MORE = "Show more"
REVOKED = "revoked by {user}"
STATES = {"scheduled": "scheduled", "in_force": "in force", "over": "over", "revoked": "revoked"}
