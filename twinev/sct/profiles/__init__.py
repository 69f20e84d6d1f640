"""The driver's choice: what each profile minimises, one module each.

A module has ``NAME`` and three functions. ``aim(model, sessions, earlier, relaxed=False)`` is what its step minimises
for its own ``sessions``, given those of the steps before it; ``floor(inputs, sessions, earlier, met_kwh)`` is a proven
lower bound of the aim when every session gets its ``met_kwh``, and ``largest(inputs)`` the aim's largest coefficient.
``sessions`` and ``earlier`` are masks of shape (n_sessions,).
"""
