"""What failed between processes is replayed in one, with the user's own traceback."""

from __future__ import annotations

import json
from pathlib import Path

from harness import command
from typer.testing import CliRunner, Result

from amoeba.cli import app


def listed(folder: Path, *args: str) -> Result:
    """`amoeba replay` in this process: it imports nothing of the application."""
    return CliRunner().invoke(app, ["replay", "-c", str(folder / "amoeba.toml"), *args])


def test_what_is_recorded_is_listed(till):
    done = listed(till.folder)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.split()[:5] == ["trace", "when", "request", "status", "replayable"]
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[1:]}
    failed = lines[till.traces["failed"][:12]]
    assert "POST /buy" in failed
    assert "500  yes, redacted: header:authorization, $.customer" in failed
    found = json.loads(listed(till.folder, "--json").stdout)
    assert {each["trace_id"] for each in found} >= set(till.traces.values())
    whys = {each["trace_id"]: each["why_not"] for each in found}
    assert "left out" in whys[till.traces["large"]]
    assert whys[till.traces["failed"]] == ""


def test_the_trace_that_failed_is_found_and_its_exception_is_raised_here(till):
    traces = json.loads(command("trace", "--json", cwd=till.folder).stdout)
    (failed,) = [each for each in traces if each["route"] == "POST /buy" and each["error"]]
    assert failed["processes"] == 2
    code, out, err = till.replay("failed", "--yes")
    assert failed["trace_id"] == till.traces["failed"]
    assert code == 1
    shown = err[err.index("Traceback") :]
    assert "prices_here.py" in shown
    assert 'raise OutOfStock(f"{count} {item}")' in shown
    assert "till.prices_here.OutOfStock: 9 tea" in shown
    files = [line.split('"')[1] for line in shown.splitlines() if line.startswith("  File")]
    assert [each.rpartition("/")[2] for each in files] == ["web.py", "prices_here.py"]
    assert "status: recorded 500, replayed 500: the same" in out
    assert "body: the same" in out


def test_the_answer_is_compared_with_the_recorded_one(till):
    code, out, err = till.replay("bought", "--yes", "--set", "$.customer=c-1", "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["recorded_status"], found["replayed_status"]) == (200, 200)
    assert found["comparison"]["difference"].startswith("$.pid: recorded ")
    assert found["comparison"]["differences"] == 1  # the customer was redacted: any one is right
    assert json.loads(found["body"])["customer"] == "c-1"
    assert "$.customer is sent as" not in err


def test_what_your_code_raised_and_caught_is_shown_when_the_answer_is_a_failure(till):
    code, out, err = till.replay("weighed")
    assert code == 1
    assert "ValueError: invalid literal for int() with base 10: 'heavy'" in err
    assert "prices_here.py" in err
    assert "the answer was 503; this is what your code raised last before it" in err
    assert "query:token is sent as '[redacted]'; its value: --set 'query:token=VALUE'" in err
    assert "status: recorded 503, replayed 503: the same" in out


def test_a_value_can_be_given_for_what_was_redacted(till):
    _, out, err = till.replay("weighed", "--set", "header:authorization=let me fail")
    assert "PermissionError: not you" in err
    assert "status: recorded 503, replayed 500: not the same" in out


def test_strict_shows_where_it_was_raised_and_not_where_it_arrived(till):
    _, _, err = till.replay("failed", "--yes", "--strict")
    assert 'raise OutOfStock(f"{count} {item}")' in err


def test_what_was_left_out_cannot_be_replayed(till):
    done = listed(till.folder, till.traces["upload"], "--yes")
    assert done.exit_code == 1
    assert "cannot be replayed: its body was left out: it is neither JSON nor a form" in done.stderr


def test_a_stream_without_an_end_is_replayed_as_far_as_it_is_recorded(till):
    code, out, _ = till.replay("stream")
    assert code in (0, 1)
    assert "status: recorded 200, replayed 200: the same" in out


def test_deadlines_do_not_pass_in_a_debugger(till):
    assert "status: recorded 504, replayed 504: the same" in till.replay("late")[1]
    assert "status: recorded 504, replayed 200: not" in till.replay("late", "--debugger")[1]


def test_without_a_terminal_what_may_write_needs_a_yes(till):
    before = (till.folder / "notes.txt").read_text()
    code, out, err = till.replay("noted")
    assert (code, out) == (2, "")
    assert "prices uses file://" in err
    assert "another one: AMOEBA_PRICES__NOTES=…" in err
    assert "POST may write, and nobody can be asked\n  hint: add --yes to replay it" in err
    assert (till.folder / "notes.txt").read_text() == before


def test_it_writes_where_the_environment_says(till, tmp_path):
    other = tmp_path / "other.txt"
    before = (till.folder / "notes.txt").read_text()
    code, out, err = till.replay("noted", "--yes", AMOEBA_PRICES__NOTES=f"file://{other}")
    assert code == 0, err
    assert "body: the same" in out
    assert other.read_text() == '"hello"\n'
    assert (till.folder / "notes.txt").read_text() == before


def test_a_trace_that_is_not_recorded_has_a_hint(till, tmp_path):
    done = listed(till.folder, "abcdef")
    assert done.exit_code == 1
    assert "no recorded request has a trace that begins with 'abcdef'" in done.stderr
    (tmp_path / "amoeba.toml").write_text('[app]\ngateway = "till.web:api"\n')
    done = listed(tmp_path)
    assert (done.exit_code, done.stdout) == (0, "no request is recorded yet\n")
    hint = 'hint: name the routes to record: [evidence.payloads] routes = ["POST /path"]'
    assert hint in done.stderr


def test_check_warns_of_a_route_that_the_gateway_does_not_have(till, tmp_path):
    text = (till.folder / "amoeba.toml").read_text()
    (tmp_path / "amoeba.toml").write_text(text.replace('"POST /buy"', '"POST /by"'))
    done = command("check", cwd=tmp_path)
    assert done.returncode == 0
    assert "the gateway has no route 'POST /by': nothing is recorded of it" in done.stderr
    assert "did you mean 'POST /buy'?" in done.stderr
    assert "1 warnings" in done.stderr
