"""The table of `features`: what happened, from which everything known is computed when asked."""

import sqlalchemy as sa

from support_desk.database import UtcDateTime

metadata = sa.MetaData()

events = sa.Table(
    "customer_events",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("intent", sa.Text, nullable=False),
    sa.Index("events_of_customer", "customer_id", "kind", "at"),
)
