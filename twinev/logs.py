"""How a process writes its log: one line an event on standard error, without request logs or secrets."""

from __future__ import annotations

import logging


def write_logs(level: int = logging.INFO) -> None:
    """Begin to log; libraries speak from warnings on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("twinev").setLevel(level)
