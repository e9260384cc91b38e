"""Training is repeatable, keeps what it holds out apart, and leaves whole models behind."""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support_desk.classifier.card import read_card
from support_desk.classifier.storage import load
from support_desk.training.__main__ import main
from support_desk.training.banking77 import read_banking77
from support_desk.training.corpus import read_corpus
from support_desk.training.data import Dataset, Row
from support_desk.training.run import accuracy, train
from support_desk.training.split import held_out

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Dataset("small", "", read_corpus().rows[:150])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_fifth_of_every_intent_is_held_out() -> None:
    rows = read_corpus().rows
    chosen = held_out(rows, seed=0)
    assert chosen == sorted(set(chosen))
    everything = Counter(row.intent for row in rows)
    apart = Counter(rows[number].intent for number in chosen)
    assert apart == {intent: round(count * 0.2) for intent, count in everything.items()}


def test_a_seed_chooses_the_same_texts_in_any_order_and_another_seed_others() -> None:
    rows = list(read_corpus().rows)
    before = {rows[number] for number in held_out(rows, seed=3)}
    assert before != {rows[number] for number in held_out(rows, seed=4)}
    random.Random(0).shuffle(rows)
    assert before == {rows[number] for number in held_out(rows, seed=3)}


def test_no_text_is_both_held_out_and_learnt_from() -> None:
    rows = [Row(f"message {number // 3}", "a") for number in range(90)]
    rows += [Row(f"MESSAGE  {number}", "b") for number in range(60)]
    chosen = set(held_out(rows, seed=0))
    apart = {" ".join(rows[number].text.lower().split()) for number in chosen}
    known = {
        " ".join(row.text.lower().split())
        for number, row in enumerate(rows)
        if number not in chosen
    }
    assert chosen
    assert apart & known == set()
    assert {rows[number].intent for number in chosen} == {"b"}  # the texts of "a" have two intents


def test_the_same_data_and_seed_give_the_same_files(tmp_path: Path) -> None:
    train(SMALL, tmp_path / "one", seed=1)
    train(SMALL, tmp_path / "two", seed=1)
    train(SMALL, tmp_path / "three", seed=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "three")


def test_a_model_remembers_what_it_never_saw(corpus_models: Path) -> None:
    data = read_corpus()
    card = read_card(corpus_models / "classifier")
    assert list(card.origin.held_out) == held_out(data.rows, card.origin.seed)
    assert card.origin.sha256 == data.sha256
    assert card.metrics.held_out + card.metrics.trained_on == len(data.rows)


def test_the_accuracy_told_is_that_of_the_model_saved(corpus_models: Path) -> None:
    rows = read_corpus().rows
    card = read_card(corpus_models / "classifier")
    unseen = [rows[number] for number in card.origin.held_out]
    assert accuracy(load(corpus_models / "classifier"), unseen) == card.metrics.accuracy
    assert card.metrics.accuracy >= 0.7


def test_nine_in_ten_unseen_messages_of_banking77_are_named_right(
    real_data: Path, banking_models: Path
) -> None:
    rows = read_banking77(real_data).rows
    unseen = [rows[number] for number in held_out(rows, seed=0)]
    assert len(unseen) >= 2000
    assert accuracy(load(banking_models / "classifier"), unseen) >= 0.90


def test_training_again_replaces_the_model_whole(tmp_path: Path) -> None:
    train(SMALL, tmp_path, seed=1)
    card = train(SMALL, tmp_path, seed=2)
    assert set(contents(tmp_path)) == {"model.json", card.weights_file}
    assert read_card(tmp_path).origin.seed == 2
    load(tmp_path)


def test_a_full_disk_leaves_the_old_model_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train(SMALL, tmp_path / "classifier", seed=1)
    before = contents(tmp_path / "classifier")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["--out", str(tmp_path)]) == 1
    assert contents(tmp_path / "classifier") == before
    assert capsys.readouterr().err == (
        "error: the model cannot be written: No space left on device\n"
        f"  where: {tmp_path}/classifier\n"
        "  expected: a folder to write to, on a disk with space\n"
        "hint: python -m support_desk.training --out DIR\n"
    )


def test_the_command_trains_and_tells_the_result_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(
        r"classifier: accuracy 0\.\d{4} on \d+ messages held out, \d+ trained on, 35 intents, "
        rf"in {re.escape(str(tmp_path))}/classifier\n",
        told.out,
    )
    assert told.err == ""  # nobody watches
    load(tmp_path / "classifier")


def test_progress_is_for_people_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support_desk.training.__main__.read_corpus", lambda: SMALL)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    assert main(["--out", str(tmp_path)]) == 0
    apart = len(held_out(SMALL.rows, seed=0))
    assert capsys.readouterr().err == (
        f"training on {150 - apart} messages of small …\n"
        f"measuring on the {apart} messages held out …\n"
    )
    assert main(["--out", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_models_go_where_the_application_loads_them_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support_desk.training.__main__.read_corpus", lambda: SMALL)
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(tmp_path / "named"))
    assert main([]) == 0
    load(tmp_path / "named" / "classifier")


def test_without_scikit_learn_the_command_says_how_to_get_it(
    tmp_path: Path, application: Path
) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; from support_desk.training.__main__ import main"
        "; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--out", str(tmp_path)],
        cwd=application,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: training needs scikit-learn\nhint: pip install scikit-learn\n"


def test_wrong_usage_is_not_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--seed", "soon"])
    assert left.value.code == 2
    assert capsys.readouterr().out == ""
