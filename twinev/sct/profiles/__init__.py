"""The driver's choice: what each profile minimises, one module each.

A module has ``NAME`` and two functions. ``aim(model, sessions, earlier)`` is what its step minimises for its own
``sessions``, given those of the steps before it; ``floor(inputs, sessions, earlier, met_kwh)`` is a proven lower bound
of the aim's magnitude when every session's battery gets its ``met_kwh``. ``sessions`` and ``earlier`` are masks of
shape (n_sessions,).
"""
