"""Imports jsonschema without its check of IRIs, whose grammar it would build first: a second and a half of each start.

It is imported before nbformat and Voila, which import jsonschema; the dashboards' notebooks have no IRIs to check.
"""

import sys

if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    # jsonschema leaves a check out whose package is not there.
    sys.modules["rfc3987_syntax"] = None
    try:
        import jsonschema  # noqa: F401
    finally:
        del sys.modules["rfc3987_syntax"]
