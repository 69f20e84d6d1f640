"""Keys that stations were told to use from now on, and have not come with yet."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "pending_station_keys",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("key_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_pending_station_keys_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pending_station_keys")),
    )
    op.create_index(op.f("ix_pending_station_keys_station_id"), "pending_station_keys", ["station_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_pending_station_keys_station_id"), table_name="pending_station_keys")
    op.drop_table("pending_station_keys")
