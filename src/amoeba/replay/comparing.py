"""Compares the recorded answer with the replayed one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.evidence.payloads import MARK
from amoeba.evidence.redaction import step_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.replay.outcomes import Answer

_SHOWN = 60
_NOTHING = object()


class Comparison(msgspec.Struct):
    """How two answers differ: `difference` is the first one in their bodies, if there is any.

    `differences` is how many places differ, of JSON bodies. `known`: the recorded body, or the
    beginning of it, was there to compare with.
    """

    same_status: bool
    known: bool
    difference: str = ""
    differences: int = 0

    @property
    def same(self) -> bool:
        """Nothing is known to differ."""
        return self.same_status and not self.difference


def compare(before: Answer, now: Answer, *, known: bool) -> Comparison:
    """Compare them; where the recorded value was redacted, any value is right."""
    found = Comparison(before.status == now.status, known)
    if not known:
        return found
    old, new = before.decoded, now.decoded
    try:
        differing = list(_differences(json.loads(old), json.loads(new), "$"))
    except (ValueError, RecursionError):
        found.difference = _of_bytes(old, new, whole=before.whole)
        found.differences = int(bool(found.difference))
        return found
    found.differences = len(differing)
    found.difference = differing[0] if differing else ""
    return found


def _differences(old: Any, new: Any, at: str) -> Iterator[str]:
    if old == MARK:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(each for each in new if each not in old)]:
            here = f"{at}{step_text(name)}"
            yield from _differences(old.get(name, _NOTHING), new.get(name, _NOTHING), here)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _differences(_item(old, index), _item(new, index), f"{at}[{index}]")
    elif type(old) is not type(new) or old != new:
        yield f"{at}: recorded {_shown(old)}, replayed {_shown(new)}"


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else _NOTHING


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _of_bytes(old: bytes, new: bytes, *, whole: bool) -> str:
    """The first byte that differs; of a body of which only the beginning is known, within that."""
    compared = new if whole else new[: len(old)]
    if old == compared:
        return ""
    at = next(
        (index for index, (a, b) in enumerate(zip(old, compared, strict=False)) if a != b),
        min(len(old), len(compared)),
    )
    return f"byte {at}: recorded {_from(old, at)}, replayed {_from(new, at)}"


def _from(body: bytes, at: int) -> str:
    return repr(body[at : at + _SHOWN // 3]) if at < len(body) else "the end"
