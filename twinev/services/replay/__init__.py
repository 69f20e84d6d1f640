"""Replay real charging days: what would the plan have done, had it known only what was known at the time?

Read in this order: `record` (what a file says of a session), `power` (what EVSEs and EVs can do), `wishes` (what the
planner is told, and when), `prices`, `car_park` (what the EVs then do), `strategy` and its implementations, `rolling`
(the loop), `oddities` (what was odd and what was done about it), `metrics`, `days` (the use case).
"""
