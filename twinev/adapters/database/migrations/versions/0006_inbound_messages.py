"""Which messages of other modules were taken in."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "inbound_messages",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=128), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "message_id", name=op.f("pk_inbound_messages")),
    )
    op.create_index(op.f("ix_inbound_messages_taken_at"), "inbound_messages", ["taken_at"])
    op.create_index("ix_inbound_messages_kind_subject_end", "inbound_messages", ["kind", "subject", "end"])


def downgrade() -> None:
    op.drop_table("inbound_messages")
