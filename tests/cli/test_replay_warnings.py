"""What a replay may do is said before it does, without the secrets in addresses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from amoeba.app import read_application
from amoeba.cli.replay_warnings import warnings_before
from amoeba.supervisor.rundir import RunInfo

CONFIG = """
[app]
gateway = "shop.web:api"

[modules.stock]
implementation = "shop.stock:Stock"
state = "exclusive"

[modules.stock.settings]
database = "postgresql://user:s3cr3t@db.test:5432/stock?password=s3cr3t#s3cr3t"
name = "stock"
nested.cache = "redis://cache.test/1"
"""


@pytest.fixture
def application(tmp_path: Path) -> Any:
    (tmp_path / "amoeba.toml").write_text(CONFIG)
    return read_application(tmp_path / "amoeba.toml")


def test_addresses_are_named_with_the_variables_that_change_them(application):
    found = warnings_before(application)
    assert not found.doubled
    assert found.lines[1:] == [
        "amoeba:   stock uses postgresql://db.test:5432/stock; another one: "
        "AMOEBA_STOCK__DATABASE=…",
        "amoeba:   stock uses redis://cache.test/1; another one: AMOEBA_STOCK__NESTED__CACHE=…",
    ]


def test_the_environment_counts(application, monkeypatch):
    monkeypatch.setitem(os.environ, "AMOEBA_STOCK__DATABASE", "sqlite:////tmp/copy.db")
    assert "stock uses sqlite:////tmp/copy.db;" in "\n".join(warnings_before(application).lines)


def test_a_second_copy_of_an_exclusive_module_is_told_of(application, monkeypatch):
    run = RunInfo(1, "shop", "monolith", "")
    monkeypatch.setattr("amoeba.cli.replay_warnings.find_runs", lambda _: [(Path(), run)])
    found = warnings_before(application)
    assert found.doubled
    assert found.lines[-1].endswith("the application runs too, so there are two copies of stock")
