from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from amoeba.errors import ConfigurationError
from amoeba.load import Overrides, read_scenario
from amoeba.load.data import read_rows
from amoeba.load.recorded import read_recorded
from amoeba.load.scenario import Arrivals, Limit, Stage, Target

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "broken" / "data"
FULL = """
[target]
url = "http://localhost:9000/"
timeout = 2
max_in_flight = 50

[arrivals]
kind = "constant"
rate = 5
warm_up = 3
seed = 9
ramp = [{ to = 50, over = 10 }, { to = 50, over = 20 }]

[requests.open]
weight = 2.5
method = "PUT"
path = "/tickets/{@number}"
headers = { accept = "text/plain" }
json = [{ text = "{text}" }, 3]
data = "rows.csv"
order = "random"
expect = [201, 409]
slo = { p95_ms = 100 }

[requests.list]
path = "/tickets"

[slo]
p999_ms = 900
error_rate = 0
"""


@pytest.fixture
def full(tmp_path):
    (tmp_path / "rows.csv").write_text('text,n\n"a, ""b""",1\n"two\nlines",2\n')
    path = tmp_path / "load.toml"
    path.write_text(FULL)
    return path


def test_everything_that_a_scenario_may_say(full):
    found = read_scenario(full)
    assert found.target == Target("http://localhost:9000", 2, 50)
    ramp = (Stage(50, 10), Stage(50, 20))
    assert found.arrivals == Arrivals("constant", 5, 30, 3, 9, ramp)
    opened, listed = found.requests
    assert (opened.template.method, opened.weight) == ("PUT", 2.5)
    assert opened.template.json == [{"text": "{text}"}, 3]
    assert opened.data.rows == ({"text": 'a, "b"', "n": "1"}, {"text": "two\nlines", "n": "2"})
    assert [opened.accepts(status) for status in (200, 201, 409)] == [False, True, True]
    assert [listed.accepts(status) for status in (199, 200, 299, 302)] == [False, True, True, False]
    assert listed.template.method == "GET"
    assert set(found.slo) == {
        Limit("p999_ms", 900), Limit("error_rate", 0), Limit("p95_ms", 100, "open")
    }  # fmt: skip
    assert found.text == FULL


def test_the_command_line_goes_first(full):
    found = read_scenario(full, Overrides("https://else:1/", 7, 4, 2, 3))
    assert found.target == Target("https://else:1", 2, 3)
    assert found.arrivals == Arrivals("constant", 7, 4, 3, 2)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (Overrides(url="localhost"), "--url: 'localhost' is no address"),
        (Overrides(rate_per_s=1e6, duration_s=1e4), "arrivals are too many"),
    ],
)
def test_what_it_says_is_checked(full, overrides, text):
    with pytest.raises(ConfigurationError, match=text):
        read_scenario(full, overrides)


def test_a_recording_has_a_speed_or_a_rate(tmp_path):
    lines = "\n".join(f"2023-11-16 18:15:0{i}.0000000,{i}" for i in range(9))
    (tmp_path / "times.csv").write_text(f"TIMESTAMP,n\n{lines}\n")
    text = '[requests.a]\npath = "/"\n\n[arrivals]\nkind = "recorded"\nfile = "times.csv"\n'
    path = tmp_path / "load.toml"
    for more, rate, duration in (("", 1, 8), ("speed = 4", 4, 2), ("rate = 2", 2, 4)):
        path.write_text(f'{text}column = "TIMESTAMP"\n{more}\n')
        found = read_scenario(path).arrivals
        assert (found.rate_per_s, found.duration_s) == (rate, duration)
        assert found.recorded_s == tuple(range(9))


def test_times_may_be_numbers_and_out_of_order(tmp_path):
    path = tmp_path / "times.jsonl"
    path.write_text('{"t": 12.5}\n{"t": "10"}\n{"t": 11}\n')
    assert read_recorded(path, "t") == ((0.0, 1.0, 2.5), [])


def test_columns_may_be_named_where_the_file_does_not(tmp_path):
    (tmp_path / "rows.csv").write_text("a,1\n\nb,2\n")
    rows, names, problems = read_rows(tmp_path / "rows.csv", ("text", "n"))
    assert (names, problems) == (("text", "n"), [])
    assert rows == [{"text": "a", "n": "1"}, {"text": "b", "n": "2"}]


def test_a_line_of_json_may_hold_any_separator(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "a\u2028b\x0c"}\n'.replace("\x0c", "\\f"))
    rows, _, problems = read_rows(tmp_path / "rows.jsonl")
    assert (rows, problems) == ([{"text": "a\u2028b\x0c"}], [])


def test_every_key_is_documented():
    page = (ROOT / "docs" / "reference" / "scenario.md").read_text()
    documented = tomllib.loads(FULL)
    keys = {key for table in documented.values() for key in table} - {"open", "list"}
    keys |= set(documented["requests"]["open"])
    keys |= {"file", "column", "speed", "columns", "form", "body", "step", "steps", "precision"}
    keys |= {"highest", "p50_ms", "p90_ms", "p99_ms", "@number", "@uuid", "to", "over"}
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("name", ["load.toml"])
def test_the_example_is_a_scenario(name):
    found = read_scenario(ROOT / "examples" / "support_desk" / name)
    assert found.slo
    assert len(found.requests) > 1
