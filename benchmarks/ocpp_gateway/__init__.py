"""The parts of `benchmarks/ocpp.py`: servers, processes, the stations that load them, and what is measured of them."""
