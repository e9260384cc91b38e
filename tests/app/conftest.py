"""The sample shop, importable for one test and forgotten after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amoeba.app import Application, Contracts, Plan, locate, make_plan, read_application
from amoeba.errors import ConfigurationError

HERE = Path(__file__).parent


def forget_sample() -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "sample"]:
        del sys.modules[name]


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes `import sample` work inside one test."""
    monkeypatch.syspath_prepend(str(HERE / "broken_app"))
    forget_sample()
    yield
    forget_sample()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes an amoeba.toml and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "amoeba.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def read(write: Callable[[str], Path]) -> Callable[[str], Application]:
    """Reads an amoeba.toml with this text."""
    return lambda text: read_application(write(text))


@pytest.fixture
def plan(sample: None, write: Callable[[str], Path]) -> Callable[..., Plan]:
    """Plans the modules of an amoeba.toml with this text, under this environment."""

    def plan(text: str, *modules: str, **environment: str) -> Plan:
        application = read_application(write(text))
        chosen = modules or tuple(application.modules)
        return make_plan(application, Contracts(application), chosen, environment)

    return plan


@pytest.fixture
def plan_all() -> Callable[[Path], Plan]:
    """Reads a file and plans all its modules; problems of the wiring get file and line."""

    def plan_all(path: Path) -> Plan:
        application = read_application(path)
        try:
            return make_plan(application, Contracts(application), application.modules, {})
        except ConfigurationError as error:
            text = path.read_text(encoding="utf-8")
            problems = [p if p.file else locate([p], text, str(path))[0] for p in error.problems]
            raise ConfigurationError(problems) from error.__cause__

    return plan_all


@pytest.fixture
def error_text(write: Callable[[str], Path]) -> Callable[[str], str]:
    """What a user sees of a file that is wrong, its folder left out."""

    def error_text(text: str) -> str:
        path = write(text)
        with pytest.raises(ConfigurationError) as caught:
            read_application(path)
        return str(caught.value).replace(f"{path.parent}{os.sep}", "")

    return error_text
