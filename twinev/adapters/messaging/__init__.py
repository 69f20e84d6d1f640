"""NATS: connection, subjects, streams, the embedded server, and both ends of every message."""
