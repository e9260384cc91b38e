"""The extractor is trained repeatably and measured on messages that it never saw."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_desk.extractor import EntityType
from support_desk.folders import current
from support_desk.trained.tagger.card import Parameters
from support_desk.trained.tagger.features import features
from support_desk.trained.tagger.model import Model
from support_desk.trained.tagger.spans import Span, labelled, spans
from support_desk.trained.tagger.tokens import tokens
from support_desk.training import tagging
from support_desk.training.control import Control, Stopped
from support_desk.training.corpus import read_messages
from support_desk.training.data import Marked
from support_desk.training.report import read_report
from support_desk.training.scores import Score, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MESSAGES = [Marked(message.text, message.entities) for message in read_messages()]
FEW = MESSAGES[::12]
LABELS = ["O", *(f"{place}-{kind}" for place in "BI" for kind in EntityType)]


def test_spans_become_labels_and_labels_spans() -> None:
    text = "pay £700 to Ann Lee now"
    given = (Span(EntityType.AMOUNT, 4, 8), Span(EntityType.PERSON, 12, 19))
    labels = labelled(tokens(text), given)
    assert labels == ["O", "B-amount", "I-amount", "O", "B-person", "I-person", "O"]
    assert spans(tokens(text), labels) == given


def test_every_span_of_the_corpus_survives_as_labels() -> None:
    for message in MESSAGES:
        found = tokens(message.text)
        assert spans(found, labelled(found, message.spans)) == message.spans


def test_a_span_goes_on_only_with_its_own_type_and_without_a_gap() -> None:
    labels = ["I-date", "I-time", "O", "I-time", "I-time", "B-time"]
    assert spans(tokens("1 2 3 4 5 6"), labels) == (
        Span(EntityType.DATE, 0, 1),
        Span(EntityType.TIME, 2, 3),
        Span(EntityType.TIME, 6, 9),
        Span(EntityType.TIME, 10, 11),
    )


@given(st.lists(st.sampled_from(LABELS)))
def test_any_labels_give_spans_that_are_apart_and_in_order(labels: list[str]) -> None:
    found = spans(tokens("word " * len(labels)), labels)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert bool(found) == any(label != "O" for label in labels)


def test_a_span_counts_only_with_its_type_its_start_and_its_end() -> None:
    tally = Tally()
    date, time = Span(EntityType.DATE, 0, 5), Span(EntityType.TIME, 9, 12)
    tally.add([date, Span(EntityType.TIME, 9, 11)], [date, time])
    tally.add([Span(EntityType.DATE, 9, 12)], [time])
    tally.add([], [date])
    scores = tally.scores()
    assert scores.types[EntityType.DATE] == Score(0.5, 0.5, 0.5, support=2)
    assert scores.types[EntityType.TIME] == Score(0.0, 0.0, 0.0, support=2)
    assert scores.types[EntityType.PERSON] == Score(0.0, 0.0, 0.0, support=0)
    assert scores.overall == Score(1 / 3, 1 / 4, 2 / 7, support=4)


def test_a_word_is_known_that_enough_texts_contain() -> None:
    texts = ["Pay Ann", "pay, pay now", "It\u2019s now"]
    assert tagging.vocabulary(texts, 2) == ("now", "pay")
    assert tagging.vocabulary(texts, 1) == ("'s", ",", "ann", "it", "now", "pay")


def test_a_name_has_features_in_common_with_other_names_however_it_is_written() -> None:
    known = {"to", "transfer"}
    one, two = (features(tokens(f"transfer £9 to {name}"), known)[-1] for name in ("Ann", "bo"))
    assert {"k=rare", "w-1k=to|rare", "link=to|rare"} <= set(one) & set(two)


def test_the_same_messages_give_the_same_bytes() -> None:
    words = tagging.vocabulary((message.text for message in FEW), 2)
    one, two = (tagging.fit(FEW, words, Parameters()) for _ in range(2))
    assert one == two
    assert one != tagging.fit(FEW[1:], words, Parameters())


def test_a_fit_can_be_stopped_in_the_middle() -> None:
    control, checks = Control(), []

    def check() -> None:
        checks.append(1)
        if len(checks) == 20:
            control.stop()
        control.check()

    with pytest.raises(Stopped):
        tagging.fit(FEW, (), Parameters(), check)
    assert len(checks) == 20


def test_each_fold_is_measured_with_a_model_that_saw_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit, folds = tagging.fit, [FEW[:30], FEW[30:60], [FEW[0], *FEW[60:90]]]
    learnt: list[set[str]] = []

    def watched(messages: Iterable[Marked], words: Sequence[str], *rest: object) -> bytes:
        kept = list(messages)
        learnt.append({message.text for message in kept})
        return fit(kept, words, Parameters(most_iterations=2))

    monkeypatch.setattr(tagging, "fit", watched)
    told: list[int] = []
    scores = tagging.cross_validated(folds, (), Parameters(), told.append)
    assert told == [0, 1, 2]
    texts = [{message.text for message in fold} for fold in folds]
    assert all(seen.isdisjoint(unseen) for seen, unseen in zip(learnt, texts, strict=True))
    assert learnt[1] == texts[0] | texts[2]
    assert scores.overall.support == sum(len(one.spans) for fold in folds for one in fold)


def test_the_scores_told_are_those_of_the_model_saved(corpus_models: Path) -> None:
    from support_desk.trained.tagger.storage import load
    from support_desk.training.sources import read_sources

    folder = current(corpus_models)
    report, sources = read_report(folder).extractor, read_sources(None, seed=0)
    assert {one.text for one in sources.marked}.isdisjoint(one.text for one in sources.unseen)
    assert tagging.measured(load(folder / "extractor"), sources.unseen) == report.scores
    assert report.measured_on == len(sources.unseen)
    assert report.scores.overall.f1 >= 0.8


@pytest.mark.acceptance
def test_entities_of_nlupp_are_found_with_f1_above_0_76_in_cross_validation(
    banking_models: Path,
) -> None:
    report = read_report(current(banking_models)).extractor
    assert report.folds == 14
    assert report.measured_on == 1450
    assert {kind: score.support for kind, score in report.scores.types.items()} == {
        "amount": 90,
        "date": 322,
        "time": 103,
        "person": 46,
        "company": 65,
    }
    assert report.scores.overall.f1 >= 0.76


def test_a_model_of_no_messages_names_nothing() -> None:
    crf = tagging.fit([Marked("hello there", ()), Marked(" ", ())], (), Parameters())
    assert Model(crf, frozenset()).spans("pay £5 to Ann on 3 May") == ()
