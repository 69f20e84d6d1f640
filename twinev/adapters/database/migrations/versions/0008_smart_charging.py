"""What stations can do, what others limit them to, which of them do not follow; what an EV gives back."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0008"
down_revision = "0007"

_OF_NEEDS = ("charging_sessions", "held_needs")


def upgrade() -> None:
    op.create_table(
        "charging_abilities",
        sa.Column("station_id", sa.String(length=48), sa.ForeignKey("stations.id"), primary_key=True),
        sa.Column("max_profiles", sa.Integer()),
        sa.Column("max_periods", sa.Integer()),
        sa.Column("max_stack_level", sa.Integer()),
        sa.Column("discharging_evses", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "external_limits",
        sa.Column("station_id", sa.String(length=48), sa.ForeignKey("stations.id"), primary_key=True),
        sa.Column("evse_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(length=64), primary_key=True),
        sa.Column("schedule", sa.JSON(none_as_null=True)),
        sa.Column("grid_critical", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "station_faults",
        sa.Column("station_id", sa.String(length=48), sa.ForeignKey("stations.id"), primary_key=True),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("by_meter", sa.Boolean(), nullable=False),
    )
    for table in _OF_NEEDS:
        # Sessions from before: nobody said that their EVs give anything back.
        op.add_column(table, sa.Column("ev_max_discharge_kw", sa.Float(), nullable=True))


def downgrade() -> None:
    for table in _OF_NEEDS:
        op.drop_column(table, "ev_max_discharge_kw")
    for table in ("station_faults", "external_limits", "charging_abilities"):
        op.drop_table(table)
