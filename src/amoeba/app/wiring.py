"""The wiring plan: which module gets which handle, and in which order modules start.

Constructors say what they need by annotation: a contract gives a handle, `settings` gives the
module's settings, any other parameter may be named in the settings. Missing, ambiguous and cyclic
needs are errors that draw the path. The plan makes no object; the runtime does.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from amoeba.app.loading import import_object, loaded_object
from amoeba.app.naming import asked_name
from amoeba.app.settings import bind, convert, with_environment
from amoeba.contract import (
    Contract,
    check_raises,
    conformance_problems,
    read_contract,
)
from amoeba.errors import ConfigurationError, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amoeba.app.manifest import Application, ModuleSpec


@dataclass(frozen=True, slots=True)
class ModulePlan:
    """How to make one module. `dependencies` maps constructor parameters to modules."""

    spec: ModuleSpec
    implementation: type
    contract: Contract
    arguments: dict[str, Any]
    dependencies: dict[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The modules to make, each after those it needs, and every contract that was read."""

    modules: dict[str, ModulePlan]
    contracts: dict[str, Contract] = field(default_factory=dict)


class Contracts:
    """The contracts of an application's modules, read when first needed."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._read: dict[str, Contract] = {}
        self._failed: dict[str, ConfigurationError] = {}

    def of(self, module: str) -> Contract:
        """The module's contract. Raises ConfigurationError when it cannot be imported or used.

        A module without one is described by its implementation, which is imported for it.
        """
        if module in self._failed:
            raise self._failed[module]
        if module not in self._read:
            try:
                self._read[module] = self._read_one(self._application.modules[module])
            except ConfigurationError as error:
                self._failed[module] = error
                raise
        return self._read[module]

    def providers(self, wanted: Any) -> list[str]:
        """The modules that keep the contract `wanted`; no implementation is imported for this."""
        return [name for name, spec in self._application.modules.items() if self._is(spec, wanted)]

    def _read_one(self, spec: ModuleSpec) -> Contract:
        key = "contract" if spec.contract else "implementation"
        name = spec.contract or spec.implementation
        found = import_object(name, f"modules.{spec.name}.{key}")
        if not isinstance(get_origin(found) or found, type):
            expected = "a Protocol" if spec.contract else "a class"
            raise ConfigurationError([_no_class(name, f"modules.{spec.name}.{key}", expected)])
        contract = read_contract(found, spec.name)
        if contract.problems:
            raise ConfigurationError(_located_at(contract.problems, "modules", spec.name, key))
        methods = {
            each.name: replace(
                each, problems=tuple(_located_at(each.problems, "modules", spec.name, key))
            )
            for each in contract.methods.values()
        }
        return replace(contract, methods=methods)

    def _is(self, spec: ModuleSpec, wanted: Any) -> bool:
        if spec.contract:
            own = self.of(spec.name).cls
            return own is wanted or own is get_origin(wanted)
        return loaded_object(spec.implementation) is wanted


def make_plan(
    application: Application,
    contracts: Contracts,
    modules: Iterable[str],
    environment: Mapping[str, str],
) -> Plan:
    """Plan the named modules. Raises ConfigurationError with every problem found."""
    problems: list[Problem] = []
    cause: BaseException | None = None
    plans: dict[str, ModulePlan] = {}
    for name in modules:
        try:
            plan, found = _plan_module(application.modules[name], contracts, environment)
        except ConfigurationError as error:
            problems += error.problems
            cause = cause or error.__cause__
        else:
            problems += found
            plans[name] = plan
    if not problems:
        problems += cycle_problems({n: list(p.dependencies.values()) for n, p in plans.items()})
    if problems:
        raise ConfigurationError(dict.fromkeys(problems)) from cause
    ordered = start_order({name: plan.dependencies.values() for name, plan in plans.items()})
    needed = {d for plan in plans.values() for d in plan.dependencies.values()}
    known = {name: contracts.of(name) for name in needed} | {
        name: plan.contract for name, plan in plans.items()
    }
    return Plan({name: plans[name] for name in ordered}, known)


def start_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The names so that each stands after those it needs; the needs must have no cycle."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in needs and name not in ordered:
            for needed in needs[name]:
                visit(needed)
            ordered[name] = None

    for name in needs:
        visit(name)
    return list(ordered)


def cycle_problems(needs: Mapping[str, Iterable[str]]) -> list[Problem]:
    """One problem for each cycle of needs, drawn as `a → b → a`."""
    problems: list[Problem] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            cycle = [*path[path.index(name) :], name]
            drawn = " → ".join(cycle)
            hint = "let one of them take the handle later: amoeba.use(Contract) inside a method"
            what = f"modules need each other: {drawn}"
            problems.append(Problem(what=what, where=f"modules.{name}", hint=hint))
        elif name not in done:
            for needed in needs.get(name, ()):
                visit(needed, [*path, name])
            done.add(name)

    for name in needs:
        visit(name, [])
    return problems


def _plan_module(
    spec: ModuleSpec, contracts: Contracts, environment: Mapping[str, str]
) -> tuple[ModulePlan, list[Problem]]:
    where = f"modules.{spec.name}"
    implementation = import_object(spec.implementation, f"{where}.implementation")
    if not isinstance(implementation, type):
        problem = _no_class(spec.implementation, f"{where}.implementation", "a class")
        raise ConfigurationError([problem])
    contract = contracts.of(spec.name)
    found = conformance_problems(contract, implementation, spec.name)
    problems = _located_at(found, "modules", spec.name, "implementation")
    problems += _key_problems(spec, contract)
    for index, each in enumerate(spec.raises):
        if wrong := check_raises(each):
            problems.append(Problem(what=f"{each} {wrong}", where=f"{where}.raises[{index}]"))
    settings = with_environment(spec.settings, spec.name, environment)
    reader = _ConstructorReader(spec.name, implementation, settings, contracts)
    reader.read()
    plan = ModulePlan(spec, implementation, contract, reader.arguments, reader.dependencies)
    return plan, problems + reader.problems


def _no_class(name: str, where: str, expected: str) -> Problem:
    return Problem(what=f"{name} is no class", where=where, expected=expected)


def _located_at(problems: Iterable[Problem], *path: str) -> list[Problem]:
    """The same problems, pointing at a key of the file."""
    return [msgspec.structs.replace(problem, path=path) for problem in problems]


def _key_problems(spec: ModuleSpec, contract: Contract) -> list[Problem]:
    if spec.state != "keyed":
        return []
    return [
        Problem(
            what=f"method {name}() has no parameter "
            + (repr(spec.key) if spec.key else "to take the key from"),
            where=f"modules.{spec.name}.{'key' if spec.key else 'state'}",
            expected="every method of a keyed module takes the key; without `key`, it is the first",
        )
        for name, method in contract.methods.items()
        if not any(p.name == spec.key or not spec.key for p in method.parameters)
    ]


class _ConstructorReader:
    """Finds out what one constructor is to be called with."""

    def __init__(
        self, module: str, implementation: type, settings: dict[str, Any], contracts: Contracts
    ) -> None:
        self._module, self._class = module, implementation
        self._settings, self._contracts = dict(settings), contracts
        self.arguments: dict[str, Any] = {}
        self.dependencies: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read(self) -> None:
        """Fill `arguments`, `dependencies` and `problems`."""
        constructor = inspect.getattr_static(self._class, "__init__")
        if inspect.isfunction(constructor):
            hints = self._hints(constructor)
            for parameter in list(inspect.signature(constructor).parameters.values())[1:]:
                if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                    self._parameter(parameter, hints.get(parameter.name, inspect.Parameter.empty))
        taken = [p for p in self._settings if p not in self.arguments]
        if "settings" not in self.arguments:
            for key in taken:
                hint = did_you_mean(key, self._parameters())
                self._problem(f"unknown setting: {self._name()} takes none such", key, hint=hint)

    def _hints(self, constructor: Any) -> dict[str, Any]:
        try:
            return get_type_hints(constructor, include_extras=True)
        except Exception as error:
            what = f"the constructor of {self._name()} cannot be read: {error}"
            hint = "import the contracts it takes at run time, not only under TYPE_CHECKING"
            self.problems.append(
                Problem(what=what, where=f"modules.{self._module}.implementation", hint=hint)
            )
            raise ConfigurationError(self.problems) from error

    def _parameter(self, parameter: inspect.Parameter, annotation: Any) -> None:
        name = parameter.name
        if name == "settings" and name not in self._settings:
            self._settings_parameter(parameter, annotation)
            return
        if name in self._settings:
            where = f"modules.{self._module}.settings.{name}"
            tp = Any if annotation is inspect.Parameter.empty else annotation
            value, problems = convert(self._settings[name], tp, where)
            self.problems += problems
            self.arguments[name] = value
            return
        self._dependency(parameter, annotation)

    def _settings_parameter(self, parameter: inspect.Parameter, annotation: Any) -> None:
        self.arguments["settings"] = None
        if annotation in (inspect.Parameter.empty, dict) or get_origin(annotation) is dict:
            self.arguments["settings"] = self._settings
        elif not self._settings and parameter.default is not inspect.Parameter.empty:
            self.arguments["settings"] = parameter.default
        else:
            value, problems = bind(annotation, self._settings, self._module)
            self.arguments["settings"] = value
            self.problems += problems

    def _dependency(self, parameter: inspect.Parameter, annotation: Any) -> None:
        asked = asked_name(annotation)
        wanted = _without_optional(annotation)
        providers = [] if wanted is None else self._contracts.providers(wanted)
        if asked in providers:
            self.dependencies[parameter.name] = asked
        elif asked:
            self._need(parameter, f"no module {asked!r} keeps it", did_you_mean(asked, providers))
        elif len(providers) == 1:
            self.dependencies[parameter.name] = providers[0]
        elif len(providers) > 1:
            names = ", ".join(providers)
            hint = f'Annotated[{_show(wanted)}, amoeba.named("{providers[0]}")]'
            self._need(parameter, f"several modules keep it: {names}", f"name one: {hint}")
        elif parameter.default is inspect.Parameter.empty:
            self._nobody_provides(parameter, wanted)

    def _nobody_provides(self, parameter: inspect.Parameter, wanted: Any) -> None:
        name = parameter.name
        setting = f"settings = {{ {name} = … }} in [modules.{self._module}]"
        if wanted is None:
            self._need(
                parameter, "it has no type", f"annotate it with a contract, or set {setting}"
            )
        elif getattr(wanted, "__module__", "") == "builtins":
            self._need(parameter, "the setting is missing", setting)
        else:
            hint = f"add [modules.NAME] with that contract, or a setting {name!r}"
            self._need(parameter, "no module provides it", hint)

    def _need(self, parameter: inspect.Parameter, why: str, hint: str) -> None:
        annotation = _show(_without_optional(parameter.annotation))
        path = f"{self._module} → {self._name()}({parameter.name}: {annotation})"
        self.problems.append(
            Problem(what=f"{path}: {why}", where=f"modules.{self._module}", hint=hint)
        )

    def _problem(self, what: str, key: str, hint: str = "") -> None:
        where = f"modules.{self._module}.settings.{key}"
        self.problems.append(Problem(what=what, where=where, hint=hint))

    def _parameters(self) -> list[str]:
        constructor = inspect.getattr_static(self._class, "__init__")
        if not inspect.isfunction(constructor):
            return []
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [parameter.name for parameter in parameters if parameter.kind not in kinds]

    def _name(self) -> str:
        return self._class.__qualname__


def _without_optional(annotation: Any) -> Any:
    """The contract that an annotation asks for, without Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        rest = [part for part in get_args(annotation) if part is not NoneType]
        return _without_optional(rest[0]) if len(rest) == 1 else None
    return None if annotation is inspect.Parameter.empty else annotation


def _show(tp: Any) -> str:
    if isinstance(tp, str):
        return tp
    return getattr(tp, "__qualname__", None) or ("no annotation" if tp is None else str(tp))
