"""Which events of a session's transaction came, by their numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Sessions from before do not tell.
    op.add_column("charging_sessions", sa.Column("last_seq_no", sa.Integer(), nullable=True))
    op.add_column("charging_sessions", sa.Column("missing_seq_nos", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("charging_sessions", "missing_seq_nos")
    op.drop_column("charging_sessions", "last_seq_no")
