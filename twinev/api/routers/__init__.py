"""The routers of `/api/v1` and of the pages, one for each subject."""
