"""The clock that says how long a customer may wait for an answer.

It starts with a message that nobody has answered, runs on when the customer writes again, and stops
when an agent answers.
"""

from datetime import datetime, timedelta

from support_desk.tickets import Priority

ANSWER_WITHIN = {
    Priority.URGENT: timedelta(hours=1),
    Priority.HIGH: timedelta(hours=4),
    Priority.NORMAL: timedelta(days=1),
    Priority.LOW: timedelta(days=3),
}


def due_at(waiting_since: datetime | None, priority: Priority | None) -> datetime | None:
    """Say when an answer is due; None while nobody waits, or before the priority is known."""
    if waiting_since is None or priority is None:
        return None
    return waiting_since + ANSWER_WITHIN[priority]
