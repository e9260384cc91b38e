"""Arrays and large bytes travel beside the message, and arrive read-only."""

import gc
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import pydantic
import pytest
from numpy.typing import NDArray

from amoeba.contract.buffers import BESIDE_BYTES, INLINE_ARRAY_BYTES
from amoeba.contract.codec import Packer
from amoeba.errors import ContractError


@dataclass
class Image:
    name: str
    pixels: NDArray[np.uint8]
    mask: np.ndarray | None = None


class Scan(pydantic.BaseModel, arbitrary_types_allowed=True):
    values: np.ndarray


def crossed(tp: Any, value: Any) -> Any:
    """`value` as it arrives; both ends are compiled apart, as in two processes."""
    message = Packer([tp], "module.method", ["value"]).encode((value,))
    assert all(isinstance(each, bytes | bytearray | memoryview) for each in message.buffers)
    beside = [bytes(each) for each in message.buffers]
    return Packer([tp], "module.method", ["value"]).decode(message._replace(buffers=beside))[0]


DTYPES = ["?", "i1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
DTYPES += [">i4", ">f8", "<U5", ">U5", "S3", "M8[ns]", "m8[s]", "M8[D]"]
SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (7,), (0, 3), (2, 0, 3), (40, 50), (2, 3, 4, 5)]


def array_of(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    count = int(np.prod(shape))
    return (np.arange(count) % 97).astype(np.int64).astype(dtype).reshape(shape)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_array_arrives_the_same_and_read_only(
    dtype: str, shape: tuple[int, ...], order: Any
) -> None:
    array = np.asarray(array_of(dtype, shape), order=order)

    arrived = crossed(np.ndarray, array)

    assert (arrived.dtype, arrived.shape) == (array.dtype, shape)
    assert np.array_equal(arrived, array)
    assert not arrived.flags.writeable
    assert arrived.flags.f_contiguous == array.flags.f_contiguous


VIEWS = {
    "strided": lambda a: a[::2, ::3],
    "reversed": lambda a: a[::-1],
    "transposed": lambda a: a.T,
    "broadcast": lambda a: np.broadcast_to(a[0], (5, *a[0].shape)),
    "column": lambda a: a[:, 1],
    "fortran column": lambda a: np.asfortranarray(a)[:, 1:3],
    "read-only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("shape", [(6, 6), (60, 60)], ids=["inline", "beside"])
def test_a_view_arrives_with_the_values_it_shows(view: str, shape: tuple[int, int]) -> None:
    array = VIEWS[view](np.arange(shape[0] * shape[1], dtype="f8").reshape(shape))

    assert np.array_equal(crossed(np.ndarray, array), array)


def test_special_numbers_arrive_bit_by_bit() -> None:
    array = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324])

    assert crossed(np.ndarray, array).tobytes() == array.tobytes()


@pytest.mark.parametrize(("extra", "beside"), [(0, 0), (1, 1)])
def test_a_small_array_travels_in_the_message_a_larger_one_beside_it(
    extra: int, beside: int
) -> None:
    array = np.zeros(INLINE_ARRAY_BYTES + extra, dtype=np.uint8)

    message = Packer([np.ndarray], "module.method").encode((array,))

    assert [len(each) for each in message.buffers] == [array.nbytes] * beside
    assert (len(message.payload) > array.nbytes) is not bool(beside)


def test_a_contiguous_array_is_neither_copied_when_sent_nor_when_received() -> None:
    array = np.zeros(100_000)
    packer = Packer([np.ndarray], "module.method")

    message = packer.encode((array,))
    (arrived,) = packer.decode(message)

    assert np.shares_memory(arrived, array)
    assert array.flags.writeable
    assert not arrived.flags.writeable


@pytest.mark.parametrize("size", [0, 1, BESIDE_BYTES - 1, BESIDE_BYTES, BESIDE_BYTES + 1])
@pytest.mark.parametrize(
    ("tp", "wrap"),
    [
        (bytes, lambda value: value),
        (bytes | None, lambda value: value),
        (Annotated[bytes, "note"], lambda value: value),
        (list[bytes], lambda value: [value, b"x", value]),
        (dict[str, bytes | None], lambda value: {"a": value, "b": None}),
    ],
    ids=["bytes", "optional", "annotated", "list", "dict"],
)
def test_bytes_arrive_the_same_whatever_their_size_and_place(tp: Any, wrap: Any, size: int) -> None:
    value = wrap((bytes(range(256)) * (size // 256 + 1))[:size])

    assert crossed(tp, value) == value


@pytest.mark.parametrize(("size", "beside"), [(BESIDE_BYTES - 1, 0), (BESIDE_BYTES, 1)])
def test_only_large_bytes_travel_beside_the_message(size: int, beside: int) -> None:
    value = bytes(size)

    message = Packer([bytes], "module.method").encode((value,))

    assert len(message.buffers) == beside
    assert (len(message.payload) > size) is not bool(beside)
    assert all(each is value for each in message.buffers)


def test_no_bytes_arrive_as_none() -> None:
    assert crossed(bytes | None, None) is None


@pytest.mark.parametrize("make", [bytearray, memoryview])
def test_other_forms_of_bytes_arrive_as_declared(make: Any) -> None:
    large = bytes(range(256)) * 300

    assert crossed(bytes, make(large)) == large
    assert crossed(bytes, make(b"small")) == b"small"


def test_arrays_and_bytes_keep_their_places_in_one_message() -> None:
    kinds = [np.ndarray, bytes, Image, list[np.ndarray], bytes]
    large, small = np.arange(5000), np.arange(5)
    image = Image("x", np.ones(4000, dtype=np.uint8), small)
    packer = Packer(kinds, "module.method")

    message = packer.encode((large, bytes(70_000), image, [small, large], b"end"))
    first, blob, second, arrays, end = packer.decode(message)

    assert len(message.buffers) == 4
    assert np.array_equal(first, large)
    assert blob == bytes(70_000)
    assert second.name == "x"
    assert np.array_equal(second.pixels, image.pixels)
    assert np.array_equal(second.mask, small)
    assert [each.tolist() for each in arrays] == [small.tolist(), large.tolist()]
    assert end == b"end"


@pytest.mark.parametrize("size", [3, 5000], ids=["inline", "beside"])
@pytest.mark.parametrize(
    ("tp", "wrap", "unwrap"),
    [
        (Annotated[np.ndarray, "note"], lambda a: a, lambda v: v),
        (Annotated[np.ndarray, msgspec.Meta(description="note")], lambda a: a, lambda v: v),
        (Any, lambda a: [a], lambda v: v[0]),
        (dict[str, list[np.ndarray]], lambda a: {"k": [a]}, lambda v: v["k"][0]),
        (tuple[int, np.ndarray | None], lambda a: (1, a), lambda v: v[1]),
        (Scan, lambda a: Scan(values=a), lambda v: v.values),
        (list[Scan], lambda a: [Scan(values=a)], lambda v: v[0].values),
    ],
    ids=["annotated", "described", "any", "nested", "optional", "pydantic", "pydantic in list"],
)
def test_arrays_cross_wherever_they_are_nested(tp: Any, wrap: Any, unwrap: Any, size: int) -> None:
    array = np.arange(size, dtype="f8")

    arrived = unwrap(crossed(tp, wrap(array)))

    assert np.array_equal(arrived, array)


def test_an_array_of_a_file_arrives_as_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(5))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")

    arrived = crossed(np.ndarray, mapped)

    assert type(arrived) is np.ndarray
    assert arrived.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()]),
        np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]),
        np.array(["a"], dtype=np.dtypes.StringDType()),
    ],
    ids=["objects", "records", "strings of any length"],
)
def test_an_array_without_a_plain_layout_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ContractError, match=r"an array of dtype .* cannot cross"):
        crossed(np.ndarray, array)


@pytest.mark.parametrize(
    ("tp", "value", "what"),
    [
        (NDArray[np.float32], np.zeros(2), "Expected an array of float32, got float64"),
        (NDArray[np.integer], np.zeros(2), "Expected an array of integer, got float64"),
        (np.ndarray, [1.0], "Expected an array, got `list`"),
        (np.ndarray, b"raw", "Expected an array, got `bytes`"),
    ],
    ids=str,
)
def test_what_is_not_the_declared_array_is_refused(tp: Any, value: Any, what: str) -> None:
    with pytest.raises(ContractError) as caught:
        crossed(tp, value)

    assert str(caught.value) == f"module.method: {what} - at `value`"


def test_an_array_of_a_narrower_dtype_is_accepted() -> None:
    assert crossed(NDArray[np.floating], np.zeros(2, "f4")).dtype == "f4"


@pytest.mark.parametrize("value", ["x" * BESIDE_BYTES, [1] * BESIDE_BYTES], ids=["str", "list"])
def test_a_large_value_that_is_not_bytes_never_becomes_a_buffer(value: Any) -> None:
    with pytest.raises(ContractError):
        crossed(bytes, value)


@pytest.mark.parametrize("tp", [int, bytes, np.ndarray])
def test_an_array_that_was_refused_is_not_kept(tp: Any) -> None:
    packer = Packer([list[tp]], "module.method")
    array = np.zeros(5000)
    gone = weakref.ref(array)

    with pytest.raises(ContractError):
        packer.encode(([array, object()],))
    del array
    gc.collect()

    assert gone() is None
