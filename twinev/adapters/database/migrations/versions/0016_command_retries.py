"""Commands that repeat another one, and what stations give as the fault of an EVSE."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("commands", sa.Column("retry_of", sa.String(length=64), nullable=True))
    op.add_column("evses", sa.Column("error_code", sa.String(length=50), nullable=True))


def downgrade() -> None:
    op.drop_column("evses", "error_code")
    op.drop_column("commands", "retry_of")
