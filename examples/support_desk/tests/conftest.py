"""What the example's tests share: its package on the path, its data, and models trained once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

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
    if not (DATA / "banking77" / "train.csv").exists():
        pytest.skip("needs banking77/train.csv in ../shared/data beside the repository")
    return DATA


@pytest.fixture(scope="session")
def corpus_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, trained on the corpus that is shipped."""
    from support_desk.training.corpus import read_corpus
    from support_desk.training.run import train

    models = tmp_path_factory.mktemp("corpus")
    train(read_corpus(), models / "classifier")
    return models


@pytest.fixture(scope="session")
def banking_models(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, trained on banking77."""
    from support_desk.training.banking77 import read_banking77
    from support_desk.training.run import train

    models = tmp_path_factory.mktemp("banking77")
    train(read_banking77(real_data), models / "classifier")
    return models
