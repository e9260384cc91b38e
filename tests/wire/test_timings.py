"""An answer tells who was called for it, when the call asks; hostile ones cannot grow it."""

from __future__ import annotations

import pytest

from amoeba.wire.frames import MOST_TIMINGS, NO_METADATA, Metadata, Timing, answer_metadata


@pytest.mark.parametrize("call", [NO_METADATA, Metadata(5, "trace"), Metadata(timings=[])])
def test_there_is_nothing_to_tell_of_nobody(call):
    assert answer_metadata(call) is None


def test_what_is_told_has_a_bound():
    many = [Timing("module", f"replica.{number}", 1) for number in range(1000)]
    told = answer_metadata(Metadata(timings=many))
    assert told is not None
    assert told.timings == many[:MOST_TIMINGS]
