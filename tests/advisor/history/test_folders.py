from __future__ import annotations

import pytest

from amoeba.advisor.history import module_paths
from amoeba.advisor.history.folders import Folders
from amoeba.app import read_application


@pytest.fixture
def paths(tmp_path):
    """The folders of an application of these files, with modules `name = implementation, …`."""

    def paths(files, gateway="", **modules):
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        text = '[app]\nname = "shop"\npaths = ["src"]\n'
        text += f'gateway = "{gateway}"\n' if gateway else ""
        for name, (implementation, *contract) in modules.items():
            text += f'[modules.{name}]\nimplementation = "{implementation}"\n'
            text += "".join(f'contract = "{each}"\n' for each in contract)
        (tmp_path / "amoeba.toml").write_text(text)
        return module_paths(read_application(tmp_path / "amoeba.toml"))

    return paths


def test_a_package_of_a_module_is_its_folder(paths):
    files = ["shop/gateway.py", "shop/db.py", "shop/orders/__init__.py", "shop/orders/service.py"]
    assert paths(
        files, "shop.gateway:api", orders=("shop.orders.service:Orders", "shop.orders:Orders")
    ) == {"gateway": ["shop/gateway.py"], "orders": ["shop/orders"]}


def test_without_a_contract_the_implementation_s_package_is(paths):
    files = ["main.py", "shop/orders/service.py"]
    assert paths(files, "main:api", orders=("shop.orders.service:Orders",)) == {
        "gateway": ["main.py"],
        "orders": ["shop/orders"],
    }


def test_files_beside_each_other_are_each_its_module_s(paths):
    files = ["shop/api.py", "shop/orders.py", "shop/models.py", "shop/db.py"]
    assert paths(
        files, "shop.api:api", orders=("shop.orders:Orders",), models=("shop.models:Models",)
    ) == {"gateway": ["shop/api.py"], "orders": ["shop/orders.py"], "models": ["shop/models.py"]}


def test_a_gateway_in_a_package_around_the_modules_has_only_its_file(paths):
    files = ["shop/__init__.py", "shop/orders/__init__.py"]
    assert paths(files, "shop:api", orders=("shop.orders:Orders",)) == {
        "gateway": ["shop/__init__.py"],
        "orders": ["shop/orders"],
    }


def test_a_gateway_of_its_own_package_has_the_folder(paths):
    files = ["shop/web/app.py", "shop/orders/__init__.py"]
    assert paths(files, "shop.web.app:api", orders=("shop.orders:Orders",)) == {
        "gateway": ["shop/web"],
        "orders": ["shop/orders"],
    }


def test_two_implementations_of_one_contract_share_its_package(paths):
    files = ["shop/ranker/__init__.py", "shop/ranker/fast.py", "shop/ranker/good.py"]
    found = paths(
        files,
        fast=("shop.ranker.fast:Fast", "shop.ranker:Ranker"),
        good=("shop.ranker.good:Good", "shop.ranker:Ranker"),
    )
    folders = Folders(found)
    assert folders.module("shop/ranker/fast.py") == "fast"
    assert folders.module("shop/ranker/good.py") == "good"
    assert folders.module("shop/ranker/__init__.py") == ""
    assert folders.is_shared("shop/ranker/__init__.py")


def test_code_is_looked_for_in_all_the_application_s_paths(paths):
    files = ["src/shop/orders/service.py"]
    assert paths(files, orders=("shop.orders.service:Orders",)) == {"orders": ["src/shop/orders"]}


def test_a_module_whose_code_is_installed_has_none(paths):
    assert paths([], cache=("a_library.cache:Cache",)) == {"cache": []}


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("app/orders/a.py", "orders"),
        ("app/orders/templates/a.html", "orders"),
        ("app/orders/rules/deep/a.py", "rules"),
        ("app/orders/one.py", "one"),
        ("app/orders", "orders"),
        ("app/orders2/a.py", ""),
        ("other/app/orders/a.py", ""),
        ("app/orders/tests/a.py", ""),
        ("app/orders/test_a.py", ""),
        ("app/orders/a_test.py", ""),
        ("app/orders/conftest.py", ""),
        ("app/orders/docs/a.png", ""),
        ("app/orders/README.md", ""),
        ("app/orders/testimonials.py", "orders"),
    ],
)
def test_a_file_belongs_to_the_module_with_the_longest_folder(path, module):
    folders = Folders(
        {
            "orders": ["app/orders/"],
            "rules": ["./app/orders/rules"],
            "one": ["app/orders/one.py"],
        }
    )
    assert folders.module(path) == module


def test_an_application_may_itself_be_below_a_folder_of_tests():
    folders = Folders({"orders": ["app/orders"]}, "tests/shop/")
    assert folders.module("tests/shop/app/orders/a.py") == "orders"
    assert folders.is_shared("tests/shop/app/db.py")
    assert not folders.is_shared("tests/shop/conftest.py")


def test_the_whole_folder_may_be_a_module_s():
    assert Folders({"all": ["."]}).module("a/b.py") == "all"
    assert Folders({"all": ["."]}, "shop/").module("shop/b.py") == "all"
    assert Folders({"all": ["."]}, "shop/").module("b.py") == ""
