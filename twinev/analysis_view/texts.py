"""Every word of the analysis, on the screen and in the report, in one place for translation."""

from __future__ import annotations

#: What each figure is called.
LABELS = {
    "sessions": "Sessions",
    "energy_kwh": "Energy delivered",
    "returned_kwh": "Energy given back (V2G)",
    "occupancy": "Occupancy",
    "peak_kw": "Peak power",
    "energy_cost_eur": "Energy cost",
    "billed_eur": "Billed to drivers",
    "self_consumption": "Self-consumption",
    "renewable_share": "Renewable share",
    "co2_kg": "CO₂",
    "reservations": "Reservations",
    "no_shows": "No-shows",
    "restrictions": "Grid restrictions",
    "restrictions_kept": "Restrictions kept",
    "charging_error_kw": "Charging: plan error",
    "charging_error_share": "Charging: plan error, relative",
    "demand_error_kw": "Demand: forecast error",
    "demand_error_share": "Demand: forecast error, relative",
    "production_error_kw": "Production: forecast error",
    "production_error_share": "Production: forecast error, relative",
    "price_error_eur_per_kwh": "Price: forecast error",
}
#: What each figure means, in one sentence.
MEANINGS = {
    "sessions": "Charging sessions that began in the period.",
    "energy_kwh": "Energy of these sessions by the stations' meters, less what EVs gave back.",
    "returned_kwh": "What EVs gave back in these sessions.",
    "occupancy": "Time in which EVs were plugged in, of the time of all EVSEs.",
    "peak_kw": "Highest mean power of all EVs together in a quarter of an hour.",
    "energy_cost_eur": "Energy taken from the grid at the market price; on-site surplus counts as free.",
    "billed_eur": "Charge detail records made in the period, without VAT, less credits.",
    "self_consumption": "On-site production that the site used at once, EVs included.",
    "renewable_share": "Of the EVs' energy: on-site surplus, and the grid's renewable share of the rest.",
    "co2_kg": "Energy from the grid times the configured emission factor.",
    "reservations": "Reservations that began in the period and were not cancelled.",
    "no_shows": "Reservations whose driver did not come though the EVSE was there.",
    "restrictions": "Grid operators' restrictions in force in the period.",
    "restrictions_kept": "Those whose measured power stayed within the limit once they were enforced.",
    "charging_error_kw": "Mean difference of the EVs' power from the plan made before each hour.",
    "charging_error_share": "The same, of the measured energy.",
    "demand_error_kw": "Mean difference of the announced from the measured demand of the site.",
    "demand_error_share": "The same, of the measured energy.",
    "production_error_kw": "Mean difference of the announced from the measured production.",
    "production_error_share": "The same, of the measured energy.",
    "price_error_eur_per_kwh": "Mean difference of the price that plans counted on from the published one.",
}
#: Why a figure cannot be told.
REASONS = {
    "no_evses": "no EVSE is registered",
    "no_time": "the period has just begun",
    "no_energy": "no energy to relate it to",
    "no_price": "no price is on record",
    "no_demand": "there is production, and no demand on record",
    "no_production": "no production is on record",
    "no_renewable_share": "no renewable share is on record",
    "no_co2_factor": "no emission factor is configured",
    "no_bills": "nothing was billed",
    "no_restrictions": "no restriction was in force",
    "no_plans": "no plans are on record",
    "not_measured": "nothing was measured to compare with",
}
REASON_OTHER = "not known"
KNOWN = "known for {share} of it"
NOT_KNOWN = "not known"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
MONTH = "{name} {year}"
UNITS = {"1": "", "share": "%", "kWh": "kWh", "kW": "kW", "EUR": "€", "EUR/kWh": "€/kWh", "kg": "kg"}

# Changes
CHANGE_MORE = "▲ {change} on {month}"
CHANGE_LESS = "▼ {change} on {month}"
CHANGE_NONE = "as in {month}"
POINTS = "{points} pts"

# Cards that say two figures at once
OF_RESERVATIONS = "of {count} reservations"
OF_RESTRICTIONS = "of {count} restrictions"
OF_MEASURED = "{share} of the measured energy"

# Charts
TITLE_UNIT = "{title} ({unit})"
CHART_DAYS = "{figure} by day, {month}"
CHART_MONTHS = "{figure} by month"
CHART_HOURS = "Mean power by hour of the day, {month}"
CHART_HOURS_UNIT = "kW"
CHART_DESCRIPTION = "{title}: highest {highest} ({where}), {known} of {total} values known."
CHART_EMPTY = "{title}: nothing known yet."
BAR = "{label}: {value}"

# Tables
TABLE_FIGURES = "All figures"
TABLE_DAYS = "Day by day"
COLUMN_FIGURE = "Figure"
COLUMN_CHANGE = "Change"
COLUMN_MEANING = "What it is"
COLUMN_DAY = "Day"

# State of a month
SETTLED = "Complete: nothing is expected to change any more."
NOT_SETTLED = "Not complete: as of {time}. A month is settled two days after its end."
CO2_SOURCE = "CO₂: {factor} g/kWh from the grid, after {source}."

# The report
REPORT_TITLE = "Charging in {month}"
REPORT_ALL_SITES = "All sites"
REPORT_MADE = "Made by TwinEV on {time}"
REPORT_TIMES = (
    "Days and hours are those of the sites' clocks. Every figure is defined in TwinEV's manual, page “Analysis”."
)

# The tab
TAB = "Analysis"
PICK_MONTH = "Month"
PICK_SITE = "Site"
PICK_FIGURE = "Charts show"
ALL_SITES = "All sites"
EARLIER = "◀ Earlier"
LATER = "Later ▶"
DOWNLOAD = "Download as CSV"
PRINT = "Report to print"
COUNTING = "Counting…"
FAILED = "The figures could not be read: {error}"
AGAIN = "Try again"
EMPTY = "No session has been charged yet, so there is nothing to analyse."
