"""The figures of a site's days and months: what is counted, and what is worked out of it."""
