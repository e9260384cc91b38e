"""The spans of a trace as trees, on one clock.

Spans of one process share a clock. A callee in another process has its own: where its span does not
lie within its caller's, it is moved there, into the middle, as if the way there took as long as the
way back; what it called moves with it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amoeba.evidence.records import Span


class Node:
    """A span, and those that it made, by their beginning.

    `start_ns` and `end_ns` are on the clock of the tree's first span.
    """

    __slots__ = ("children", "end_ns", "span", "start_ns")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.start_ns = span.start_ns
        self.end_ns = span.start_ns + max(0, span.duration_ns)
        self.children: list[Node] = []

    @property
    def crosses(self) -> bool:
        """Whether this is the caller's side of a call to another process."""
        return self.span.side == "client"

    def walk(self) -> Iterator[Node]:
        """The node and all below it, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)


def trees_of(spans: Iterable[Span]) -> list[Node]:
    """A tree for each span whose maker is not here, by their beginning.

    A span that is told of twice counts once; spans that made each other in a circle are left out.
    """
    nodes = {span.span_id: Node(span) for span in spans}
    roots = []
    children: defaultdict[str, list[Node]] = defaultdict(list)
    for node in sorted(nodes.values(), key=lambda each: (each.start_ns, each.span.span_id)):
        parent = node.span.parent_id
        if parent in nodes:
            children[parent].append(node)
        else:
            roots.append(node)
    for root in roots:
        for node in root.walk():
            node.children = children[node.span.span_id]
            for child in node.children:
                _align(node, child, node.start_ns - node.span.start_ns)
    return roots


def _align(parent: Node, child: Node, shift_ns: int) -> None:
    """Put a child on its parent's clock, which is `shift_ns` later than the parent's own."""
    start, length = child.start_ns + shift_ns, child.end_ns - child.start_ns
    room = parent.end_ns - parent.start_ns - length
    if parent.crosses and not 0 <= start - parent.start_ns <= room:
        start = parent.start_ns + max(0, room) // 2
    child.start_ns, child.end_ns = start, start + length
