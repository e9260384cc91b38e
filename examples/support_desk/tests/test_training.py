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
from support_desk.folders import current, sha256
from support_desk.trained.linear.card import read_card
from support_desk.trained.linear.storage import load
from support_desk.trained.tagger.storage import load as load_extractor
from support_desk.training.__main__ import main
from support_desk.training.banking77 import read_banking77
from support_desk.training.claim import Claim
from support_desk.training.control import Control, Stopped
from support_desk.training.corpus import read_corpus
from support_desk.training.data import DataFile, Row
from support_desk.training.report import read_report, summary
from support_desk.training.run import accuracy, train
from support_desk.training.sources import read_sources
from support_desk.training.split import held_out

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def models_of(folder: Path) -> dict[str, bytes]:
    """What a version holds, but for when it was made."""
    held = contents(folder)
    del held["report.json"]
    return held


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


def test_the_same_data_and_seed_give_the_same_files(tmp_path: Path, on_small_corpus: Path) -> None:
    made = [
        models_of(tmp_path / train(read_sources(None, seed), tmp_path).version)
        for seed in (1, 1, 2)
    ]
    assert len(made[0]) == 4
    assert made[0] == made[1]
    assert set(made[0].values()).isdisjoint(made[2].values())


def test_a_model_remembers_what_it_never_saw(corpus_models: Path) -> None:
    data = read_corpus()
    card = read_card(current(corpus_models) / "classifier")
    assert list(card.origin.held_out) == held_out(data.rows, card.origin.seed)
    assert card.origin.sha256 == data.sha256
    assert card.metrics.held_out + card.metrics.trained_on == len(data.rows)


def test_the_accuracy_told_is_that_of_the_model_saved(corpus_models: Path) -> None:
    rows, folder = read_corpus().rows, current(corpus_models)
    card = read_card(folder / "classifier")
    unseen = [rows[number] for number in card.origin.held_out]
    assert accuracy(load(folder / "classifier"), unseen) == card.metrics.accuracy
    assert read_report(folder).classifier.accuracy == card.metrics.accuracy
    assert card.metrics.accuracy >= 0.7


@pytest.mark.acceptance
def test_nine_in_ten_unseen_messages_of_banking77_are_named_right(
    real_data: Path, banking_models: Path
) -> None:
    rows = read_banking77(real_data).rows
    unseen = [rows[number] for number in held_out(rows, seed=0)]
    assert len(unseen) >= 2000
    assert accuracy(load(current(banking_models) / "classifier"), unseen) >= 0.90


def test_a_report_says_what_the_models_were_trained_on(
    tmp_path: Path, on_small_corpus: Path
) -> None:
    report = train(read_sources(None, seed=4), tmp_path)
    assert report == read_report(current(tmp_path))
    assert report.seed == 4
    assert report.data == (DataFile("small.jsonl", sha256(on_small_corpus.read_bytes())),)
    assert (
        report.version == f"{report.trained_at:%Y%m%dT%H%M%SZ}-{read_sources(None, 4).digest[:8]}"
    )
    assert report.extractor.folds == 0
    metrics = report.metrics()
    assert set(metrics) == {
        "classifier_accuracy",
        "extractor_precision",
        "extractor_recall",
        "extractor_f1",
        *(f"extractor_f1_{kind}" for kind in ("amount", "date", "time", "person", "company")),
    }
    assert all(0 <= value <= 1 for value in metrics.values())


def test_training_again_makes_another_version_and_keeps_the_old(
    tmp_path: Path, on_small_corpus: Path
) -> None:
    one = train(read_sources(None, seed=1), tmp_path)
    before = contents(tmp_path / one.version)
    two = train(read_sources(None, seed=2), tmp_path)
    assert current(tmp_path).name == two.version
    assert contents(tmp_path / one.version) == before
    load(current(tmp_path) / "classifier")
    load_extractor(current(tmp_path) / "extractor")


def test_data_of_ones_own_are_cross_validated(small_data: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    control = Control(lambda *step: told.append(step))
    report = train(read_sources(small_data, seed=0), tmp_path / "models", control)
    assert report.extractor.folds == 14
    assert report.extractor.measured_on == report.extractor.trained_on == 28
    assert report.extractor.scores.overall.support == 14 * 5
    assert [one.name for one in report.data] == [
        "banking77/train.csv",
        *(f"nlupp-banking/fold{number}.json" for number in range(14)),
    ]
    assert [(step, steps) for _, step, steps in told] == [(step, 18) for step in range(1, 19)]
    assert [stage for stage, _, _ in told][:3] == [
        "training the classifier on 12 messages of banking77/train.csv",
        "measuring the classifier on the 3 messages held out",
        "measuring the extractor on fold 1 of 14 of nlupp-banking",
    ]
    assert [stage for stage, _, _ in told][-2:] == [
        "training the extractor on 28 messages of nlupp-banking",
        "publishing the models",
    ]


@pytest.mark.parametrize("last", range(1, 6))
def test_a_run_that_is_stopped_at_any_step_leaves_what_was(
    tmp_path: Path, on_small_corpus: Path, last: int
) -> None:
    (tmp_path / "current").write_text("20261124T224500Z-0123abcd\n", encoding="utf-8")

    def tell(stage: str, step: int, steps: int) -> None:
        assert steps == 5
        if step == last:
            control.stop()

    control = Control(tell)
    with pytest.raises(Stopped):
        train(read_sources(None, seed=0), tmp_path, control)
    assert contents(tmp_path) == {"current": b"20261124T224500Z-0123abcd\n"}


def test_it_is_too_late_to_stop_what_is_published(tmp_path: Path, on_small_corpus: Path) -> None:
    control = Control()
    train(read_sources(None, seed=0), tmp_path, control)
    assert not control.stop()


def test_a_full_disk_leaves_the_old_version_current(
    tmp_path: Path,
    on_small_corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train(read_sources(None, seed=1), tmp_path)
    before = contents(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["--out", str(tmp_path)]) == 1
    assert {
        name: held for name, held in contents(tmp_path).items() if name != ".training"
    } == before
    assert capsys.readouterr().err == (
        "error: the models cannot be written: No space left on device\n"
        f"  where: {tmp_path}\n"
        "  expected: a folder to write to, on a disk with space\n"
        "hint: python -m support_desk.training --out DIR\n"
    )


def test_the_command_trains_and_tells_the_result(
    tmp_path: Path, on_small_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    row = r"    [01]\.\d{4}  [01]\.\d{4}  [01]\.\d{4}  +\d+\n"
    assert re.fullmatch(
        r"classifier: accuracy 0\.\d{4} on 28 messages held out, 112 trained on, 4 intents\n"
        r"extractor: F1 0\.\d{4} on 28 messages held out, 112 trained on\n"
        r"  type     precision  recall      F1  entities\n"
        rf"  amount  {row}  date    {row}  time    {row}"
        rf"  person  {row}  company {row}  all     {row}"
        rf"models: {re.escape(str(current(tmp_path)))}\n",
        told.out,
    )
    assert told.err == ""  # nobody watches
    assert told.out == summary(read_report(current(tmp_path)), tmp_path) + "\n"


def test_the_command_tells_the_report_as_json(
    tmp_path: Path, on_small_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path), "--json"]) == 0
    assert capsys.readouterr().out == (current(tmp_path) / "report.json").read_text("utf-8")


def test_progress_is_for_people_only(
    tmp_path: Path,
    on_small_corpus: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    assert main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().err == (
        "[1/5] training the classifier on 112 messages of small.jsonl …\n"
        "[2/5] measuring the classifier on the 28 messages held out …\n"
        "[3/5] training the extractor on 112 messages of small.jsonl …\n"
        "[4/5] measuring the extractor on the 28 messages held out …\n"
        "[5/5] publishing the models …\n"
    )
    assert main(["--out", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_models_go_where_the_application_loads_them_from(
    tmp_path: Path, on_small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(tmp_path / "named"))
    assert main([]) == 0
    load(current(tmp_path / "named") / "classifier")


def test_one_run_trains_at_a_time(
    tmp_path: Path, on_small_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Claim(tmp_path, "20261124T224500Z-abcdef"):
        assert main(["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "error: run 20261124T224500Z-abcdef is still going on\n"
        f"  where: {tmp_path}\n"
        "hint: try again when it is done\n"
    )
    assert contents(tmp_path) == {".training": b"20261124T224500Z-abcdef"}
    assert main(["--out", str(tmp_path)]) == 0


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
