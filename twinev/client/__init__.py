"""Typed, synchronous client of the REST API; what dashboards, notebooks and jobs use, and scripts may.

::

    with Client("http://127.0.0.1:8080", username="olga", password="…") as client:
        for station in client.stations(site_id="utrecht-croeselaan"):
            print(station.id, station.power_kw)
"""

from twinev.client.rest_client import Client

__all__ = ["Client"]
