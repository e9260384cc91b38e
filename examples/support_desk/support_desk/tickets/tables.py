"""The tables of `tickets`. What is here and what the migrations make is the same; a test says so.

::

    tickets  1 -- n  messages     a conversation, in the order of `position`
    outbox                        events that `features` has not been told of yet
"""

import sqlalchemy as sa

from support_desk.database import Rows, UtcDateTime

metadata = sa.MetaData()

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    # Rises with each message: what the models said of an older conversation is not stored.
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
    # How often reading it failed in a row, when it may be tried again, and the module it waits for.
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("retry_at", UtcDateTime, nullable=False),
    sa.Column("waits_for", sa.Text, nullable=False),
    sa.Index("tickets_of_customer", "customer_id", "created_at"),
    sa.Index("tickets_pending", "pending", "retry_at"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("tickets.id"), primary_key=True),
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

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.String(36), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("intent", sa.Text, nullable=False),
    sa.Index("outbox_of_customer", "customer_id", "at"),
)
