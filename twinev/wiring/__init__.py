"""Builds every object from the settings: one module a process, so that each loads only its own parts."""
