"""Every message gets a priority and a queue, whatever the model says of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support_desk.tickets import Priority, Queue
from support_desk.tickets.rules import RULES, SURE_ENOUGH, UNKNOWN_INTENT, WORTH_A_GUESS, decide
from support_desk.training.corpus import read_corpus

if TYPE_CHECKING:
    from pathlib import Path

RULED = Counter(intent for intents in RULES.values() for intent in intents)


def test_no_intent_has_two_rules() -> None:
    assert [intent for intent, count in RULED.items() if count > 1] == []


def test_every_intent_of_the_corpus_has_a_rule() -> None:
    assert {row.intent for row in read_corpus().rows} - set(RULED) == set()


def test_every_intent_of_banking77_has_a_rule(real_data: Path) -> None:
    intents = json.loads((real_data / "banking77" / "categories.json").read_text(encoding="utf-8"))
    assert len(intents) == 77
    assert set(intents) - set(RULED) == set()


def test_no_rule_is_for_an_intent_that_no_model_knows(real_data: Path) -> None:
    intents = json.loads((real_data / "banking77" / "categories.json").read_text(encoding="utf-8"))
    assert set(RULED) - set(intents) - {row.intent for row in read_corpus().rows} == set()


def test_every_queue_but_triage_has_an_intent() -> None:
    assert {queue for queue, _ in RULES} == set(Queue) - {Queue.HUMAN_TRIAGE}


@pytest.mark.parametrize(
    ("intent", "confidence", "queue", "priority"),
    [
        ("report_fraud", 0.9, Queue.FRAUD, Priority.URGENT),
        ("lost_or_stolen_card", SURE_ENOUGH, Queue.CARDS, Priority.URGENT),
        ("branch_info", 0.5, Queue.GENERAL, Priority.LOW),
        ("report_fraud", 0.29, Queue.HUMAN_TRIAGE, Priority.URGENT),
        ("branch_info", 0.29, Queue.HUMAN_TRIAGE, Priority.NORMAL),
        ("report_fraud", WORTH_A_GUESS - 0.01, Queue.HUMAN_TRIAGE, Priority.NORMAL),
        ("never_heard_of", 0.9, *UNKNOWN_INTENT),
        ("never_heard_of", 0.1, Queue.HUMAN_TRIAGE, Priority.NORMAL),
        ("never_heard_of", float("nan"), Queue.HUMAN_TRIAGE, Priority.NORMAL),
    ],
)
def test_a_decision_follows_intent_and_confidence(
    intent: str, confidence: float, queue: Queue, priority: Priority
) -> None:
    assert decide(intent, confidence) == (queue, priority)
