"""OCPI 2.2.1, the charge point operator's side, for reading: what a roaming hub or a service provider asks us for."""
