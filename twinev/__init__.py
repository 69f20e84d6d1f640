"""TwinEV computes, sends and explains EV charging schedules.

The folders, from the inside out: ``domain`` (the words and their units), ``sct`` (the optimiser), ``services``
(what a user asks for), ``adapters`` (OCPP, NATS, the database, identity, feeds), ``wire`` (the bodies that cross a
socket), ``api``, ``client``, ``ui``, ``simulator``. ``wiring`` builds every object from ``settings``.
"""

__version__ = "0.1.0"
