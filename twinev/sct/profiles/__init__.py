"""The driver's choice: what each profile minimises, one module each.

A module has ``NAME`` and two functions. ``aim(model, sessions, earlier)`` is what its step minimises for its own
``sessions``, given those of the steps before it; ``magnitude(inputs, sessions, earlier, met_kwh)`` is about what that
will come to when every session's battery gets its ``met_kwh``. ``sessions`` and ``earlier`` are masks of
shape (n_sessions,).
"""
