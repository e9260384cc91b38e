"""Where traces go: the key, or a standard variable, which goes before it."""

from __future__ import annotations

import pytest

from amoeba.app.otlp import Target, find_target
from amoeba.errors import ConfigurationError

ALL, TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


@pytest.mark.parametrize(
    ("key", "environment", "url"),
    [
        ("http://a:4318", {}, "http://a:4318/v1/traces"),
        ("http://a:4318/", {}, "http://a:4318/v1/traces"),
        ("https://a/otlp", {}, "https://a/otlp/v1/traces"),
        ("https://a/otlp/v1/traces", {}, "https://a/otlp/v1/traces"),
        ("http://[::1]:4318", {}, "http://[::1]:4318/v1/traces"),
        ("http://a:4318", {ALL: "http://b:4318"}, "http://b:4318/v1/traces"),
        ("", {ALL: "http://b:4318", TRACES: "http://c/here"}, "http://c/here"),
        ("", {ALL: "http://b", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
         "http://b/v1/traces"),
        ("http://a:4318", {ALL: " "}, "http://a:4318/v1/traces"),
    ],
)  # fmt: skip
def test_the_url_of_traces(key: str, environment: dict[str, str], url: str):
    found = find_target(key, environment)
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    "environment", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}]
)
def test_opentelemetrys_own_switches_turn_it_off(environment: dict[str, str]):
    assert find_target("http://a:4318", environment) is None


def test_nothing_is_asked_for_by_default():
    assert find_target("", {}) is None


def test_the_source_is_what_named_it():
    assert find_target("http://a", {}) == Target("http://a/v1/traces", "evidence.otlp")
    assert find_target("http://a", {TRACES: "http://b/"}) == Target("http://b/", TRACES)


@pytest.mark.parametrize(
    "environment",
    [
        {ALL: "collector"},
        {TRACES: "ftp://collector"},
        {ALL: "http://"},
        {ALL: "http://a b"},
        {ALL: "http://a", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
    ],
)
def test_a_variable_that_cannot_be_used_is_named(environment: dict[str, str]):
    with pytest.raises(ConfigurationError) as caught:
        find_target("http://good", environment)
    (problem,) = caught.value.problems
    assert problem.where in (ALL, TRACES)
