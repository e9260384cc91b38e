"""amoeba.toml as data: what is read from a right file. `test_broken.py` has the wrong ones."""

from __future__ import annotations

import os

import pytest

from amoeba.app import find_application, read_application
from amoeba.errors import ConfigurationError
from amoeba.topology import Process
from amoeba.wire.limits import Limits

THREE_LINES = '[app]\ngateway = "shop.web:api"\n'
WHOLE = """
[app]
name = "support-desk"
gateway = "support_desk.gateway:api"
topology = "models-apart"
paths = ["lib"]

[modules.classifier]
contract = "support_desk.classifier:Classifier"
implementation = "support_desk.classifier.linear:LinearClassifier"
settings = { model = "models/classifier", limits.high = 3 }
state = "keyed"
key = "customer"
raises = ["fastapi:HTTPException"]

[modules.tickets]
implementation = "support_desk.tickets:Tickets"

[topologies.models-apart.processes.models]
modules = ["classifier"]
replicas = 2
cpus = 1
gpus = 0.5
memory = "2GiB"
python = ".venv-models/bin/python"
environment = { LOG = "debug" }

[gateway]
host = "0.0.0.0"
port = 9000
admin_host = "10.0.0.1"
admin_port = 9001

[gateway.uvicorn]
proxy_headers = true

[wire]
transport = "tcp"
frame_limit = "1MiB"
buffer_limit = 4096
calls_in_flight = 5

[supervisor]
start_timeout = 60
drain_timeout = 2.5
"""


def text_of(path, folder) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_application(path)
    return str(caught.value).replace(f"{folder}{os.sep}", "")


def test_two_lines_are_enough_for_an_existing_app(read, tmp_path):
    application = read(THREE_LINES)
    assert application.gateway == "shop.web:api"
    assert application.modules == {}
    assert application.parts == ("gateway",)
    assert application.root == str(tmp_path)
    assert application.file == str(tmp_path / "amoeba.toml")
    assert application.transport == "unix"
    assert application.limits == Limits()
    assert (application.http.host, application.http.port) == ("127.0.0.1", 8000)
    assert (application.http.admin_host, application.http.admin_port) == ("127.0.0.1", 8001)
    assert (application.start_timeout_s, application.drain_timeout_s) == (120.0, 30.0)


def test_the_folder_names_an_application_that_has_no_name(tmp_path):
    folder = tmp_path / "my shop.v2"
    folder.mkdir()
    (folder / "amoeba.toml").write_text(THREE_LINES, encoding="utf-8")
    assert read_application(folder / "amoeba.toml").name == "my-shop-v2"


def test_everything_that_can_be_written_is_read(read):
    application = read(WHOLE)
    assert application.name == "support-desk"
    assert application.paths == ("lib",)
    assert application.parts == ("gateway", "classifier", "tickets")
    assert application.states == {"gateway": "none", "classifier": "keyed", "tickets": "none"}
    classifier = application.modules["classifier"]
    assert classifier.name == "classifier"
    assert classifier.contract == "support_desk.classifier:Classifier"
    assert classifier.implementation == "support_desk.classifier.linear:LinearClassifier"
    assert classifier.settings == {"model": "models/classifier", "limits": {"high": 3}}
    assert (classifier.state, classifier.key) == ("keyed", "customer")
    assert classifier.raises == ("fastapi:HTTPException",)
    assert application.modules["tickets"].contract == ""
    http = application.http
    assert (http.host, http.port, http.admin_host, http.admin_port) == (
        "0.0.0.0",
        9000,
        "10.0.0.1",
        9001,
    )
    assert http.uvicorn == {"proxy_headers": True}
    assert application.transport == "tcp"
    limits = application.limits
    assert (limits.frame_bytes, limits.buffer_bytes, limits.calls_in_flight) == (2**20, 4096, 5)
    assert (application.start_timeout_s, application.drain_timeout_s) == (60.0, 2.5)


def test_a_process_is_read_whole(read):
    (process,) = read(WHOLE).topologies["models-apart"].processes
    assert process == Process(
        name="models",
        modules=("classifier",),
        replicas=2,
        cpus=1,
        gpus=0.5,
        memory_bytes=2 * 2**30,
        python=".venv-models/bin/python",
        environment={"LOG": "debug"},
    )


def test_the_default_topology_is_the_one_the_file_names(read):
    topology = read(WHOLE).topology()
    assert topology.name == "models-apart"
    assert [(p.name, p.modules) for p in topology.processes] == [
        ("main", ("gateway", "tickets")),
        ("models", ("classifier",)),
    ]


def test_the_monolith_is_always_there(read):
    application = read(WHOLE)
    assert set(application.topologies) == {"models-apart", "monolith"}
    (process,) = application.topology("monolith").processes
    assert process.modules == application.parts
    assert read(THREE_LINES).topology().name == "monolith"


def test_the_monolith_may_be_given_resources(read):
    application = read(THREE_LINES + "[topologies.monolith.processes.main]\ncpus = 2\n")
    assert application.topology().processes == (Process("main", ("gateway",), cpus=2),)


def test_an_unknown_topology_is_refused_with_the_nearest_name(read):
    application = read(WHOLE)
    with pytest.raises(ConfigurationError) as caught:
        application.topology("model-apart")
    assert str(caught.value) == (
        f"{application.file}: unknown topology 'model-apart'\n  hint: did you mean 'models-apart'?"
    )


def test_without_a_gateway_the_modules_are_all_there_is(read):
    assert read('[modules.a]\nimplementation = "a:B"\n').parts == ("a",)


@pytest.mark.parametrize("name", ["a", "A", "a-b", "a_b", "a1", "a" * 63])
def test_names_of_letters_digits_and_dashes_are_names(read, name):
    assert name in read(f'[modules.{name}]\nimplementation = "a:B"\n').modules


@pytest.mark.parametrize("name", ["1a", "-a", "_a", "a b", "a.b", "é", "a/b", "a" * 64, "a\\n", ""])
def test_other_names_are_none(error_text, name):
    text = error_text(f'[modules."{name}"]\nimplementation = "a:B"\n')
    shown = name.replace("\\n", "\n")
    assert f"{shown!r} is no name" in text.splitlines()[0] + text.splitlines()[-2]


@pytest.mark.parametrize("name", ["a", "a:", ":a", "a.b", "a-b:c", "a:b c", "a:1", "1:a", "a:b\\n"])
def test_what_names_no_object_is_refused(error_text, name):
    text = error_text(f'[app]\ngateway = "{name}"\n')
    shown = name.replace("\\n", "\n")
    assert text == (
        f'amoeba.toml:2: app.gateway: {shown!r} names no object\n  expected: "package.module:name"'
    )


def test_a_missing_file_says_how_to_name_another(tmp_path):
    assert text_of(tmp_path / "amoeba.toml", tmp_path) == (
        "amoeba.toml: there is no such file\n"
        "  hint: run in the folder that has amoeba.toml, or name the file: --config FILE"
    )


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "amoeba.toml").mkdir()
    assert text_of(tmp_path / "amoeba.toml", tmp_path) == (
        "amoeba.toml: cannot be read: Is a directory"
    )


def test_line_ends_of_windows_are_read(tmp_path):
    path = tmp_path / "amoeba.toml"
    path.write_bytes(b'[app]\r\ngateway = "shop.web:api"\r\ntopologi = "x"\r\n')
    assert text_of(path, tmp_path).startswith("amoeba.toml:3: app.topologi: unknown key")


def test_a_path_may_be_text(write):
    assert read_application(str(write(THREE_LINES))).gateway == "shop.web:api"


def test_the_nearest_file_is_found_from_any_folder_below(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "amoeba.toml").write_text("", encoding="utf-8")
    assert find_application(inner) == tmp_path / "amoeba.toml"
    (tmp_path / "a" / "amoeba.toml").write_text("", encoding="utf-8")
    assert find_application(inner) == tmp_path / "a" / "amoeba.toml"
    assert find_application(tmp_path) == tmp_path / "amoeba.toml"


def test_a_folder_of_that_name_is_passed_over(tmp_path):
    inner = tmp_path / "a"
    (inner / "amoeba.toml").mkdir(parents=True)
    (tmp_path / "amoeba.toml").write_text("", encoding="utf-8")
    assert find_application(inner) == tmp_path / "amoeba.toml"


def test_two_modules_must_not_share_the_variables_of_their_settings(error_text):
    module = '[modules.{}]\nimplementation = "a:B"\n'
    text = error_text(module.format("order-desk") + module.format("order_desk"))
    assert "AMOEBA_ORDER_DESK__" in text


def test_no_text_of_a_wrong_settings_table_is_shown(error_text):
    text = error_text('[modules.a]\nimplementation = "a:B"\nsettings = "s3cr3t"\n')
    assert "modules.a.settings" in text
    assert "s3cr3t" not in text
