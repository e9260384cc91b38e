"""Importing what the configuration names."""

from __future__ import annotations

import sys

import pytest

from amoeba.app import add_paths, import_object, search_paths
from amoeba.app.loading import loaded_object
from amoeba.errors import ConfigurationError

SHOP = '[app]\ngateway = "shop.web:api"\npaths = ["lib", "../shared"]\n'


def problem_of(name: str):
    with pytest.raises(ConfigurationError) as caught:
        import_object(name, "modules.a.implementation")
    (problem,) = caught.value.problems
    assert problem.where == "modules.a.implementation"
    return problem, caught.value.__cause__


@pytest.mark.usefixtures("sample")
def test_an_object_is_found_by_its_name():
    found = import_object("sample.stock:MemoryStock", "w")
    assert (found.__module__, found.__name__) == ("sample.stock", "MemoryStock")


@pytest.mark.usefixtures("sample")
def test_an_object_within_a_class_is_found():
    assert import_object("sample.stock:MemoryStock.level", "w").__name__ == "level"


@pytest.mark.usefixtures("sample")
def test_an_unknown_name_has_the_nearest_one_as_its_hint():
    problem, cause = problem_of("sample.stock:MemoryStok")
    assert problem.what == "sample.stock has no 'MemoryStok'"
    assert problem.hint == "did you mean 'MemoryStock'?"
    assert cause is None


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("smaple.stock:A", "smaple"),
        ("sample.stok:A", "sample.stok"),
        ("sample.stok.deep:A", "sample.stok"),
    ],
)
def test_a_missing_module_is_named_by_its_first_missing_part(name, missing):
    problem, cause = problem_of(name)
    assert problem.what == f"there is no module {missing!r} to import {name!r} from"
    assert cause is None


@pytest.mark.usefixtures("sample")
def test_a_missing_library_is_not_taken_for_the_module_itself():
    problem, cause = problem_of("sample.needing:NeedingOrders")
    assert problem.what == (
        "importing sample.needing failed: ModuleNotFoundError: No module named 'torch_of_nobody'"
    )
    assert isinstance(cause, ModuleNotFoundError)


@pytest.mark.usefixtures("sample")
def test_a_failure_of_the_users_code_keeps_its_traceback():
    problem, cause = problem_of("sample.crashing:CrashingOrders")
    assert problem.what == "importing sample.crashing failed: KeyError: 'large'"
    assert isinstance(cause, KeyError)
    assert cause.__traceback__ is not None


def test_code_that_is_no_python_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "torn.py").write_text("class A(:\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    problem, cause = problem_of("torn:A")
    assert problem.what.startswith("importing torn failed: SyntaxError: ")
    assert "torn.py, line 1" in problem.what
    assert isinstance(cause, SyntaxError)


@pytest.mark.usefixtures("sample")
def test_what_is_loaded_is_found_and_nothing_is_imported_for_it():
    assert loaded_object("sample.stock:MemoryStock") is None
    assert "sample.stock" not in sys.modules
    found = import_object("sample.stock:MemoryStock", "w")
    assert loaded_object("sample.stock:MemoryStock") is found
    assert loaded_object("sample.stock:Nothing") is None


def test_code_is_looked_for_beside_the_file_and_then_in_its_paths(read, tmp_path):
    assert search_paths(read(SHOP)) == [
        str(tmp_path),
        str(tmp_path / "lib"),
        str(tmp_path.parent / "shared"),
    ]


def test_paths_come_first_and_once(read, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["elsewhere"])
    application = read(SHOP)
    add_paths(application)
    add_paths(application)
    assert sys.path == [*search_paths(application), "elsewhere"]
