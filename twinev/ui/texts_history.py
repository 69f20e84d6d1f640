"""Every word of the Historical tab. Braces are filled in by the page."""

TAB = "Historical"
SEARCH = "Find"
SEARCH_HINT = "person, station or site"
STATE = "State"
ANY_STATE = "any"
WHEN = "In force"
#: How many days back; 0 is any time, 1 is today.
WHENS = (("any time", 0), ("today", 1), ("last 7 days", 7), ("last 31 days", 31))
COUNT = "Showing {shown} of {total}"
NONE = "No limit has been ordered yet. Orders show here as soon as they are given, and stay."
NO_MATCH = "No order matches."
READING = "Reading older orders…"
MORE = "Show more"
EXPORT = "Download as CSV"
COLUMNS = ("Ordered", "Stations", "Limit", "In force", "V2G", "State", "Highest measured once enforced")
BY = "by {user}"
REVOKED_AT = "revoked {time}"
OVER = "{over} kW over"
HIGHEST_UNKNOWN = "not measured"
HIGHEST_BAR = "Highest measured {power} kW, limit {limit} kW"
NOT_FOLLOWING = "{count} not following"
SHOW = "Details"
HIDE = "Hide"

# What a row unfolds into
DETAIL_READING = "Reading what was measured…"
MEASURED_TITLE = "Measured against ordered"
KEPT = "of the time within the limit"
HIGHEST = "kW at the highest"
EXCESS = "kWh above the limit"
ENFORCED_AFTER = "until it was enforced"
NEVER_ENFORCED = "never"
SECONDS = "{seconds} s"
NOT_BEGUN = "It begins {start}: nothing is measured yet."
SILENT = "Without {stations}: an EV was there and its meter said nothing for more than 20 minutes."
CHART_TITLE = "Sum of its stations, kW"
CHART_MEASURED = "measured"
CHART_ORDERED = "ordered"
CHART_DESCRIPTION = (
    "Measured power of the stations from {start} to {end}: at most {highest} kW, within the limit for {kept} of the "
    "time."
)
ACTS_TITLE = "Who did what"
ACTS = {"ordered": "ordered", "changed": "changed", "revoked": "revoked"}
ACT = "{act} by {by}: at most {limit} kW until {end}, {v2g}"
ACT_REVOKED = "revoked by {by}"
V2G_YES = "V2G allowed"
V2G_NO = "no V2G"
STATIONS_TITLE = "Stations"
NO_REASON = "follows"

CSV_COLUMNS = (
    "id", "ordered_at", "ordered_by", "station_ids", "sites", "limit_kw", "start", "end", "v2g", "state", "revoked_at",
    "first_enforced_at", "highest_kw", "not_following",
)  # fmt: skip
