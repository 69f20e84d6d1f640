"""Between what stations say and what the platform says: names, units, limits. Pure functions, no I/O."""
