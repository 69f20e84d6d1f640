"""Logins at an identity server, and passwords that are good for the first time only."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "login_grants",
        sa.Column(
            "session_id",
            sa.String(length=64),
            sa.ForeignKey("login_sessions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("server_session_id", sa.String(length=255), nullable=False),
        sa.Column("refresh_token_sealed", sa.Text(), nullable=False),
        sa.Column("checked_until", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_login_grants_server_session_id"), "login_grants", ["server_session_id"])
    op.add_column("users", sa.Column("password_temporary", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("users", "password_temporary")
    op.drop_table("login_grants")
