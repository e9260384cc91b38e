"""The promise of the example: the same answers, whatever runs where, on either database."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from harness import Run

if TYPE_CHECKING:
    from postgres import Postgres

ROOT = Path(__file__).parents[1]
TOPOLOGIES = ["monolith", "models-apart", "model-each", "services", "training-apart"]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MESSAGES = 300
CUSTOMERS = 6
BATCH = 1000
UNLIKE = ("id", "created_at", "due_at")  # of each run its own

Found = list[dict[str, Any]]


def environment(models: Path, tickets: str, features: str) -> dict[str, str]:
    return ONE_THREAD | {
        "SUPPORT_DESK_MODELS": str(models),
        "AMOEBA_TICKETS__DATABASE": tickets,
        "AMOEBA_FEATURES__DATABASE": features,
    }


def on_sqlite(models: Path, folder: Path) -> dict[str, str]:
    files = (f"sqlite:///{folder}/{name}.db" for name in ("tickets", "features"))
    return environment(models, *files)


def serve(topology: str, env: dict[str, str]) -> Run:
    return Run(ROOT, "--topology", topology, "--isolated", env=env).ready()


@pytest.fixture(scope="module")
def held_out(banking_models: Path, real_data: Path) -> list[tuple[str, str]]:
    """Rows that the classifier was not trained on: text and intent."""
    version = (banking_models / "current").read_text().strip()
    card = json.loads((banking_models / version / "classifier" / "model.json").read_text())
    with (real_data / "banking77" / "train.csv").open(newline="", encoding="utf-8") as file:
        data = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    return [data[row] for row in card["origin"]["held_out"]]


@pytest.fixture(scope="module")
def texts(held_out: list[tuple[str, str]]) -> list[str]:
    """Three hundred of them, from all intents."""
    step = len(held_out) // MESSAGES
    return [text for text, _ in held_out[::step]][:MESSAGES]


def answers(run: Run, texts: list[str]) -> dict[str, Found]:
    """All that the desk says of `texts`, sent by a few customers at the same time."""

    def written(customer: int) -> tuple[Found, Found, Any]:
        name, triages, tickets = f"c-{customer}", [], []
        for text in texts[customer::CUSTOMERS]:
            triages.append(asked(run, "/triage", {"text": text}, 200))
            tickets.append(asked(run, "/tickets", {"customer_id": name, "text": text}, 201))
        return triages, tickets, asked(run, f"/customers/{name}", None, 200)

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        found = list(pool.map(written, range(CUSTOMERS)))
    return {
        "triages": [each for triages, _, _ in found for each in triages],
        "tickets": [each for _, tickets, _ in found for each in tickets],
        "customers": [customer for _, _, customer in found],
    }


def asked(run: Run, path: str, data: Any, status: int) -> dict[str, Any]:
    answer = run.get(path, data=data)
    assert answer.status == status, answer.body
    found: dict[str, Any] = answer.json()
    return found


def comparable(value: Any) -> Any:
    """Without what is of each run its own; numbers to the ninth decimal."""
    if isinstance(value, dict):
        return {k: comparable(v) for k, v in value.items() if k not in UNLIKE}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return round(value, 9) if isinstance(value, float) else value


@pytest.fixture(scope="module")
def reference(
    banking_models: Path, texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Found]:
    """What the monolith answers, on SQLite."""
    env = on_sqlite(banking_models, tmp_path_factory.mktemp("reference"))
    with serve("monolith", env) as run:
        return answers(run, texts)


@pytest.mark.acceptance
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_every_topology_gives_the_same_answers(
    topology: str,
    database: str,
    banking_models: Path,
    texts: list[str],
    reference: dict[str, Found],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    if database == "sqlite":
        env = on_sqlite(banking_models, tmp_path)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
        env = environment(banking_models, url, url)
    with serve(topology, env) as run:
        found = answers(run, texts)
    assert len(found["tickets"]) == len(found["triages"]) == MESSAGES
    for kind, theirs in found.items():
        for one, other in zip(reference[kind], theirs, strict=True):
            assert comparable(other) == comparable(one)


@pytest.mark.acceptance
def test_the_reference_is_worth_comparing_with(reference: dict[str, Found]) -> None:
    tickets = reference["tickets"]
    assert {ticket["status"] for ticket in tickets} == {"open"}
    assert len({ticket["intent"] for ticket in tickets}) > 60
    assert sum(len(ticket["entities"]) for ticket in tickets) >= 10
    assert all(ticket["summary"] for ticket in tickets)
    last = reference["customers"][0]
    assert last["features"]["open_tickets"] == MESSAGES // CUSTOMERS
    assert len(last["features"]["last_intents"]) == 5


@pytest.mark.acceptance
def test_intents_of_messages_not_trained_on_are_right_nine_times_in_ten(
    banking_models: Path, held_out: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert len(held_out) >= 1500
    right = 0
    with serve("monolith", on_sqlite(banking_models, tmp_path)) as run:
        for start in range(0, len(held_out), BATCH):
            part = held_out[start : start + BATCH]
            answer = run.get("/triage/batch", data={"texts": [text for text, _ in part]})
            lines = [json.loads(line) for line in answer.body.splitlines()]
            assert len(lines) == len(part)
            right += sum(line["intent"] == part[line["index"]][1] for line in lines)
    assert right / len(held_out) >= 0.90


def test_a_missing_model_is_one_clear_error(tmp_path: Path) -> None:
    with Run(ROOT, "--isolated", env=on_sqlite(tmp_path / "none", tmp_path)) as run:
        assert run.exit_code() == 1
        assert "hint: python -m support_desk.training" in run.err


def test_a_database_that_cannot_be_used_is_one_clear_error(
    corpus_models: Path, tmp_path: Path
) -> None:
    env = on_sqlite(corpus_models, tmp_path) | {"AMOEBA_TICKETS__DATABASE": "mysql://db/desk"}
    with Run(ROOT, "--isolated", env=env) as run:
        assert run.exit_code() == 1
        assert "the database is 'mysql'" in run.err
        assert "hint: see 'Databases' in the support desk's README.md" in run.err


def test_each_answer_names_the_processes_that_answered(corpus_models: Path, tmp_path: Path) -> None:
    with serve("models-apart", on_sqlite(corpus_models, tmp_path)) as run:
        answer = run.get("/tickets", data={"customer_id": "c1", "text": "My card was stolen"})
    named = dict(part.split(";dur=")[0].split(";desc=") for part in
                 answer.headers["server-timing"].split(", "))  # fmt: skip
    apart = {module: named.pop(module) for module in ("classifier", "extractor", "summarizer")}
    assert set(apart.values()) <= {'"models.0"', '"models.1"'}
    assert named == dict.fromkeys(("gateway", "tickets", "features"), '"main.0"')
