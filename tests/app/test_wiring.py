"""The wiring plan: dependencies by annotation, settings as arguments, the order of start."""

from __future__ import annotations

import sys

import pytest

from amoeba.app import Contracts, cycle_problems, make_plan
from amoeba.app.wiring import start_order
from amoeba.cli.checking import check
from amoeba.errors import ConfigurationError, render_problems

STOCK = """
[modules.stock]
contract = "sample.contracts:Stock"
implementation = "sample.stock:MemoryStock"
"""
QUICK = STOCK.replace("modules.stock", "modules.quick").replace("MemoryStock", "FastStock")


def orders(implementation: str, **settings: object) -> str:
    lines = [f"{key} = {value!r}" for key, value in settings.items()]
    return "\n".join([
        "[modules.orders]",
        'contract = "sample.contracts:Orders"',
        f'implementation = "{implementation}"',
        "[modules.orders.settings]",
        *lines,
        "",
    ])  # fmt: skip


def here(source: str, tmp_path) -> None:
    """Writes a module `sample.here` that the test wires."""
    import sample

    (tmp_path / "here.py").write_text(source, encoding="utf-8")
    sample.__path__.append(str(tmp_path))


def test_a_contract_in_a_constructor_becomes_a_dependency(plan):
    found = plan(STOCK + orders("sample.orders:Shop"))
    assert found.modules["orders"].dependencies == {"stock": "stock"}
    assert found.modules["orders"].arguments == {}
    assert found.modules["stock"].dependencies == {}


def test_a_module_is_planned_with_its_class_and_its_contract(plan):
    stock = plan(STOCK).modules["stock"]
    assert stock.implementation.__name__ == "MemoryStock"
    assert stock.contract.name == "sample.contracts:Stock"
    assert set(stock.contract.methods) == {"level", "reserve"}
    assert stock.spec.name == "stock"


def test_modules_start_after_those_they_need(plan):
    found = plan(orders("sample.orders:Shop") + STOCK)
    assert list(found.modules) == ["stock", "orders"]


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, []),
        ({"a": []}, ["a"]),
        ({"a": ["b"], "b": []}, ["b", "a"]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, ["c", "b", "a"]),
        ({"a": ["elsewhere"], "b": ["a"]}, ["a", "b"]),
        ({"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": []}, ["a", "b", "c", "d"]),
        ({"b": [], "a": []}, ["b", "a"]),
    ],
)
def test_the_order_of_start(needs, order):
    assert start_order(needs) == order


@pytest.mark.parametrize(
    ("needs", "drawn"),
    [
        ({}, []),
        ({"a": ["b"], "b": []}, []),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
        ({"a": ["a"]}, ["a → a"]),
        ({"a": ["b"], "b": ["a"]}, ["a → b → a"]),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ["a → b → c → a"]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, ["a → b → a", "c → d → c"]),
        ({"a": ["b", "c"], "b": ["a"], "c": ["a"]}, ["a → b → a", "a → c → a"]),
    ],
)
def test_every_cycle_is_drawn(needs, drawn):
    assert [p.what for p in cycle_problems(needs)] == [
        f"modules need each other: {path}" for path in drawn
    ]


def test_a_deep_chain_of_needs_is_no_trouble():
    needs = {f"m{number}": [f"m{number + 1}"] for number in range(400)}
    assert cycle_problems(needs) == []
    assert start_order(needs)[0] == "m399"


def test_a_named_module_is_chosen_among_several(plan):
    warehouse = QUICK.replace("modules.quick", "modules.warehouse")
    found = plan(STOCK + warehouse + orders("sample.orders:NamedShop"))
    assert found.modules["orders"].dependencies == {"stock": "warehouse"}


def test_several_that_keep_a_contract_are_an_error_that_names_them(plan):
    with pytest.raises(ConfigurationError) as caught:
        plan(STOCK + QUICK + orders("sample.orders:Shop"))
    assert str(caught.value) == (
        "modules.orders: orders → Shop(stock: Stock): several modules keep it: stock, quick\n"
        '  hint: name one: Annotated[Stock, amoeba.named("stock")]'
    )


HEAD = """
from typing import Annotated, Optional

import amoeba
from sample.contracts import Mail, Stock
from sample.limits import Limits


class Shop:
    def __init__(self, {parameters}) -> None: ...

    async def place(self, item: str, count: int) -> str:
        return item
"""


@pytest.mark.parametrize(
    ("parameters", "dependencies"),
    [
        ("stock: Stock", {"stock": "stock"}),
        ("stock: 'Stock'", {"stock": "stock"}),
        ("stock: Stock | None", {"stock": "stock"}),
        ("stock: Optional[Stock] = None", {"stock": "stock"}),
        ("*, stock: Stock", {"stock": "stock"}),
        ("one: Stock, two: Stock", {"one": "stock", "two": "stock"}),
        ("mail: Mail | None = None", {}),
        ("mail: Mail = None", {}),
        ("stock: Stock, limit: int = 3", {"stock": "stock"}),
        ("stock: Annotated[Stock, 'a note']", {"stock": "stock"}),
        ("stock: Annotated[Stock, amoeba.named('stock')]", {"stock": "stock"}),
        ("stock: Annotated[Stock | None, amoeba.named('stock')] = None", {"stock": "stock"}),
        ("stock: Annotated[Stock, amoeba.named('stock')] | None = None", {"stock": "stock"}),
        ("limits: Limits", {"limits": "limits"}),
        ("*args: int, **more: int", {}),
    ],
)
@pytest.mark.usefixtures("sample")
def test_what_a_constructor_may_ask_for(plan, tmp_path, parameters, dependencies):
    here(HEAD.format(parameters=parameters), tmp_path)
    limits = '[modules.limits]\nimplementation = "sample.limits:Limits"\n'
    found = plan(STOCK + limits + orders("sample.here:Shop"))
    assert found.modules["orders"].dependencies == dependencies


@pytest.mark.usefixtures("sample")
def test_an_optional_contract_by_name_is_chosen_among_several(plan, tmp_path):
    parameters = "stock: Annotated[Stock, amoeba.named('quick')] | None = None"
    here(HEAD.format(parameters=parameters), tmp_path)
    found = plan(STOCK + QUICK + orders("sample.here:Shop"))
    assert found.modules["orders"].dependencies == {"stock": "quick"}


@pytest.mark.usefixtures("sample")
def test_a_dataclass_may_be_an_implementation(plan, tmp_path):
    source = HEAD.replace("class Shop", "@dataclass\nclass Shop").replace(
        "    def __init__(self, {parameters}) -> None: ...\n",
        "    stock: Stock\n    limit: int = 3\n",
    )
    here("from dataclasses import dataclass\n" + source, tmp_path)
    shop = plan(STOCK + orders("sample.here:Shop", limit=7)).modules["orders"]
    assert shop.dependencies == {"stock": "stock"}
    assert shop.arguments == {"limit": 7}


def test_settings_that_are_named_as_parameters_are_arguments(plan):
    shop = plan(orders("sample.orders:SizedShop", limit=7)).modules["orders"]
    assert shop.arguments == {"limit": 7}
    assert shop.dependencies == {}


def test_the_environment_overrides_an_argument(plan):
    text = orders("sample.orders:SizedShop", limit=7)
    shop = plan(text, AMOEBA_ORDERS__LIMIT="8", AMOEBA_ORDERS__CURRENCY="5").modules["orders"]
    assert shop.arguments == {"limit": 8, "currency": "5"}


@pytest.mark.parametrize("implementation", ["SettledShop", "StructShop", "ModelShop"])
def test_settings_are_bound_to_the_type_that_the_constructor_names(plan, implementation):
    text = orders(f"sample.orders:{implementation}", currency="EUR")
    settings = plan(text, AMOEBA_ORDERS__LIMIT="8").modules["orders"].arguments["settings"]
    assert (settings.currency, settings.limit) == ("EUR", 8)
    assert type(settings).__module__ == "sample.orders"


def test_settings_may_stay_a_dict(plan):
    shop = plan(orders("sample.orders:AnyShop", anything=[1])).modules["orders"]
    assert shop.arguments == {"settings": {"anything": [1]}}


SETTINGS = """
from dataclasses import dataclass

from amoeba import Secret


@dataclass
class Settings:
    token: Secret
    limit: int = 1


class Shop:
    def __init__(self, settings: Settings{default}) -> None: ...

    async def place(self, item: str, count: int) -> str:
        return item
"""


@pytest.mark.usefixtures("sample")
def test_settings_with_a_default_may_be_left_out(plan, tmp_path):
    here(SETTINGS.format(default=" | None = None"), tmp_path)
    shop = plan(orders("sample.here:Shop")).modules["orders"]
    assert shop.arguments == {"settings": None}


@pytest.mark.usefixtures("sample")
def test_settings_with_a_default_may_be_given(plan, tmp_path):
    here(SETTINGS.format(default=" | None = None"), tmp_path)
    shop = plan(orders("sample.here:Shop", token="t")).modules["orders"]
    assert shop.arguments["settings"].token.reveal() == "t"


@pytest.mark.usefixtures("sample")
def test_settings_that_are_left_out_are_missed(plan, tmp_path):
    here(SETTINGS.format(default=""), tmp_path)
    with pytest.raises(ConfigurationError, match=r"modules\.orders\.settings\.token: is missing"):
        plan(orders("sample.here:Shop"))


@pytest.mark.usefixtures("sample")
def test_no_plan_shows_a_secret(plan, tmp_path):
    here(SETTINGS.format(default=""), tmp_path)
    found = plan(orders("sample.here:Shop", token="s3cr3t-value"))
    assert found.modules["orders"].arguments["settings"].token.reveal() == "s3cr3t-value"
    assert "s3cr3t-value" not in repr(found)


def test_a_class_without_a_contract_is_described_by_itself(plan):
    limits = '[modules.limits]\nimplementation = "sample.limits:Limits"\n'
    found = plan(limits)
    contract = found.modules["limits"].contract
    assert contract.name == "sample.limits:Limits"
    assert not contract.is_protocol
    assert set(contract.methods) == {"check"}


def test_the_plan_knows_the_contract_of_all_that_is_needed(plan):
    found = plan(STOCK + orders("sample.orders:Shop"), "orders")
    assert list(found.modules) == ["orders"]
    assert set(found.contracts) == {"orders", "stock"}
    assert found.contracts["stock"].name == "sample.contracts:Stock"


def test_planning_one_module_imports_no_implementation_of_another(plan):
    found = plan(STOCK + orders("sample.orders:Shop"), "orders")
    assert found.modules["orders"].dependencies == {"stock": "stock"}
    assert "sample.orders" in sys.modules
    assert "sample.contracts" in sys.modules
    assert "sample.stock" not in sys.modules


def test_a_module_that_cannot_be_imported_does_not_keep_another_from_its_plan(plan):
    crashing = STOCK.replace("sample.stock:MemoryStock", "sample.crashing:CrashingOrders")
    found = plan(crashing + orders("sample.orders:Shop"), "orders")
    assert found.modules["orders"].dependencies == {"stock": "stock"}
    assert "sample.crashing" not in sys.modules


def test_a_contract_is_read_once(read, sample):
    contracts = Contracts(read(STOCK))
    assert contracts.of("stock") is contracts.of("stock")


def test_providers_are_all_that_keep_a_contract(read, sample):
    from sample.contracts import Mail, Stock

    contracts = Contracts(read(STOCK + QUICK))
    assert contracts.providers(Stock) == ["stock", "quick"]
    assert contracts.providers(Mail) == []
    assert contracts.providers(int) == []


def test_the_exception_of_the_users_code_is_the_cause(plan):
    with pytest.raises(ConfigurationError) as caught:
        plan('[modules.a]\nimplementation = "sample.crashing:CrashingOrders"\n')
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_modules_that_could_be_planned_do_not_hide_those_that_could_not(read, sample):
    application = read(STOCK + orders("sample.orders:MailingShop") + '[modules.x]\n'
                       'implementation = "sample.nowhere:X"\n')  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        make_plan(application, Contracts(application), application.modules, {})
    assert [p.where for p in caught.value.problems] == [
        "modules.orders",
        "modules.x.implementation",
    ]


def test_check_tells_the_same_as_starting_would(sample, write, plan_all):
    path = write(STOCK + orders("sample.orders:MailingShop") + "limt = 3\n")
    with pytest.raises(ConfigurationError) as caught:
        plan_all(path)
    report, cause = check(path)
    assert render_problems(report.errors) == str(caught.value)
    assert cause is None
