"""What the use cases need from outside, as Protocols. Adapters implement them, `twinev.wiring` joins them."""
