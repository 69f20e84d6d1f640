"""``python -m twinev`` is the command line."""

from twinev.cli import app

app()
