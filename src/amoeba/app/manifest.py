"""`amoeba.toml` as data: the application, its modules and its topologies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from amoeba.app.lines import key_lines, line_of
from amoeba.app.otlp import read_otlp
from amoeba.app.payloads import PayloadSpec, read_payloads
from amoeba.app.prices import Pricing, read_pricing
from amoeba.app.tables import Table
from amoeba.errors import ConfigurationError, Problem, did_you_mean
from amoeba.topology import GATEWAY, MONOLITH, Process, Topology, topology_problems
from amoeba.wire.limits import Limits

FILE_NAME = "amoeba.toml"
STATES = ("none", "exclusive", "keyed")
TRANSPORTS = ("unix", "tcp")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_NAME_RULE = "letters, digits, - and _, starting with a letter, at most 63"
_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_RESERVED = (GATEWAY, "supervisor")


class ModuleSpec(msgspec.Struct, frozen=True):
    """One `[modules.NAME]`. Without `contract`, the implementation's public methods are it."""

    name: str
    implementation: str
    contract: str = ""
    settings: dict[str, Any] = {}
    state: str = "none"
    key: str = ""
    raises: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the settings, among which are secrets."""
        return f"ModuleSpec({self.name!r}, {self.implementation!r})"


class GatewaySpec(msgspec.Struct, frozen=True):
    """How the gateway is reached. `uvicorn` goes to `uvicorn.Config` as it is."""

    host: str = "127.0.0.1"
    port: int = 8000
    admin_host: str = "127.0.0.1"
    admin_port: int = 8001
    server_timing: bool = False
    uvicorn: dict[str, Any] = {}


class EvidenceSpec(msgspec.Struct, frozen=True):
    """Whether anything is measured and kept, how much, and where; `file`: elsewhere than usual.

    `otlp` is the collector that traces are exported to, if any; see `app.otlp`.
    """

    record: bool = True
    keep: bool = True
    most_bytes: int = 256 << 20
    file: str = ""
    payloads: PayloadSpec = PayloadSpec()
    otlp: str = ""


class Application(msgspec.Struct, frozen=True):
    """All of `amoeba.toml`, checked. `root` is its folder, from which the code is imported."""

    name: str
    root: str
    file: str
    gateway: str
    modules: dict[str, ModuleSpec]
    topologies: dict[str, Topology]
    default_topology: str = MONOLITH
    paths: tuple[str, ...] = ()
    http: GatewaySpec = GatewaySpec()
    limits: Limits = Limits()
    evidence: EvidenceSpec = EvidenceSpec()
    prices: Pricing = Pricing()
    transport: str = "unix"
    start_timeout_s: float = 120.0
    drain_timeout_s: float = 30.0

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything a topology places: the gateway, when there is one, and the modules."""
        return ((GATEWAY,) if self.gateway else ()) + tuple(self.modules)

    @property
    def states(self) -> dict[str, str]:
        """Each part's state, as topology validation wants it."""
        gateway = {GATEWAY: "none"} if self.gateway else {}
        return gateway | {name: spec.state for name, spec in self.modules.items()}

    def topology(self, name: str = "") -> Topology:
        """A topology by name, every part placed. Raises ConfigurationError for an unknown one."""
        name = name or self.default_topology
        if name not in self.topologies:
            hint = did_you_mean(name, self.topologies)
            problem = Problem(what=f"unknown topology {name!r}", file=self.file, hint=hint)
            raise ConfigurationError([problem])
        return self.topologies[name].complete(self.parts)


def find_application(start: Path) -> Path | None:
    """The nearest `amoeba.toml` in `start` or above it."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def read_application(path: Path | str) -> Application:
    """Read and check a configuration file. Raises ConfigurationError with every problem in it."""
    path = Path(path)
    text = _read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax_problem(error, text, str(path))]) from None
    problems: list[Problem] = []
    application = _application(Table(data, (), problems), path)
    noted = {problem.path for problem in problems}
    problems += [
        problem
        for topology in application.topologies.values()
        for problem in topology_problems(topology, application.states)
        if problem.path not in noted
    ]
    if problems:
        raise ConfigurationError(locate(problems, text, str(path)))
    return application


def locate(problems: list[Problem], text: str, file: str) -> list[Problem]:
    """The same problems with the file and the line of their keys."""
    lines = key_lines(text)
    paths = [p.path or tuple(re.split(r"[.\[]", p.where)) for p in problems]
    return [p.at(file, line_of(lines, path)) for p, path in zip(problems, paths, strict=True)]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = "run in the folder that has amoeba.toml, or name the file: --config FILE"
        problem = Problem(what="there is no such file", file=str(path), hint=hint)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(what=f"is not UTF-8 at byte {error.start}", file=str(path), line=line)
    except OSError as error:
        problem = Problem(what=f"cannot be read: {error.strerror}", file=str(path))
    raise ConfigurationError([problem])


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str, file: str) -> Problem:
    match = re.search(r"\(at line (\d+), column \d+\)", str(error))
    what = f"is not valid TOML: {str(error).partition(' (at ')[0]}"
    if match:
        return Problem(what=what, file=file, line=int(match[1]))
    last = text.rstrip("\n").count("\n") + 1
    return Problem(what=f"{what}, at the end of the file", file=file, line=last)


def _application(top: Table, path: Path) -> Application:
    app = top.table("app")
    modules = {name: _module(name, table) for name, table in top.tables("modules")}
    topologies = {name: _topology(name, table) for name, table in top.tables("topologies")}
    topologies.setdefault(MONOLITH, Topology(MONOLITH))
    default = app.text("topology", default=MONOLITH)
    if default not in topologies:
        app.note(
            "topology", f"unknown topology {default!r}", hint=did_you_mean(default, topologies)
        )
    gateway = app.text("gateway")
    _check_object(app, "gateway", gateway)
    _check_variables(top, modules)
    if not gateway and "gateway" not in app.data and "modules" not in top.data:
        app.note("gateway", "there is nothing to run", expected='gateway = "package.module:app"')
    http, wire, supervisor = top.table("gateway"), top.table("wire"), top.table("supervisor")
    evidence = top.table("evidence")
    application = Application(
        name=_app_name(app, path),
        root=str(path.resolve().parent),
        file=str(path),
        gateway=gateway,
        modules=modules,
        topologies=topologies,
        default_topology=default,
        paths=app.names("paths"),
        http=_http(http),
        limits=_limits(wire),
        evidence=_evidence(evidence),
        prices=read_pricing(top.table("prices")),
        transport=wire.choice("transport", TRANSPORTS, "unix"),
        start_timeout_s=supervisor.number("start_timeout", 120.0),
        drain_timeout_s=supervisor.number("drain_timeout", 30.0),
    )
    for table in (app, http, wire, evidence, supervisor, top):
        table.finish()
    return application


def _evidence(table: Table) -> EvidenceSpec:
    record, keep = (table.flag(name, default=True) for name in ("record", "keep"))
    most_bytes = table.size("size", None) or EvidenceSpec().most_bytes
    payloads = read_payloads(table)
    otlp = read_otlp(table)
    return EvidenceSpec(record, record and keep, most_bytes, payloads=payloads, otlp=otlp)


def _app_name(app: Table, path: Path) -> str:
    default = re.sub(r"[^A-Za-z0-9_-]", "-", path.resolve().parent.name) or "app"
    name = app.text("name", default=default)
    if name.strip() and "name" in app.data and not _NAME.fullmatch(name):
        app.note("name", f"{name!r} is no name", expected=_NAME_RULE)
    return name


def _module(name: str, table: Table) -> ModuleSpec:
    if name in _RESERVED:
        table.note("", f"the name {name!r} is reserved", hint="choose another name")
    elif not _NAME.fullmatch(name):
        table.note("", f"{name!r} is no name", expected=_NAME_RULE)
    spec = ModuleSpec(
        name=name,
        implementation=table.text("implementation", required='"package.module:Class"'),
        contract=table.text("contract"),
        settings=table.mapping("settings", secret=True),
        state=table.choice("state", STATES, "none"),
        key=table.text("key"),
        raises=table.names("raises"),
    )
    _check_object(table, "implementation", spec.implementation)
    _check_object(table, "contract", spec.contract)
    for index, each in enumerate(spec.raises):
        _check_object(table, "raises", each, inner=f"[{index}]")
    if spec.key and spec.state != "keyed" and table.data.get("state", "none") in STATES:
        table.note("key", 'is only for state = "keyed"', hint='add state = "keyed"')
    table.finish()
    return spec


def _check_object(table: Table, key: str, value: str, inner: str = "") -> None:
    if value.strip() and not _OBJECT.fullmatch(value):
        what = f"{value!r} names no object"
        table.note(key, what, expected='"package.module:name"', inner=inner)


def _check_variables(top: Table, modules: dict[str, ModuleSpec]) -> None:
    """Settings of two modules must not be overridden by the same variable."""
    seen: dict[str, str] = {}
    for name in modules:
        variable = name.upper().replace("-", "_")
        other = seen.setdefault(variable, name)
        if other != name:
            what = f"{name!r} and {other!r} share the environment variables AMOEBA_{variable}__*"
            top.note("modules", what, hint="rename one of them", inner=name)


def _topology(name: str, table: Table) -> Topology:
    if not _NAME.fullmatch(name):
        table.note("", f"{name!r} is no name", expected=_NAME_RULE)
    processes = tuple(_process(each, inner) for each, inner in table.tables("processes"))
    table.finish()
    return Topology(name, processes)


def _process(name: str, table: Table) -> Process:
    if not _NAME.fullmatch(name):
        table.note("", f"{name!r} is no name", expected=_NAME_RULE)
    process = Process(
        name=name,
        modules=table.names("modules"),
        replicas=table.whole("replicas", 1, minimum=1, maximum=1000),
        cpus=table.whole("cpus", 0, minimum=1) or None,
        gpus=table.number("gpus", 0.0, positive=False),
        memory_bytes=table.size("memory", None),
        python=table.text("python") or None,
        environment=table.texts("environment"),
    )
    table.finish()
    return process


def _http(table: Table) -> GatewaySpec:
    return GatewaySpec(
        host=table.text("host", default="127.0.0.1"),
        port=table.whole("port", 8000, maximum=65_535),
        admin_host=table.text("admin_host", default="127.0.0.1"),
        admin_port=table.whole("admin_port", 8001, maximum=65_535),
        server_timing=table.flag("server_timing"),
        uvicorn=table.mapping("uvicorn"),
    )


def _limits(table: Table) -> Limits:
    default = Limits()
    return Limits(
        frame_bytes=table.size("frame_limit", None) or default.frame_bytes,
        buffer_bytes=table.size("buffer_limit", None) or default.buffer_bytes,
        calls_in_flight=table.whole("calls_in_flight", default.calls_in_flight, minimum=1),
    )
