from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from amoeba.advisor.history.codeowners import compile_pattern, read_codeowners

PATHS = [
    "/".join(names) for a in "ab" for b in ["a", "b", "ab"] for names in ([a], [a, b], [a, b, a])
] + ["b/a/b/ab", "a/ab/a/b", "ab", "ab/ab", "aab", "b/aab"]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*", ["a.py", "docs/a.py"], []),
        ("*.py", ["a.py", "docs/deep/a.py"], ["a.pyc", "a.py.txt"]),
        ("docs/", ["docs/a", "app/docs/deep/a"], ["docs", "app/mydocs/a"]),
        ("/docs/", ["docs/a", "docs/deep/a"], ["app/docs/a"]),
        ("docs/*", ["docs/a.md"], ["docs/deep/a.md", "app/docs/a.md"]),
        ("/docs/*", ["docs/a.md"], ["docs/deep/a.md"]),
        ("docs/**", ["docs/a", "docs/deep/a"], ["app/docs/a"]),
        ("**/logs", ["logs", "logs/a", "app/deep/logs/a"], ["mylogs"]),
        ("app/**/a.py", ["app/a.py", "app/x/a.py", "app/x/y/a.py"], ["a.py"]),
        ("app/orders", ["app/orders", "app/orders/a.py"], ["app/orders2", "x/app/orders/a.py"]),
        ("orders", ["orders/a.py", "app/orders/a.py"], ["app/orders.py"]),
        ("/a?c.py", ["abc.py"], ["ac.py", "a/c.py"]),
        ("a.c", ["a.c"], ["abc"]),
        ("a\\*.py", ["a*.py"], ["ab.py"]),
        ("a\\ b.py", ["a b.py"], ["a", "b.py"]),
        ("/a*/x.py", ["a/x.py", "ab/x.py"], ["a/b/x.py"]),
    ],
)
def test_patterns_match_as_on_github(pattern, matching, other):
    owned = read_codeowners(f"{pattern} @team")
    assert [path for path in matching + other if owned.owners(path)] == matching


def test_the_last_line_that_matches_decides():
    owned = read_codeowners("* @top\n/app/ @acme/shop eve@example.org\n/app/free/\n")
    assert owned.owners("README") == ("@top",)
    assert owned.owners("app/a.py") == ("@acme/shop", "eve@example.org")
    assert owned.owners("app/free/a.py") == ()


def test_comments_and_empty_lines_do_not_count():
    owned = read_codeowners("# all\n\n  \n*.py @py # for now @nobody\r\n")
    assert owned.owners("a.py") == ("@py",)
    assert owned.skipped == ()


def test_what_github_does_not_read_is_skipped_and_told():
    owned = read_codeowners("* @top\n!a.py @x\n[a].py @x\n\\#a @x\na.py nobody\n[Section] @x\n")
    assert owned.skipped == (2, 3, 4, 5, 6)
    assert owned.owners("a.py") == ("@top",)


@pytest.fixture(scope="module")
def ignoring(tmp_path_factory):
    """What git ignores for a pattern: the rules that CODEOWNERS patterns follow."""
    folder = tmp_path_factory.mktemp("ignoring")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)

    def ignored(pattern):
        (folder / ".gitignore").write_text(f"{pattern}\n")
        command = ["git", "-C", str(folder), "check-ignore", "--no-index", "--stdin"]
        text = "\n".join(PATHS)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        return done.stdout.split()

    return ignored


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(["a", "b", "ab", "a*", "*b", "?", "*", "**"]), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_patterns_match_what_git_would_ignore(ignoring, names, top, folder):
    assume(names[-1] != "*" or folder or (len(names) == 1 and not top))
    pattern = "/" * top + "/".join(names) + "/" * folder
    matching = [path for path in PATHS if compile_pattern(pattern).fullmatch(path)]
    assert sorted(matching) == sorted(ignoring(pattern)), pattern
