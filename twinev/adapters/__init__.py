"""What knows the outside: OCPP, NATS, the database, identity, feeds. No adapter knows another."""
