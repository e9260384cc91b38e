"""The implementation of `tickets`: asks the classifier, then applies the rules."""

from support_desk.classifier import Classifier
from support_desk.tickets import Tickets, Triage
from support_desk.tickets.rules import decide


class TicketService(Tickets):
    """Decides from the classifier's intent and how sure it is of it."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    async def triage(self, text: str) -> Triage:
        """Name the intent of `text` and decide its priority and queue."""
        intent = await self._classifier.classify(text)
        queue, priority = decide(intent.name, intent.confidence)
        return Triage(
            intent=intent.name,
            confidence=intent.confidence,
            entities=(),
            summary="",
            priority=priority,
            queue=queue,
        )
