"""A transaction's name may come again: what is unique is the name with the time of its start. What an EV gave back."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TABLE = "charging_sessions"
_NAME = ("station_id", "ocpp_transaction_id")


def upgrade() -> None:
    _make_unique(*_NAME, "started_at", instead_of=_NAME)
    op.add_column(_TABLE, sa.Column("export_start_kwh", sa.Float(), nullable=True))
    # Sessions from before: nobody counted it.
    op.add_column(_TABLE, sa.Column("returned_kwh", sa.Float(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column(_TABLE, "returned_kwh")
    op.drop_column(_TABLE, "export_start_kwh")
    _make_unique(*_NAME, instead_of=(*_NAME, "started_at"))


def _make_unique(*columns: str, instead_of: tuple[str, ...]) -> None:
    # SQLite can only copy the table; no other table refers to it.
    with op.batch_alter_table(_TABLE) as table:
        table.drop_constraint(f"uq_{_TABLE}_{'_'.join(instead_of)}", type_="unique")
        table.create_unique_constraint(f"uq_{_TABLE}_{'_'.join(columns)}", list(columns))
