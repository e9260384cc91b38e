"""What happened to customers' tickets."""

import sqlalchemy as sa
from alembic import op
from support_desk.database import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first table."""
    op.create_table(
        "customer_events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
    )
    op.create_index("events_of_customer", "customer_events", ["customer_id", "kind", "at"])
