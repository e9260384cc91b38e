from __future__ import annotations

import shutil

import pytest
from history_repo import BARE, Repo

from amoeba.advisor.history import read_history

MODULES = {"gateway": ["app/gateway.py"], "orders": ["app/orders"], "models": ["app/models"]}


@pytest.fixture(autouse=True)
def _no_configuration_of_the_user(monkeypatch):
    for name, value in BARE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    return Repo.begin(tmp_path_factory.mktemp("history") / "begun")


@pytest.fixture
def repo(begun, tmp_path):
    """A repository in which nothing was changed yet."""
    shutil.copytree(begun.folder, tmp_path / "repo")
    return Repo(tmp_path / "repo")


@pytest.fixture
def read(repo):
    def read(root=None, modules=MODULES, **options):
        options.setdefault("since_days", None)
        return read_history(root or repo.folder, modules, **options)

    return read
