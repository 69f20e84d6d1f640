"""Bodies of ``/api/v1``, shared by the API and its client: a module for each resource."""
