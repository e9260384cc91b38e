"""The promise of the example: the same answers, whatever runs where."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import Run

ROOT = Path(__file__).parents[1]
DATA = ROOT.parents[2] / "shared" / "data"
TOPOLOGIES = ["monolith", "models-apart", "services"]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MESSAGES = 300


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models trained on banking77, as a user trains them."""
    if not (DATA / "banking77" / "train.csv").is_file():
        pytest.skip("banking77 is not here: it stands in ../shared/data, beside the project")
    out = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "support_desk.training", "--data", str(DATA)]
    subprocess.run([*command, "--out", str(out)], cwd=ROOT, check=True, timeout=300)
    return out


@pytest.fixture(scope="module")
def held_out(models: Path) -> list[tuple[str, str]]:
    """Rows that the model was not trained on: text and intent."""
    import json

    rows = json.loads((models / "classifier" / "model.json").read_text())["origin"]["held_out"]
    with (DATA / "banking77" / "train.csv").open(newline="", encoding="utf-8") as file:
        data = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    return [data[row] for row in rows]


def answers(topology: str, models: Path, texts: list[str]) -> list[dict[str, Any]]:
    environment = {**ONE_THREAD, "SUPPORT_DESK_MODELS": str(models)}
    with (
        Run(ROOT, "--topology", topology, "--isolated", env=environment).ready() as run,
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(lambda text: run.get("/triage", data={"text": text}), texts))
    assert {answer.status for answer in found} == {200}
    return [answer.json() for answer in found]


def test_three_topologies_give_the_same_answers(models, held_out):
    step = len(held_out) // MESSAGES
    texts = [text for text, _ in held_out[:: max(1, step)]][:MESSAGES]
    assert len(texts) == MESSAGES
    monolith, *others = [answers(topology, models, texts) for topology in TOPOLOGIES]
    for other in others:
        for mine, theirs in zip(monolith, other, strict=True):
            assert theirs.pop("confidence") == pytest.approx(mine["confidence"], abs=1e-9)
            assert theirs == {k: v for k, v in mine.items() if k != "confidence"}


def test_intents_of_messages_not_trained_on_are_right_nine_times_in_ten(models, held_out):
    texts = [text for text, _ in held_out]
    assert len(texts) >= 1500
    found = answers("monolith", models, texts)
    right = sum(a["intent"] == intent for a, (_, intent) in zip(found, held_out, strict=True))
    assert right / len(texts) >= 0.90


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The desk with the models of the small corpus that it ships."""
    out = tmp_path_factory.mktemp("small")
    command = [sys.executable, "-m", "support_desk.training", "--out", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    environment = {"SUPPORT_DESK_MODELS": str(out)}
    with Run(ROOT, "-t", "services", "--isolated", env=environment).ready() as run:
        yield run


def test_a_stolen_card_is_urgent(desk):
    answer = desk.get("/triage", data={"text": "My card was stolen last night"}).json()
    assert (answer["intent"], answer["priority"]) == ("report_lost_card", "urgent")
    assert (answer["queue"], answer["entities"], answer["summary"]) == ("cards", [], "")


@pytest.mark.parametrize("message", [{}, {"text": ""}, {"text": "  "}, {"text": "x" * 5001}])
def test_an_invalid_message_is_422_and_names_the_field(desk, message):
    answer = desk.get("/triage", data=message)
    assert answer.status == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "text"]


def test_the_documentation_shows_an_example(desk):
    schema = desk.get("/openapi.json").json()
    assert schema["components"]["schemas"]["NewMessage"]["examples"]


def test_a_missing_model_is_one_clear_error(tmp_path):
    with Run(ROOT, "--isolated", env={"SUPPORT_DESK_MODELS": str(tmp_path)}) as run:
        assert run.exit_code() == 1
        assert "hint: python -m support_desk.training" in run.err


def test_a_lost_classifier_is_503_with_retry_after(tmp_path, desk):
    del tmp_path
    pid = next(r["pid"] for r in desk_status(desk) if r["process"] == "classifier")
    os.kill(pid, 9)
    seen = [desk.get("/triage", data={"text": "Where is my card?"}) for _ in range(20)]
    lost = [answer for answer in seen if answer.status == 503]
    assert lost
    assert lost[0].headers["retry-after"] == "1"
    assert {answer.status for answer in seen} <= {200, 503}


def desk_status(run: Run) -> list[dict[str, Any]]:
    import msgspec

    from amoeba.app import read_application
    from amoeba.cli.status import get_status

    found = get_status(read_application(ROOT / "amoeba.toml"))
    mine = next(each for each in found if each.url == run.url)
    return [msgspec.to_builtins(replica) for replica in mine.replicas]
