"""The load on the REST API: a filled database, people with tokens, and requests that come at a steady rate."""
