"""What is kept for a time only is found by its age."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_facts_received_at", "facts", ["received_at"])
    op.create_index("ix_station_reports_received_at", "station_reports", ["received_at"])


def downgrade() -> None:
    op.drop_index("ix_station_reports_received_at", "station_reports")
    op.drop_index("ix_facts_received_at", "facts")
