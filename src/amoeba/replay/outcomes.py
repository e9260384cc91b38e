"""What came of a replay."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Self

import msgspec

from amoeba.evidence.payloads import WHOLE
from amoeba.evidence.redaction import header_of

if TYPE_CHECKING:
    from amoeba.evidence.payloads import Payload


class Answer(msgspec.Struct):
    """An answer, as far as it is known. `whole`: there is no more of it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    whole: bool = True

    @classmethod
    def of(cls, payload: Payload) -> Self:
        """The one that was recorded."""
        whole = payload.answer.state == WHOLE
        return cls(payload.status, payload.answer_headers, payload.answer.data, whole)

    @property
    def decoded(self) -> bytes:
        """The body, decompressed where it is compressed in a way known here."""
        try:
            match header_of(self.headers, b"content-encoding"):
                case b"gzip":
                    return gzip.decompress(self.body)
                case b"deflate":
                    return zlib.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            pass
        return self.body


class Outcome(msgspec.Struct):
    """What a replayed request was answered, and what was raised in the application meanwhile.

    `error` is what left the application. `raised` is what to look at of an answer that is a
    failure: that, or what the application's own code raised last and caught.
    `left`: the user left the debugger before the end.
    """

    answer: Answer
    error: BaseException | None = None
    raised: BaseException | None = None
    left: bool = False
