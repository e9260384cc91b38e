"""Tickets, their messages, and the events to tell."""

import sqlalchemy as sa
from alembic import op
from support_desk.database import Rows, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("pending", sa.Boolean, nullable=False),
        sa.Column("intent", sa.Text),
        sa.Column("confidence", sa.Double),
        sa.Column("entities", Rows),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("priority", sa.Text),
        sa.Column("queue", sa.Text),
        sa.Column("features", Rows),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("waiting_since", UtcDateTime),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", UtcDateTime, nullable=False),
        sa.Column("waits_for", sa.Text, nullable=False),
    )
    op.create_index("tickets_of_customer", "tickets", ["customer_id", "created_at"])
    op.create_index("tickets_pending", "tickets", ["pending", "retry_at"])
    op.create_table(
        "messages",
        sa.Column("ticket_id", sa.String(36), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("intent", sa.Text),
        sa.Column("confidence", sa.Double),
        sa.Column("entities", Rows),
        sa.UniqueConstraint("customer_id", "key", name="messages_key"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
    )
    op.create_index("outbox_of_customer", "outbox", ["customer_id", "at"])
