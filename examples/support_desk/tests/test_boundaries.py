"""The example keeps the rule it stands for: of another module only the contract is imported."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SHARED = {"errors", "folders", "database", "trained"}
"""What is no module: small libraries that several of them use."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("support_desk", cache_dir=None)


@pytest.fixture(scope="module")
def modules(application: Path) -> set[str]:
    configuration = tomllib.loads((application / "amoeba.toml").read_text(encoding="utf-8"))
    return {"gateway", *configuration["modules"]}


def part(name: str) -> str:
    """The folder below the package that a Python module stands in."""
    return name.split(".")[1] if "." in name else ""


def test_every_part_is_a_module_or_shared(graph: grimp.ImportGraph, modules: set[str]) -> None:
    assert {part(name) for name in graph.modules} - {""} == modules | SHARED


def test_of_another_module_only_the_contract_is_imported(
    graph: grimp.ImportGraph, modules: set[str]
) -> None:
    contracts = {f"support_desk.{name}" for name in modules}
    wrong = [
        f"{importer} imports {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if part(imported) in modules
        and part(imported) != part(importer)
        and imported not in contracts
    ]
    assert wrong == []


def test_a_contract_imports_contracts_only(graph: grimp.ImportGraph, modules: set[str]) -> None:
    contracts = {f"support_desk.{name}" for name in modules - {"gateway"}}
    for contract in contracts:
        assert graph.find_modules_directly_imported_by(contract) <= contracts


def test_shared_code_imports_no_implementation(graph: grimp.ImportGraph, modules: set[str]) -> None:
    contracts = {f"support_desk.{name}" for name in modules}
    for importer in graph.modules:
        if part(importer) in SHARED:
            imported = graph.find_modules_directly_imported_by(importer)
            assert {name for name in imported if part(name) in modules} <= contracts
