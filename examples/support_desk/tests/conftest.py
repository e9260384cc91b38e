"""What the example's tests share: its package on the path, its data, and models trained once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Postgres, running

APPLICATION = Path(__file__).resolve().parent.parent
DATA = APPLICATION.parent.parent.parent / "shared" / "data"

if str(APPLICATION) not in sys.path:
    sys.path.insert(0, str(APPLICATION))


@pytest.fixture(autouse=True)
def no_models_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPPORT_DESK_MODELS", raising=False)


@pytest.fixture(scope="session")
def application() -> Path:
    """The folder with `amoeba.toml`."""
    return APPLICATION


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of data sets beside the repository."""
    for needed in ("banking77/train.csv", "nlupp-banking/fold0.json"):
        if not (DATA / needed).exists():
            pytest.skip(f"needs {needed} in ../shared/data beside the repository")
    return DATA


@pytest.fixture(scope="session")
def corpus_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, trained on the corpus that is shipped."""
    return trained(None, tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def banking_models(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, trained on banking77 and NLU++: this takes a minute."""
    return trained(real_data, tmp_path_factory.mktemp("banking77"))


def trained(data: Path | None, models: Path) -> Path:
    from support_desk.training.run import train
    from support_desk.training.sources import read_sources

    train(read_sources(data, seed=0), models)
    return models


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tenth of the corpus, with entities of every type: a second to train on."""
    from support_desk.training.corpus import CORPUS

    lines = CORPUS.read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path_factory.mktemp("small") / "small.jsonl"
    few = ("book_appointment", "duplicate_payment", "joint_account", "suspicious_message")
    kept = (line for line in lines if any(f'"intent": "{intent}"' in line for intent in few))
    path.write_text("".join(kept), encoding="utf-8")
    return path


@pytest.fixture
def on_small_corpus(small_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Training without data of one's own uses the small corpus."""
    monkeypatch.setattr("support_desk.training.sources.CORPUS", small_corpus)
    return small_corpus


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """A folder like that of `--data`, with a handful of messages in each of its files."""
    folder = tmp_path / "data"
    (folder / "banking77").mkdir(parents=True)
    rows = (f"message {number} about {intent},{intent}" for intent in "abc" for number in range(5))
    content = "text,category\n" + "".join(f"{row}\n" for row in rows)
    (folder / "banking77" / "train.csv").write_text(content, encoding="utf-8")
    (folder / "nlupp-banking").mkdir()
    for number in range(14):
        fold = [fold_message(number), {"text": "thanks a lot", "intents": ["thank"]}]
        path = folder / "nlupp-banking" / f"fold{number}.json"
        path.write_text(json.dumps(fold), encoding="utf-8")
    return folder


def fold_message(number: int) -> dict[str, object]:
    texts = {
        "amount_of_money": f"{number} pounds",
        "person_name": "Ann",
        "company_name": "Acme Ltd",
        "date_from": f"{number + 1} May",
        "time": "noon",
        "number": str(number),
    }
    text = "pay {amount_of_money} to {person_name} of {company_name} on {date_from} at {time}"
    text = text.format(**texts)
    spans = {name: text.index(words) for name, words in texts.items()}
    slots = {
        name: {"text": words, "span": [spans[name], spans[name] + len(words)], "value": {}}
        for name, words in texts.items()
    }
    return {"text": text, "intents": [], "slots": slots}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, or a skip with the reason."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()
