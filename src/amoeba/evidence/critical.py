"""The critical path of a request: the time that it would not have taken without it.

    request   ████░░░░░░░░░░░░░░████      █ on the path: at every moment, exactly one span
      first       ░░░░░░░                 beside `second` and done earlier: it cost no time
      second      ██████████              the last to end before the request went on
      third                 ████          after `second`

From the end of a span backwards: the call that ended last is what was waited for; before it began,
the call that ended last until then; and so on. What is left is the span's own. So the times on the
path add up to the request's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amoeba.evidence.records import HTTP
from amoeba.evidence.trees import Node, trees_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amoeba.evidence.records import Span

_SLACK_NS = 10_000
"""Beginning and end of a span are read from two clocks, one after the other."""
_SLACK_SHARE = 50  # of a call's length, for the same reason when the process was busy

Window = tuple[int, int]


class Part(NamedTuple):
    """A span's part in its request. `windows`: when it was on the path, since the request began.

    Times are of the windows, in nanoseconds, and add up to `own_ns`. `crossing` is the way to
    another process and back, with the wait for its turn there; `unseen` a call to another process
    that told nothing of it. `parallel`: it ran while its caller had another call running.
    """

    span: Span
    depth: int
    start_ns: int
    windows: tuple[Window, ...] = ()
    own_ns: int = 0
    cpu_ns: int = 0
    wait_ns: int = 0
    crossing_ns: int = 0
    unseen_ns: int = 0
    parallel: bool = False


class Request(NamedTuple):
    """Spans that hang together: callees below their caller, in the order of their beginning."""

    parts: list[Part]

    @property
    def first(self) -> Span:
        """The span that no other one here made."""
        return self.parts[0].span

    @property
    def whole(self) -> bool:
        """Whether it begins where a request does. Otherwise a span before it was lost."""
        return self.first.caller == HTTP or not self.first.parent_id

    @property
    def looked_at(self) -> bool:
        """Whether it was traced while it ran. Otherwise it is only known that it was."""
        return len(self.parts) > 1 or self.first.cpu_ns > 0


def critical_paths(spans: Iterable[Span]) -> list[Request]:
    """The spans of one trace, each with its part in the critical path of its request.

    A trace may have several requests. What was lost on the way to the store is missing: its time
    is its caller's. Whole requests come first, then what no request here is known to have made.
    """
    found = [_request(root) for root in trees_of(spans)]
    return sorted(found, key=lambda each: not each.whole)


def _request(root: Node) -> Request:
    windows = _windows(root)
    beside = {id(child) for node in root.walk() for child in _parallel(node)}
    parts = [
        _part(node, depth, root.start_ns, windows.get(id(node), []), parallel=id(node) in beside)
        for depth, node in _in_order(root)
    ]
    return Request(parts)


def _windows(root: Node) -> dict[int, list[Window]]:
    """When each node was on the path itself, by the node's `id`."""
    found = {}
    waiting = [(root, root.start_ns, root.end_ns)]
    while waiting:
        node, start, end = waiting.pop()
        awaited = _awaited(node, start, end)
        own, at = [], start
        for _, begin, until in reversed(awaited):
            own.append((at, begin))
            at = until
        found[id(node)] = [(low, high) for low, high in [*own, (at, end)] if high > low]
        waiting += awaited
    return found


def _awaited(node: Node, start_ns: int, end_ns: int) -> list[tuple[Node, int, int]]:
    """The calls that a node waited for within a time, and when; the last one first."""
    found, until = [], end_ns
    for child in sorted(node.children, key=lambda each: each.end_ns, reverse=True):
        if child.end_ns > until + _slack(child) and not node.crosses:
            continue  # it ran beside a call that ended later, or outlived its caller
        begin, end = max(start_ns, child.start_ns), min(child.end_ns, until)
        if begin < end:
            found.append((child, begin, end))
            until = begin
    return found


def _part(node: Node, depth: int, zero: int, windows: list[Window], *, parallel: bool) -> Part:
    span, own = node.span, sum(end - start for start, end in windows)
    cpu = 0 if node.crosses else min(own, max(0, span.cpu_ns))
    rest = own - cpu
    told = bool(node.children)
    return Part(
        span=span,
        depth=depth,
        start_ns=node.start_ns - zero,
        windows=tuple((start - zero, end - zero) for start, end in windows),
        own_ns=own,
        cpu_ns=cpu,
        wait_ns=0 if node.crosses else rest,
        crossing_ns=rest if node.crosses and told else 0,
        unseen_ns=rest if node.crosses and not told else 0,
        parallel=parallel,
    )


def _parallel(node: Node) -> Iterator[Node]:
    """The calls of a node that ran while another one of its calls did."""
    last: Node | None = None
    for child in node.children:  # by their beginning
        if last is not None and min(last.end_ns, child.end_ns) - child.start_ns > _slack(child):
            yield from (last, child)
        if last is None or child.end_ns > last.end_ns:
            last = child


def _slack(node: Node) -> int:
    return max(_SLACK_NS, (node.end_ns - node.start_ns) // _SLACK_SHARE)


def _in_order(root: Node) -> Iterator[tuple[int, Node]]:
    waiting = [(0, root)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(node.children)]
