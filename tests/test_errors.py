"""The whole text of every error, as a user reads it."""

import pytest

from amoeba.errors import (
    AmoebaError,
    ConfigurationError,
    ContractError,
    DeadlineExceeded,
    Overloaded,
    Problem,
    RemoteError,
    RemoteTraceback,
    Unavailable,
    WireError,
    did_you_mean,
    render,
    render_problems,
)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("no such module"), "no such module"),
        (Problem("no such module", "modules.tea"), "modules.tea: no such module"),
        (
            Problem("no such module", "modules.tea", file="amoeba.toml", line=7),
            "amoeba.toml:7: modules.tea: no such module",
        ),
        (Problem("cannot be read", file="amoeba.toml"), "amoeba.toml: cannot be read"),
        (
            Problem("returns str", "shop.find", expected="int", hint="mend it"),
            "shop.find: returns str\n  expected: int\n  hint: mend it",
        ),
        (Problem("is missing", hint="add it"), "is missing\n  hint: add it"),
    ],
)
def test_a_problem_says_where_what_and_what_to_do(problem: Problem, text: str) -> None:
    assert render(problem) == text


def test_a_problem_found_in_a_file_keeps_all_else() -> None:
    problem = Problem("wrong", "app.name", "a text", "quote it")

    assert problem.at("amoeba.toml", 3) == Problem(
        "wrong", "app.name", "a text", "quote it", "amoeba.toml", 3
    )
    assert problem.line == 0


def test_problems_are_shown_in_the_order_of_the_file_with_their_count() -> None:
    problems = [
        Problem("third", file="amoeba.toml", line=12),
        Problem("second", file="amoeba.toml", line=9, hint="look"),
        Problem("first"),
        Problem("fourth", file="other.toml", line=1),
    ]

    assert render_problems(problems) == (
        "first\n"
        "amoeba.toml:9: second\n"
        "  hint: look\n"
        "amoeba.toml:12: third\n"
        "other.toml:1: fourth\n"
        "4 problems"
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigurationError([Problem("wrong", "app")]), "app: wrong"),
        (ConfigurationError(iter([Problem("a"), Problem("b")])), "a\nb\n2 problems"),
        (ContractError("shop.find", "Expected `int`"), "shop.find: Expected `int`"),
        (
            ContractError("shop.find", "cannot cross", "pass a list"),
            "shop.find: cannot cross\n  hint: pass a list",
        ),
        (Unavailable("shop", "starting"), "module 'shop' is unavailable: starting"),
        (Overloaded("shop", "64 in flight"), "module 'shop' is overloaded: 64 in flight"),
        (DeadlineExceeded(), "the deadline passed"),
        (DeadlineExceeded("shop.find took too long"), "shop.find took too long"),
        (RemoteError("shop.private:Odd", "too odd"), "Odd: too odd"),
        (RemoteError("shop.private:Outer.Odd", ""), "Outer.Odd"),
        (RemoteError("Odd", "x", "Traceback: secret"), "Odd: x"),
        (WireError("version 9 is not spoken here"), "version 9 is not spoken here"),
        (RemoteTraceback("Traceback:\n  line\n"), '\n"""\nTraceback:\n  line\n"""'),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_text_of_each_error(error: Exception, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    ("error", "caught_as"),
    [
        (ConfigurationError([]), AmoebaError),
        (ContractError("a", "b"), TypeError),
        (Overloaded("a", "b"), Unavailable),
        (DeadlineExceeded(), TimeoutError),
        (RemoteError("a:B", "c"), AmoebaError),
        (WireError("a"), AmoebaError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_each_error_can_be_caught_as_what_it_is(
    error: Exception, caught_as: type[Exception]
) -> None:
    assert isinstance(error, caught_as)


def test_an_error_holds_its_data_and_is_made_again_from_its_arguments() -> None:
    error = Unavailable("shop", "starting", 2.5)
    again = type(error)(*error.args)

    assert (again.module, again.reason, again.retry_after_s) == ("shop", "starting", 2.5)
    assert Unavailable("shop", "starting").retry_after_s == 1.0
    assert Unavailable("shop", "starting").broke_off is False
    assert ConfigurationError(iter([Problem("a")])).problems == (Problem("a"),)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("clasifier", ["classifier", "tickets"], "did you mean 'classifier'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], ""),
        ("zzz", [f"name{number:02}" for number in range(13)], ""),
        ("zzz", {"only"}, "known: only"),
    ],
)
def test_a_wrong_name_gets_the_nearest_or_all_of_a_few(
    name: str, known: list[str], hint: str
) -> None:
    assert did_you_mean(name, known) == hint
