"""The REST API, its background work and its pages: FastAPI."""
