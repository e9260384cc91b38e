"""Reading a scenario file: TOML → Scenario, every problem at once with its line.

What TOML has as arrays becomes tables keyed by index before it is read (`ramp`, `expect`), so that
`app.tables` can note what is wrong with one element; `_indexed` turns the keys back for the reader.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from amoeba.app import locate
from amoeba.app.tables import Table
from amoeba.errors import ConfigurationError, Problem
from amoeba.load.arrivals import expected_count
from amoeba.load.reading_arrivals import read_arrivals
from amoeba.load.reading_requests import read_request
from amoeba.load.reading_slo import read_slo
from amoeba.load.scenario import (
    MOST_ARRIVALS,
    Comparing,
    Request,
    Scenario,
    Search,
    Target,
)

FILE_NAME = "load.toml"

_URL = re.compile(r"https?://[^/\s?#@]+")
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")


class Overrides(msgspec.Struct, frozen=True):
    """What the command line says instead of the file. None: as in the file."""

    url: str | None = None
    rate_per_s: float | None = None
    duration_s: float | None = None
    seed: int | None = None
    max_in_flight: int | None = None


def read_scenario(path: Path, overrides: Overrides | None = None) -> Scenario:
    """Read and check a scenario. Raises ConfigurationError with every problem in it."""
    text = _read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax_problem(error, text, str(path))]) from None
    problems: list[Problem] = []
    scenario = _scenario(Table(_without_arrays(data), (), problems), path, text)
    if problems:
        inside = locate([each for each in problems if not each.file], text, str(path))
        others = [each for each in problems if each.file]
        raise ConfigurationError([*map(_indexed, inside), *others])
    return override(scenario, overrides or Overrides())


def override(scenario: Scenario, overrides: Overrides) -> Scenario:
    """The scenario as the command line wants it; a rate takes the place of a ramp.

    Raises ConfigurationError.
    """
    replace = msgspec.structs.replace
    target, arrivals = scenario.target, scenario.arrivals
    if overrides.url is not None:
        if not _URL.fullmatch(overrides.url.rstrip("/")):
            raise ConfigurationError([_no_url("--url", overrides.url)])
        target = replace(target, url=overrides.url.rstrip("/"))
    if overrides.max_in_flight is not None:
        target = replace(target, max_in_flight=overrides.max_in_flight)
    if overrides.rate_per_s is not None:
        arrivals = replace(arrivals, rate_per_s=overrides.rate_per_s, ramp=())
    if overrides.duration_s is not None:
        arrivals = replace(arrivals, duration_s=overrides.duration_s)
    if overrides.seed is not None:
        arrivals = replace(arrivals, seed=overrides.seed)
    if expected_count(arrivals) > MOST_ARRIVALS:
        what = f"{expected_count(arrivals):,.0f} arrivals are too many"
        expected = f"at most {MOST_ARRIVALS:,} in one run"
        raise ConfigurationError([Problem(what, "--rate, --duration", expected)])
    return replace(scenario, target=target, arrivals=arrivals)


def _scenario(top: Table, path: Path, text: str) -> Scenario:
    target, search, slo = top.table("target"), top.table("search"), top.table("slo")
    compare = top.table("compare")
    arrivals = read_arrivals(top.table("arrivals"), path.parent)
    requests: list[Request] = []
    limits = list(read_slo(slo))
    for name, table in top.tables("requests"):
        request, promised = read_request(name, table, path.parent)
        requests.append(request)
        limits += promised
    if "requests" not in top.data or top.data["requests"] == {}:
        top.note("requests", "there is nothing to send", expected="a table [requests.NAME]")
    scenario = Scenario(
        file=str(path),
        text=text,
        target=_target(target),
        arrivals=arrivals,
        requests=tuple(requests),
        slo=tuple(limits),
        search=_search(search),
        compare=_comparing(compare),
    )
    for table in (target, search, compare, top):
        table.finish()
    return scenario


def _target(table: Table) -> Target:
    default = Target()
    url = table.text("url", default=default.url).rstrip("/")
    if url and not _URL.fullmatch(url):
        problem = _no_url("", url)
        table.note("url", problem.what, problem.expected, problem.hint)
    return Target(
        url=url,
        timeout_s=table.number("timeout", default.timeout_s),
        max_in_flight=table.whole("max_in_flight", default.max_in_flight, 1, 60_000),
    )


def _no_url(where: str, url: str) -> Problem:
    hint = "paths belong into the requests" if re.match(r"https?://[^/]+/", url) else ""
    return Problem(f"{url!r} is no address", where, '"http://host:port", without a path', hint)


def _search(table: Table) -> Search:
    default = Search()
    return Search(
        step_s=table.number("step", default.step_s),
        warm_up_s=table.number("warm_up", default.warm_up_s, positive=False),
        precision=table.number("precision", default.precision),
        most_steps=table.whole("steps", default.most_steps, 2, 1000),
        highest_per_s=table.number("highest", default.highest_per_s),
    )


def _comparing(table: Table) -> Comparing:
    rounds = table.whole("rounds", Comparing().rounds, 1, 100)
    return Comparing(rounds=rounds, environment=table.texts("environment"))


def _without_arrays(data: dict[str, Any]) -> dict[str, Any]:
    """The same file with `ramp`, `expect` and `json` as tables keyed by index."""
    data = dict(data)
    if isinstance(arrivals := data.get("arrivals"), dict) and "ramp" in arrivals:
        data["arrivals"] = arrivals | {"ramp": _by_index(arrivals["ramp"])}
    if isinstance(requests := data.get("requests"), dict):
        data["requests"] = {name: _request_without(each) for name, each in requests.items()}
    elif isinstance(requests, list):
        data["requests"] = {}
    return data


def _request_without(request: Any) -> Any:
    if not isinstance(request, dict):
        return request
    json = {"json": {"0": request["json"]}} if "json" in request else {}
    expect = {"expect": _by_index(request["expect"])} if "expect" in request else {}
    return request | json | expect


def _by_index(value: Any) -> dict[str, Any]:
    values = value if isinstance(value, list) else [value]
    return {str(index): each for index, each in enumerate(values)}


def _indexed(problem: Problem) -> Problem:
    """The same problem with `ramp.0` as a reader knows it: `ramp[0]`."""
    return msgspec.structs.replace(problem, where=_INDEX.sub(r"[\1]", problem.where))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = f"name the scenario: amoeba load FILE, or write one: {FILE_NAME}"
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
    line = int(match[1]) if match else text.rstrip("\n").count("\n") + 1
    return Problem(what=what, file=file, line=line)
