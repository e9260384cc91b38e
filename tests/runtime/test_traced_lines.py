"""Under `amoeba run`, every line that a traced request causes names its trace, in every process."""

from __future__ import annotations

import re
from pathlib import Path

from harness import Run, fetch, wait_for

SHOP = Path(__file__).parent / "otel_app"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_lines_of_all_processes_end_with_the_trace(tmp_path: Path):
    text = (SHOP / "amoeba.toml").read_text()
    (tmp_path / "amoeba.toml").write_text(text.replace("[app]", f'[app]\npaths = ["{SHOP}"]'))
    with Run(tmp_path, "--topology", "apart").ready() as run:
        fetch(f"{run.url}/headers", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"})
        wait_for(lambda: "GET /headers" in run.out, "the line of the request")
        run.wait_for_line(rf"\[stocks.0\] asked for headers trace={TRACE}\n")
        run.wait_for_line(rf"\[main.0\] asks for headers trace={TRACE}\n")
        assert re.search(rf'"GET /headers HTTP/1.1" 200 OK trace={TRACE}\n', run.out)
        assert not re.search(r"startup complete.*trace", run.err)
