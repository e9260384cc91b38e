"""Each command as a user runs it: stdout is data, stderr the rest, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import command

from amoeba import __version__

GOOD = (
    '[app]\nname = "shop"\ngateway = "shop:app"\n\n[modules.stock]\nimplementation = "shop:Stock"\n'
)
CODE = (
    "async def app(scope, receive, send): ...\n\n\n"
    "class Stock:\n    def __init__(self, limit: int = 3) -> None: ...\n"
    "    async def count(self, item: {type}) -> int: ...\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "amoeba.toml").write_text(GOOD)
    (tmp_path / "shop.py").write_text(CODE.format(type="str"))
    return tmp_path


def test_version_is_data(tmp_path):
    assert command("version", cwd=tmp_path).stdout == f"{__version__}\n"
    assert json.loads(command("version", "--json", cwd=tmp_path).stdout) == {"version": __version__}


def test_check_says_that_all_is_well(shop):
    done = command("check", cwd=shop)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "amoeba.toml: 1 modules, 1 topologies, 0 errors, 0 warnings\n"


def test_check_reports_as_data_too(shop):
    (shop / "amoeba.toml").write_text(GOOD.replace("name", "nme"))
    done = command("check", "--json", cwd=shop)
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert [(each["line"], each["what"]) for each in report["errors"]] == [(2, "unknown key")]


def test_check_finds_wrong_wiring_without_running_anything(shop):
    (shop / "amoeba.toml").write_text(GOOD + 'settings = { limit = "many" }\n')
    done = command("check", cwd=shop)
    assert done.returncode == 2
    assert "amoeba.toml:7: modules.stock.settings.limit: expected `int`, got `str`" in done.stderr


def test_a_type_that_cannot_cross_is_a_warning_until_a_topology_crosses_it(shop):
    (shop / "shop.py").write_text(CODE.format(type="object"))
    together = command("check", cwd=shop)
    assert together.returncode == 0
    assert "stock.count(item): $: type object cannot cross" in together.stderr
    apart = '\n[topologies.apart.processes.stock]\nmodules = ["stock"]\n'
    (shop / "amoeba.toml").write_text(GOOD + apart)
    separated = command("check", cwd=shop)
    assert separated.returncode == 2
    assert "1 errors, 0 warnings" in separated.stderr


def test_check_keeps_the_users_own_traceback(shop):
    (shop / "shop.py").write_text("import os\n\nlimit = {}['limit']\n")
    done = command("check", cwd=shop)
    assert done.returncode == 2
    assert "limit = {}['limit']" in done.stderr
    assert "importing shop failed: KeyError: 'limit'" in done.stderr


def test_a_topology_that_this_machine_cannot_run_is_a_warning_of_check(shop):
    more = '\n[topologies.big.processes.stock]\nmodules = ["stock"]\ncpus = 4096\n'
    (shop / "amoeba.toml").write_text(GOOD + more)
    done = command("check", cwd=shop)
    assert done.returncode == 0
    assert "amoeba.toml:10: topologies.big.processes.stock.cpus: cpus = 4096" in done.stderr


@pytest.mark.parametrize("name", ["status", "stop"])
def test_what_does_not_run_is_said_with_1(shop, name):
    done = command(name, cwd=shop)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "amoeba: 'shop' does not run\n  hint: amoeba run\n"


def test_wrong_usage_is_2(shop):
    done = command("run", "--colour", cwd=shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option: --colour" in done.stderr


def test_the_configuration_may_be_named_by_option_and_by_environment(shop, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = str(shop / "amoeba.toml")
    assert command("check", "--config", file, cwd=elsewhere).returncode == 0
    assert command("check", cwd=elsewhere, env={"AMOEBA_CONFIG": file}).returncode == 0
    assert command("check", cwd=elsewhere).returncode == 2


def test_help_names_every_command(shop):
    text = command("--help", cwd=shop).stdout
    for name in ("run", "check", "status", "stop", "version"):
        assert name in text


USING = "import amoeba\n\nasync def app(scope, receive, send): ...\n\n\n"


def test_check_finds_a_module_that_a_handle_asks_for_in_vain(shop):
    code = (shop / "shop.py").read_text() + USING
    for asked in ("'stok'", "Stock, 'stok'", "int"):
        (shop / "shop.py").write_text(f"{code}stock = amoeba.use({asked})\n")
        done = command("check", cwd=shop)
        assert done.returncode == 2, asked
        assert "amoeba.use: " in done.stderr
        ran = command("run", "--port", "0", "--admin-port", "0", cwd=shop)
        assert (ran.returncode, "amoeba.use: " in ran.stderr) == (2, True)


def test_check_runs_nothing_even_where_the_code_calls_at_import(shop):
    call = "import asyncio\nstock = amoeba.use(Stock)\nprint(asyncio.run(stock.count('x')))\n"
    (shop / "shop.py").write_text((shop / "shop.py").read_text() + USING + call)
    done = command("check", cwd=shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a handle was called while its module was being imported" in done.stderr


def test_an_instance_is_no_contract(shop):
    code = (shop / "shop.py").read_text() + USING
    (shop / "shop.py").write_text(f"{code}stock = amoeba.use(Stock())\n")
    done = command("check", cwd=shop)
    assert done.returncode == 2
    assert "pass the contract itself, not an instance of it" in done.stderr


def test_a_port_that_is_none_is_wrong_usage(shop):
    assert command("run", "--port", "80000", cwd=shop).returncode == 2


def test_an_address_of_another_machine_is_named(shop):
    done = command("run", "--host", "192.0.2.1", cwd=shop)
    assert done.returncode == 2
    assert done.stderr.startswith("amoeba: --host: cannot listen on 192.0.2.1:8000: ")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("lgo_level = 3", "gateway.uvicorn.lgo_level: unknown option of uvicorn"),
        ("workers = 4", "set `replicas` of the gateway's process in a topology"),
        ('log_level = "wraning"', "uvicorn refuses these options: KeyError: 'wraning'"),
    ],
)
def test_an_option_that_uvicorn_cannot_use_is_named(shop, option, text):
    (shop / "amoeba.toml").write_text(f"{GOOD}\n[gateway.uvicorn]\n{option}\n")
    done = command("run", "--port", "0", "--admin-port", "0", cwd=shop)
    assert done.returncode == 2
    assert text in done.stderr
    assert "amoeba.toml:9: " in done.stderr or "amoeba.toml:8: " in done.stderr
