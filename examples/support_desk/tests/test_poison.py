"""A message that kills whoever reads it costs others a moment, and ends with a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness import Run, wait_for

ROOT = Path(__file__).parents[1]
POISON = "my card was stolen, and this text ends the process that reads it"
CLASSIFIER = f"""
import os

import amoeba
from support_desk.classifier import Intent
from support_desk.classifier.linear import LinearClassifier


class FragileClassifier(LinearClassifier):
    @amoeba.threaded
    def classify(self, text: str) -> Intent:
        if text == {POISON!r}:
            os._exit(9)
        return Intent(*self._model.best(text))
"""


@pytest.fixture
def desk(corpus_models: Path, tmp_path: Path) -> Path:
    """The desk with a classifier that one message kills."""
    (tmp_path / "fragile.py").write_text(CLASSIFIER)
    text = (ROOT / "amoeba.toml").read_text()
    text = text.replace(
        '[app]\nname = "support-desk"', f'[app]\nname = "fragile"\npaths = ["{ROOT}"]'
    )
    text = text.replace(
        "support_desk.classifier.linear:LinearClassifier", "fragile:FragileClassifier"
    )
    (tmp_path / "amoeba.toml").write_text(text)
    return tmp_path


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("topology", "lost"),
    [("model-each", {"classifier"}), ("models-apart", {"classifier", "extractor", "summarizer"})],
)
def test_a_message_that_kills_its_model_takes_nothing_down_for_good(
    desk: Path, corpus_models: Path, topology: str, lost: set[str]
) -> None:
    environment = {
        "SUPPORT_DESK_MODELS": str(corpus_models),
        "AMOEBA_TICKETS__DATABASE": f"sqlite:///{desk}/tickets.db",
        "AMOEBA_FEATURES__DATABASE": f"sqlite:///{desk}/features.db",
    }
    with Run(desk, "-t", topology, env=environment).ready() as run:
        answer = run.get("/tickets", data={"customer_id": "bad", "text": POISON})
        assert answer.status == 503
        assert answer.json()["module"] in lost  # what shares its process is lost with it
        poison = answer.json()["ticket"]["id"]
        good: list[str] = []

        def given_up() -> bool:
            more = run.get("/tickets", data={"customer_id": "good", "text": "Where is my card?"})
            good.append(ticket_of(more.json()))
            found = run.get(f"/tickets/{poison}").json()
            return bool(found["status"] == "open" and found["queue"] == "human_triage")

        wait_for(given_up, "the poisonous message to be left to a person", 90)
        assert len(good) > 100
        wait_for(lambda: all(is_read(run, each) for each in good), "all others to be read", 60)
        assert {each["state"] for each in run.replicas()} == {"ready"}


def ticket_of(answer: dict[str, Any]) -> str:
    return str(answer["ticket"]["id"] if "ticket" in answer else answer["id"])


def is_read(run: Run, ticket_id: str) -> bool:
    found = run.get(f"/tickets/{ticket_id}").json()
    return bool(found["status"] == "open" and found["intent"])
