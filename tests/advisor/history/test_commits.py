from __future__ import annotations

from amoeba.advisor.history.commits import FileChange, parse_commits

PRINTED = (
    b"commit aa\0bb cc\x0017\0Ann\0ANN@example.org\0Merge\n\0\0"
    b"commit bb\0cc\x0016\0Ann\0ann@example.org\0Move\n\nbody\n\0\0\n"
    b"3\t1\t\0old\tname\0new\nname\0-\t-\tweights.bin\x000\t2\ttab\t\0"
    b"commit cc\0\x0015\0Ben\0ben@example.org\0commit dd\0\0\n12\t0\tcommit ee\0"
)


def test_commits_are_read_with_their_files():
    merge, move, first = parse_commits(PRINTED)
    assert (merge.hash, merge.parents, merge.at_s, merge.files) == ("aa", ("bb", "cc"), 17, ())
    assert (merge.name, merge.email, move.message) == ("Ann", "ann@example.org", "Move\n\nbody\n")
    assert move.files == (
        FileChange("new\nname", 3, 1, "old\tname"),
        FileChange("weights.bin", 0, 0),
        FileChange("tab\t", 0, 2),
    )
    assert (first.parents, first.message) == ((), "commit dd")
    assert first.files == (FileChange("commit ee", 12, 0),)


def test_wherever_it_is_cut_off_the_commits_before_are_whole():
    every = list(parse_commits(PRINTED))
    for end in range(len(PRINTED)):
        found = list(parse_commits(PRINTED[:end], whole=False))
        assert found == every[: len(found)]
    assert len(found) == 2


def test_nothing_has_no_commits():
    assert list(parse_commits(b"")) == []
