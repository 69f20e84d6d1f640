"""What the solver was asked for beside each plan; since when a station has been connected."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0003"
down_revision = "0002"

_ASKED = (
    ("profile", sa.String(length=20)),
    ("solver", sa.String(length=20)),
    ("gap", sa.Float()),
    ("time_limit_seconds", sa.Float()),
)


def upgrade() -> None:
    for name, kind in _ASKED:
        # Plans from before do not tell.
        op.add_column("plans", sa.Column(name, kind, nullable=True))
    op.add_column("stations", sa.Column("online_since", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("stations", "online_since")
    for name, _ in reversed(_ASKED):
        op.drop_column("plans", name)
