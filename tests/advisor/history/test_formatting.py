from __future__ import annotations

import pytest

from amoeba.advisor.history.commits import FileChange
from amoeba.advisor.history.formatting import ignored_revisions, is_mass_formatting

MANY = [f"app/{module}/{n}.py" for module in ("orders", "models") for n in range(15)]
CODE = "".join(f"value_{n} = 'text'\n" for n in range(10))


def files(count, added, deleted):
    return [FileChange(f"{n}.py", added, deleted) for n in range(count)]


def test_mass_formatting_is_left_out(repo, read):
    repo.commit(dict.fromkeys(MANY, CODE))
    repo.commit(dict.fromkeys(MANY, CODE.replace("'", '"')))
    repo.touch("app/orders/1.py")
    history = read()
    assert len(history.changes) == 2
    assert history.left_out.formatting == 1


def test_commits_that_blame_ignores_are_left_out(repo, read):
    repo.touch("app/orders/a.py")
    ignored = repo.git("rev-parse", "HEAD")
    repo.touch("app/orders/a.py")
    repo.commit({".git-blame-ignore-revs": f"# quotes\n\n{ignored.upper()}  # all of them\n"})
    history = read()
    assert len(history.changes) == 1
    assert history.left_out.formatting == 1


@pytest.mark.parametrize(
    ("touched", "of", "mass"),
    [
        (files(20, 3, 3), 60, True),
        (files(19, 3, 3), 19, False),
        (files(20, 3, 3), 100, False),
        (files(30, 10, 10), 60, True),
        (files(30, 11, 10), 60, False),
        (files(30, 7, 5), 60, True),
        (files(30, 10, 0), 60, False),
        (files(30, 2, 0), 60, False),
        (files(27, 2, 2) + files(3, 200, 5), 60, True),
        (files(26, 2, 2) + files(4, 200, 5), 60, False),
    ],
)
def test_many_files_each_changed_a_little_are_mass_formatting(touched, of, mass):
    assert is_mass_formatting(touched, of) is mass


def test_only_whole_hashes_are_revisions():
    one, two = "ab" * 20, "CD" * 32
    assert ignored_revisions(f"{one}\n{two} # sha-256\nabcdef\n# {one[::-1]}\n") == {
        one,
        two.lower(),
    }
    assert ignored_revisions(None) == frozenset()
