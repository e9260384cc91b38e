"""Records as the bytes of a row, and back.

A row's `data` is a msgpack array of the record's fields, in the order below, deflated (raw, as in
zip files). A histogram is two arrays, buckets ascending, each as its distance from the one before:

    {200: 3, 205: 1, 231: 7}  →  [[200, 5, 26], [3, 1, 7]]        a byte per bucket, deflated

Fields are only ever added at the end, with a default, which reads rows of an earlier version.
"""

from __future__ import annotations

import zlib
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING, TypeVar

import msgspec

from amoeba.evidence.records import EdgeTotals, ProcessTotals, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = TypeVar("P")

_Histogram = tuple[list[int], list[int]]
_FASTEST, _RAW = 1, -15


class Unreadable(ValueError):  # noqa: N818 - says what is the case
    """Bytes that are not a record."""


class _PackedSamples(msgspec.Struct, array_like=True):
    calls: int
    argument_bytes: int
    answer_bytes: int
    encode_ns: int
    decode_ns: int
    cpu_ns: int
    wait_ns: int
    by_size: dict[int, tuple[int, int]]


class _PackedEdge(msgspec.Struct, array_like=True):
    in_flight: int
    errors: dict[str, int]
    latency: _Histogram
    queued: _Histogram
    samples: _PackedSamples | None


class _PackedProcess(msgspec.Struct, array_like=True):
    cpu_ns: int
    start_ns: int
    gc_pauses: int
    gc_pause_ns: int
    rss_bytes: int
    rss_at_start_bytes: int
    descriptors: int
    gpu_bytes: int | None
    gpu_busy: float | None
    loop_lag: _Histogram
    blocked_by: dict[str, int]
    cpu_by_module: dict[str, int]


_encode = msgspec.msgpack.Encoder().encode
_decode_edge = msgspec.msgpack.Decoder(_PackedEdge).decode
_decode_process = msgspec.msgpack.Decoder(_PackedProcess).decode
_NO_SAMPLES = Samples()


def pack_edge(totals: EdgeTotals) -> bytes:
    """All of an edge's record but its name and its calls, which have columns of their own."""
    samples = totals.samples
    return _pack(
        _PackedEdge(
            totals.in_flight,
            totals.errors,
            _columns(totals.latency),
            _columns(totals.queued),
            None if samples == _NO_SAMPLES else _PackedSamples(*msgspec.structs.astuple(samples)),
        )
    )


def unpack_edge(caller: str, module: str, method: str, calls: int, data: bytes) -> EdgeTotals:
    """Undo `pack_edge`. Raises Unreadable."""
    packed = _unpack(data, _decode_edge)
    samples = packed.samples
    return EdgeTotals(
        caller,
        module,
        method,
        calls,
        packed.errors,
        packed.in_flight,
        _counts(packed.latency),
        _counts(packed.queued),
        Samples() if samples is None else Samples(*msgspec.structs.astuple(samples)),
    )


def pack_process(totals: ProcessTotals) -> bytes:
    """A process's record."""
    fields = msgspec.structs.asdict(totals)
    return _pack(_PackedProcess(**fields | {"loop_lag": _columns(totals.loop_lag)}))


def unpack_process(data: bytes) -> ProcessTotals:
    """Undo `pack_process`. Raises Unreadable."""
    packed = _unpack(data, _decode_process)
    fields = msgspec.structs.asdict(packed)
    return ProcessTotals(**fields | {"loop_lag": _counts(packed.loop_lag)})


def _pack(packed: _PackedEdge | _PackedProcess) -> bytes:
    return zlib.compress(_encode(packed), _FASTEST, _RAW)


def _unpack(data: bytes, decode: Callable[[bytes], P]) -> P:
    try:
        return decode(zlib.decompress(data, _RAW))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from None


def _columns(counts: Mapping[int, int]) -> _Histogram:
    buckets = sorted(counts)
    distances = map(sub, buckets, (0, *buckets))
    return list(distances), list(map(counts.__getitem__, buckets))


def _counts(histogram: _Histogram) -> dict[int, int]:
    distances, counts = histogram
    return dict(zip(accumulate(distances), counts, strict=False))
