"""Which routes a gateway has, as far as it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amoeba.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WHERE = ("evidence", "payloads", "routes")


def unknown_routes(app: Any, wanted: Iterable[str]) -> list[Problem]:
    """A problem for each route to be recorded that `app` has not, if all its routes are known."""
    known = set(known_routes(app))
    if not known or None in known:
        return []
    routes = {f"{method} {path}" for method, path in (each for each in known if each)}
    return [
        Problem(
            f"the gateway has no route {each!r}: nothing is recorded of it",
            ".".join(_WHERE),
            hint=did_you_mean(each, routes),
            path=_WHERE,
        )
        for each in wanted
        if each not in routes and not _below(each, routes)
    ]


def known_routes(app: Any) -> Iterator[tuple[str, str] | None]:
    """Method and path of each route; None stands for what cannot be known.

    `*` is the method of a whole path that another app answers.
    """
    for route in getattr(app, "routes", ()):
        contexts = getattr(route, "effective_route_contexts", None)
        for each in contexts() if callable(contexts) else (route,):
            path, methods = getattr(each, "path", None), getattr(each, "methods", None)
            if not isinstance(path, str):
                yield None
            elif methods:
                yield from ((method, path) for method in methods)
            else:
                yield "*", path


def _below(route: str, routes: Iterable[str]) -> bool:
    """Whether it is of an app that is mounted."""
    path = route.partition(" ")[2]
    mounts = (each.removeprefix("* ") for each in routes if each.startswith("* "))
    return any(path.startswith(mount) for mount in mounts)
