"""What stations report of themselves; which app a command came from, and what the station answered."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "station_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("evse_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("seq_no", sa.BigInteger(), nullable=True),
        sa.Column("to_be_continued", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_reports_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_reports")),
    )
    op.create_index("ix_station_reports_station_id_id", "station_reports", ["station_id", "id"])
    # Commands from before do not tell.
    op.add_column("commands", sa.Column("app", sa.String(length=200), nullable=True))
    op.add_column("commands", sa.Column("response", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("commands", "response")
    op.drop_column("commands", "app")
    op.drop_index("ix_station_reports_station_id_id", table_name="station_reports")
    op.drop_table("station_reports")
