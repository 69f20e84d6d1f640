"""Pydantic models of everything that crosses a socket: NATS messages and REST bodies. No logic."""
