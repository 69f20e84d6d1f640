"""Ports of 127.0.0.1 for servers of tests: no other test is given them, no outgoing connection can take them."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
# Below it are the ports of services that the machine may have.
_LOWEST = 10_000
# Not the dice that Hypothesis and the tests set to a seed: those would give every process the same.
_DICE = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """Ports that nobody holds at the moment, all different.

    They are drawn from below the kernel's range for outgoing connections: between a port's choice and the server's
    start, and while a server that was killed is started again, the kernel gives it to nobody.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = _DICE.randrange(_LOWEST, _highest())
        if port not in ports and _is_free(port):
            ports.append(port)
    return ports


def free_port() -> int:
    """One such port."""
    return free_ports(1)[0]


def _highest() -> int:
    outgoing_from = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else 0
    return outgoing_from if outgoing_from > 2 * _LOWEST else 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
