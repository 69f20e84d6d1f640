"""The OCPP gateway: WebSocket, RPC, and the translation between stations and facts or commands."""
