"""Every word that the charge point managers' page shows, in one place for translation. Braces are filled in."""

PAGE_TITLE = "Charge points"
TAB_TRANSACTIONS = "Transactions"
TAB_COMMANDS = "Commands"
TAB_LOCATIONS = "Locations"
TAB_ANALYSIS = "Analysis"
CLOSE = "Close"

# Long lists
LIST_READING = "Reading…"
LIST_ACTIONS = "Actions"
LIST_NEWER = "‹ Newer"
LIST_OLDER = "Older ›"
LIST_BACK = "‹ Previous"
LIST_MORE = "Next ›"
LIST_PLACE = "{first}–{last}"
LIST_PLACE_OF = "{first}–{last} of {total}"
FIND = "Find"
FROM_DAY = "From"
TO_DAY = "To"
SITE = "Site"
ANY = "all"
DETAILS = "Details"
UNKNOWN = "—"

# Transactions
TRANSACTIONS_FIND_HINT = "station, token or id"
TRANSACTIONS_CAPTION = "Transactions, the newest first"
TRANSACTIONS_COLUMNS = ("Began", "Station", "Token", "Energy", "Power", "Ended", "State")
TRANSACTIONS_NONE = "No EV has charged yet. Transactions appear here as they begin."
TRANSACTIONS_NO_MATCH = "No transaction matches. Change what you look for, or widen the days."
TRANSACTIONS_STATES = (("all", ""), ("running", "running"), ("ended", "ended"))
STATE = "State"
TRANSACTION_DETAILS = "Details of transaction {id} at {station}"
TRANSACTION_RUNNING = {
    "Charging": "charging",
    "EVConnected": "plugged in",
    "SuspendedEV": "paused by the EV",
    "SuspendedEVSE": "paused by the station",
    "Idle": "plugged in",
}
TRANSACTION_IN_PROGRESS = "running"
TRANSACTION_ENDED = "ended"
TRANSACTION_GAPS = "events missing"
NO_TOKEN = "no token"
PLANNED_SHORT = "plan {power} kW"
EVSE = "EVSE {id}"
SUMMARY_RUNNING = "running now"
SUMMARY_POWER = "kW drawn"
SUMMARY_OFFLINE = "stations offline"
SUMMARY_PROBLEMS = "stations with a problem"

# One transaction
TRANSACTION_TITLE = "Transaction {id} · {station}, EVSE {evse}"
TRANSACTION_READING = "Reading the transaction…"
TRANSACTION_FACTS = {
    "place": "Site",
    "token": "Token",
    "began": "Began",
    "ended": "Ended",
    "lasted": "Lasted",
    "energy": "Energy",
    "asked": "Asked for",
    "departure": "Leaves at",
    "profile": "Profile",
    "power": "Power now",
    "reason": "Ended because",
    "gaps": "Events missing",
    "tariff": "Tariff",
    "cost": "Cost",
    "cdr": "Charge detail record",
}
TRANSACTION_STILL_RUNS = "still running"
TRANSACTION_ENERGY_OF = "{energy} kWh"
TRANSACTION_NO_WISH = "nothing in particular"
TRANSACTION_COST = "{currency} {incl} with VAT ({excl} without)"
TRANSACTION_FREE = "none: free of charge"
TRANSACTION_COST_SO_FAR = "{cost}, so far"
TRANSACTION_NO_CDR_YET = "made when the session is settled"
TRANSACTION_CDR = "{id}, {status}"
TRANSACTION_CREDIT = "{id}, credit"
TRANSACTION_RECEIPT = "Receipt"
TRANSACTION_GAPS_ARE = "numbers {gaps}"
PAYMENT_WORDS = {
    "pending": "to be paid",
    "authorised": "payment authorised",
    "paid": "paid",
    "failed": "payment failed",
    "refunded": "refunded",
    "not_required": "nothing to pay",
}
POWER_TITLE = "Power, kW"
POWER_MEASURED = "measured"
POWER_PLANNED = "plan at the station"
POWER_DESCRIPTION = "Power from {start} to {end}: measured at most {measured} kW, planned at most {planned} kW."
POWER_DESCRIPTION_UNPLANNED = "Power from {start} to {end}: measured at most {measured} kW; no plan is on record."
ENERGY_TITLE = "Energy delivered, kWh"
ENERGY_DELIVERED = "delivered"
ENERGY_ASKED = "asked for"
ENERGY_DESCRIPTION = "Energy delivered from {start} to {end}: {energy} kWh."
NOW = "now"
NOTHING_MEASURED = "Nothing was measured yet."
SLOTS_TITLE = "Slot by slot"
SLOTS_COLUMNS = ("From", "To", "Energy, kWh", "Mean power, kW", "Plan, kW", "Cost, {currency}")
SLOTS_OTHER = "Fees, whole blocks and rounding"
SLOTS_TOTAL = "Total without VAT"
SLOTS_TOTAL_VAT = "Total with VAT"
SLOTS_HELP = "Costs are without VAT. Slots of {minutes} minutes."
EXPLANATION = "The plan says: {words}"
STOP = "Stop charging"
STOP_SURE = "Stop this transaction now? The driver leaves with {energy} kWh."
STOP_CONFIRM = "Stop now"
STOP_SENT = "The station answered: {answer}."

# Commands
COMMANDS_FIND_HINT = "station, person, app or action"
COMMANDS_CAPTION = "Commands to stations, the newest first"
COMMANDS_COLUMNS = ("Sent", "Station", "Command", "By", "Answer", "Round trip")
COMMANDS_NONE = "No command was sent yet."
COMMANDS_NO_MATCH = "No command matches. Change what you look for, or widen the days."
COMMANDS_STATES = (("all", ""), ("under way", "under_way"), ("accepted", "accepted"), ("not accepted", "failed"))
COMMANDS_SENDERS = (("all", ""), ("people and programs", "people"), ("TwinEV itself", "platform"))
COMMANDS_ANSWER = "Answer"
COMMANDS_SENDER = "Sent by"
COMMAND_DETAILS = "Details of {action} to {station}"
COMMAND_RETRY = "Send again"
COMMAND_RETRY_OF = "Send again: {action} to {station}"
COMMAND_RETRIED = "sent again"
COMMAND_VIA = "with {app}"
ROUND_TRIP = "{ms} ms"
OUTCOMES = {
    None: "under way",
    "accepted": "accepted",
    "rejected": "rejected",
    "not_supported": "not supported",
    "call_error": "error",
    "timeout": "no answer",
    "offline": "offline",
}
COMMAND_FACTS = {
    "station": "Station",
    "sent": "Sent",
    "answered": "Answered",
    "by": "By",
    "app": "With",
    "outcome": "Answer",
    "detail": "Because",
    "round_trip": "Round trip",
    "retry_of": "Repeats",
    "plan": "For plan",
    "restriction": "For restriction",
}
COMMAND_TITLE = "{action} to {station}"
COMMAND_SAID = "What was sent"
COMMAND_ANSWERED = "What the station answered"
CONFIGURATION_COLUMNS = ("Component", "Variable", "Value", "Answer")
COMMAND_NO_ANSWER = "Nothing but its status."
RETRY_QUESTION = "Send {action} to {station} once more, with the same content?"
ANSWER_WORDS = "{outcome}"
ANSWER_WITH_STATUS = "{outcome} ({status})"

# Sending
SEND_TITLE = "Send a command"
SEND_STATION = "Station"
SEND_STATION_HINT = "type or choose an id"
SEND_COMMAND = "Command"
SEND_EVSE = "EVSE"
SEND_WHOLE_STATION = "whole station"
SEND = "Send"
SEND_SURE = "Yes, send it"
SEND_BACK = "Back"
SEND_SENDING = "Waiting for the station…"
SEND_NO_STATION = "Choose a station of the list."
SEND_OFFLINE = "{station} is offline: it cannot be told anything now."
SEND_ANSWER = "{station} answered {action}: {answer}."
SEND_DETAIL = "It says: {detail}"
ERROR_REQUIRED = "“{name}” is missing."

FIELD_MESSAGE = "Message"
FIELD_COMPONENT = "Component (OCPP 2.x)"
FIELD_COMPONENT_HINT = "such as OCPPCommCtrlr; empty for OCPP 1.6"
FIELD_KEY = "Key"
FIELD_KEY_HINT = "such as HeartbeatInterval"
FIELD_KEY_ALL_HINT = "empty: all of them (OCPP 1.6)"
FIELD_VALUE = "Value"
FIELD_ADDRESS = "Address"
FIELD_ADDRESS_HINT = "https://… or ftp://…"

CHOICE_RESET = "Restart"
CHOICE_RESET_IDLE = "Restart when idle (OCPP 2.x)"
CHOICE_RESET_HARD = "Hard reset (OCPP 1.6)"
CHOICE_UNLOCK = "Unlock connector"
CHOICE_OUT = "Take out of service"
CHOICE_IN = "Put into service"
CHOICE_TRIGGER = "Ask for a message"
CHOICE_SET = "Change configuration"
CHOICE_GET = "Read configuration"
CHOICE_CACHE = "Clear the token cache"
CHOICE_LOG = "Fetch its log"
CHOICE_FIRMWARE = "Update firmware"
HURTS_RESET = "The station restarts; what charges there ends."
HURTS_HARD = "The station restarts as if its power was cut; what charges there is cut off."
HURTS_UNLOCK = "The cable comes loose; what charges there may end."
HURTS_OUT = "Nobody can charge there until it is put into service again; what charges may go on to its end."
HURTS_SET = "A wrong value can keep a station from charging, or from connecting again."
HURTS_FIRMWARE = "The station fetches and installs this firmware, and is out of service meanwhile."
HURTS_ACTIVE_ONE = "An EV is charging there now."
HURTS_ACTIVE = "{count} EVs are charging there now."

# Locations
LOCATIONS_FIND_HINT = "id, name, vendor or firmware"
LOCATIONS_CAPTION = "Charging stations"
LOCATIONS_COLUMNS = ("Station", "Site", "State", "Connectors", "Power", "Equipment", "Last seen")
LOCATIONS_NONE = "No station is registered yet."
LOCATIONS_NO_MATCH = "No station matches."
LOCATIONS_SELECTED = "Only the {count} selected on the map"
LOCATIONS_SHOW_ALL = "Show all"
STATION_STATES = {
    "blocked": "blocked",
    "offline": "offline",
    "faulted": "faulted",
    "not_following": "not following",
    "unavailable": "out of service",
    "charging": "charging",
    "occupied": "plugged in",
    "reserved": "reserved",
    "available": "free",
}
CONNECTOR_STATES = {
    "Available": "free",
    "Occupied": "occupied",
    "Reserved": "reserved",
    "Unavailable": "out of service",
    "Faulted": "faulted",
}
CONNECTOR_TYPES = {
    "cCCS1": "CCS1", "cCCS2": "CCS2", "cG105": "CHAdeMO", "cTesla": "Tesla", "cNACS": "NACS", "cType1": "Type 1 cable",
    "cType2": "Type 2 cable", "sType2": "Type 2 socket", "sType3": "Type 3", "sCEE-7-7": "Schuko",
}  # fmt: skip
NEVER = "never"
EQUIPMENT_UNKNOWN = "not told yet"
STATION_DETAILS = "Details of {station}"
STATION_POWER = "{power} kW"
STATION_POWER_OF = "of {max}"
LOCATIONS_MAP_HELP = (
    "Click a site to come closer, then pins, or “Draw a rectangle” around them: the list shows only these stations. "
    "By keyboard, use the fields above the list."
)
LOCATIONS_LEGEND_TITLE = "State of the station:"
LOCATIONS_LEGEND = (
    ("idle", "free"), ("low", "plugged in or reserved"), ("medium", "charging"), ("high", "not following or blocked"),
    ("full", "faulted or out of service"), ("offline", "offline"),
)  # fmt: skip

# One station
STATION_TITLE = "{station} · {name}"
STATION_FACTS = {
    "state": "State",
    "site": "Site",
    "equipment": "Equipment",
    "firmware": "Firmware",
    "protocol": "Speaks",
    "security": "Security profile",
    "last_seen": "Last seen",
    "power": "Power now",
    "public": "Open to",
    "problem": "Does not follow",
    "blocked": "Blocked",
    "others": "Limited by others",
}
STATION_READING = "Reading what it was told…"
STATION_ONLINE_NOW = "online now"
PUBLIC_ALL = "everybody"
PUBLIC_SOME = "those who were given access"
PROBLEM = "{reason} (since {time})"
EXTERNAL_LIMIT = "{source}: {limit}, since {time}"
EXTERNAL_NO_FIGURE = "a limit it gave no figure for"
EVSES_TITLE = "EVSEs and connectors"
EVSES_COLUMNS = ("EVSE", "Connectors", "Gives", "State", "Since", "Power now", "Plan now", "Transaction")
EVSE_ERROR = "error {code}"
EVSE_GIVES = "{kw} kW, {phases}-phase"
PROFILES_TITLE = "Charging profiles at the station"
PROFILES_COLUMNS = ("EVSE", "Purpose", "Level", "Now", "Next", "Ends")
PROFILES_NONE = "The station holds no profile of ours."
PURPOSES = {
    "TxProfile": "plan of the transaction",
    "TxDefaultProfile": "fallback without a plan",
    "ChargingStationMaxProfile": "most the station may draw",
    "ChargingStationExternalConstraints": "set by others",
}
PROFILE_NO_LIMIT = "no limit"
PROFILE_OVER = "over"
PROFILE_NOT_YET = "not yet"
PROFILE_NEXT = "{kw} from {time}"
PROFILE_NO_END = "when replaced"
PROFILE_NO_CHANGE = "stays"
PLAN_TITLE = "Planned power, kW"
PLAN_CALCULATED = "calculated by the Smart Charging Tool"
PLAN_EXPECTED = "what the profiles come to"
PLAN_REPORTED = "what the station says, {time}"
PLAN_DESCRIPTION = "Power planned for EVSE {id} from {start} to {end}: at most {kw} kW."
PLAN_UNKNOWN = "Nothing limits EVSE {id}, and nothing is planned for it."
PLAN_EVSE = "EVSE {id}: {now}"
PLAN_NOW_NEXT = "{now} now, {next} from {time}"
PLAN_NOW_ONLY = "{now} now"
PLAN_KW = "{kw} kW"
PLAN_NOTHING = "no limit"
DIFFERENCES = "Differs from what it accepted: {items}"
DIFFERENCE = "{expected} kW expected, {reported} kW reported from {start} to {end}"
ASK_COMPOSITE = "Ask for its schedule"
ASKING = "Asking the station…"
ASKED_NO_SCHEDULE = "It told no schedule: {answer}."
ASKED = "It answered in {ms}."
REPORTS_TITLE = "What it reported last"
REPORTS_NONE = "No reports."
COMMAND_THIS = "Send a command"

# Editing a station
EDIT = "Edit"
EDIT_TITLE = "Edit {station}"
EDIT_NAME = "Name"
EDIT_SITE = "Site"
EDIT_LATITUDE = "Latitude, °"
EDIT_LONGITUDE = "Longitude, °"
EDIT_PUBLIC = "Open to everybody"
EDIT_SAVE = "Save"
EDIT_CANCEL = "Cancel"
EDIT_SAVED = "Saved."
EDIT_NOTHING = "Nothing was changed."
EDIT_CONFLICT = "Somebody else has changed {station} meanwhile. What it is now is below; enter your change again."
EDIT_NOT_A_NUMBER = "“{text}” is no number of degrees; enter one such as 52.0852."
BLOCK = "Block"
BLOCK_TITLE = "Block {station}"
BLOCK_REASON = "Reason"
BLOCK_REASON_HINT = "staff reads it"
BLOCK_HURTS = "The station is disconnected and refused until you unblock it; what charges there runs on its fallback."
BLOCK_REASON_MISSING = "Say why."
UNBLOCK = "Unblock"
