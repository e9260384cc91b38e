"""Recorded requests for tests."""

from __future__ import annotations

from typing import Any

from amoeba.evidence.payloads import Body, Payload

NOON_S = 1_750_000_000.0


def recorded(number: int = 0, body: bytes = b"", **more: Any) -> Payload:
    """Request `number`, made so many seconds after NOON_S; `more` are its other fields."""
    given = {
        "trace_id": f"{number:032x}",
        "start_ns": int((NOON_S + number) * 1e9),
        "route": "POST /x",
        "method": "POST",
        "scheme": "http",
        "http_version": "1.1",
        "path": "/x",
        "raw_path": b"/x",
        "root_path": "",
        "query": b"",
        "headers": [],
        "client": None,
        "server": None,
        "body": Body(body),
        "status": 200,
        "answer_headers": [],
        "answer": Body(),
    }
    return Payload(**given | more)
