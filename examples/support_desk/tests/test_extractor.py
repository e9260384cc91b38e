"""The extractor finds what a message names, alike everywhere, and refuses a damaged model."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_desk.errors import ModelError
from support_desk.extractor import Entity, EntityType
from support_desk.extractor.tagger import Settings, TaggerExtractor
from support_desk.folders import current, sha256
from support_desk.trained.tagger.card import read_card
from support_desk.trained.tagger.storage import load
from support_desk.trained.tagger.tokens import tokens
from support_desk.training.corpus import read_messages

if TYPE_CHECKING:
    from pathlib import Path

    from support_desk.trained.tagger.model import Model

TEXTS = [message.text for message in read_messages()]
MESSAGES = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from(TEXTS), max_size=4).map(" ".join)
)


@pytest.fixture(scope="module")
def model(corpus_models: Path) -> Model:
    return load(current(corpus_models) / "extractor")


@pytest.fixture
def folder(corpus_models: Path, tmp_path: Path) -> Path:
    """A model of one's own to damage."""
    return shutil.copytree(current(corpus_models) / "extractor", tmp_path / "extractor")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("pay £30 to Ann's", ["pay", "£", "30", "to", "Ann", "'s"]),
        ("30€ on the 4th at 12:45 p.m.", ["30", "€", "on", "the", "4th", "at", "12:45", "p.m."]),
        ("1,000.50 pounds, please", ["1,000.50", "pounds", ",", "please"]),
        ("at 5pm a.b. 3thumbs", ["at", "5", "pm", "a", ".", "b", ".", "3", "thumbs"]),
        ("", []),
        (" \t\n", []),
    ],
)
def test_a_text_is_cut_where_entities_end(text: str, cut: list[str]) -> None:
    assert [token.text for token in tokens(text)] == cut


@given(st.text())
def test_tokens_hold_all_of_a_text_but_the_white_space(text: str) -> None:
    found = tokens(text)
    assert all(text[token.start : token.end] == token.text != "" for token in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    kept = "".join(token.text for token in found)
    assert "".join(kept.split()) == "".join(text.split())


def test_a_message_gets_its_entities(corpus_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(corpus_models))
    text = "🙂 I was charged £12.50 on 3 May"
    assert asyncio.run(TaggerExtractor(Settings()).extract(text)) == (
        Entity(EntityType.AMOUNT, "£12.50", 16, 22),
        Entity(EntityType.DATE, "3 May", 26, 31),
    )


def test_the_settings_name_the_model(corpus_models: Path) -> None:
    extractor = TaggerExtractor(Settings(model=str(current(corpus_models) / "extractor")))
    assert asyncio.run(extractor.extract("")) == ()


@settings(deadline=None)  # no judgement of speed
@given(text=MESSAGES)
def test_spans_are_apart_in_order_and_begin_and_end_with_a_token(model: Model, text: str) -> None:
    spans = model.spans(text)
    starts = {token.start for token in tokens(text)}
    ends = {token.end for token in tokens(text)}
    assert all(span.start in starts and span.end in ends for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert all(span.start < span.end for span in spans)


@pytest.mark.parametrize("text", ["\ud800 on 3 May", "\0 on 3 May", "… on 3 May \udfff"])
def test_a_text_that_is_not_quite_text_is_no_harm(model: Model, text: str) -> None:
    assert [(span.type, text[span.start : span.end]) for span in model.spans(text)] == [
        (EntityType.DATE, "3 May")
    ]


def test_threads_that_ask_at_once_get_the_answers_of_one(model: Model) -> None:
    texts = TEXTS[:200]
    alone = [model.spans(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(model.spans, texts)) == alone


ASK = """
import sys
from pathlib import Path
from support_desk.trained.tagger.storage import load
model = load(Path(sys.argv[1]))
for text in sys.stdin.read().split("\\n"):
    print([(span.type.value, span.start, span.end) for span in model.spans(text)])
print(sorted({"sklearn", "scipy", "pickle"} & set(sys.modules)))
"""


def ask_elsewhere(folder: Path, texts: list[str], application: Path, seed: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(application), "PYTHONHASHSEED": seed}
    environment["PYTHONUTF8"] = "1"
    answer = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)],
        env=environment,
        input="\n".join(texts),
        encoding="utf-8",
        capture_output=True,
        check=True,
        timeout=60,
    )
    return answer.stdout.splitlines()


def test_a_text_has_the_same_entities_in_every_process(
    corpus_models: Path, application: Path, model: Model
) -> None:
    folder, texts = current(corpus_models) / "extractor", TEXTS[::20]
    one, two = (ask_elsewhere(folder, texts, application, seed) for seed in ("1", "2"))
    here = [
        str([(span.type.value, span.start, span.end) for span in model.spans(text)])
        for text in texts
    ]
    assert one == two == [*here, "[]"]


def test_a_model_that_was_never_trained_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "extractor") == (
        "the extractor's model is missing\n"
        f"  where: {tmp_path}/extractor/model.json\n"
        "  expected: a file written by training\n"
        "hint: python -m support_desk.training"
    )


@pytest.mark.parametrize("position", [0, 100, 100_000, -1])
def test_one_wrong_byte_is_noticed_before_crfsuite_sees_it(folder: Path, position: int) -> None:
    path = folder / read_card(folder).crf_file
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert refusal(folder) == (
        "the extractor's model is damaged: its digest is not the one in model.json\n"
        f"  where: {path}\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )


def test_a_missing_tagger_is_named(folder: Path) -> None:
    path = folder / read_card(folder).crf_file
    path.unlink()
    assert refusal(folder) == (
        "the extractor's model is missing\n"
        f"  where: {path}\n"
        "  expected: a file written by training\n"
        "hint: python -m support_desk.training"
    )


def changed(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), "utf-8")


def test_what_crfsuite_did_not_write_is_damaged(folder: Path) -> None:
    changed(folder, crf_sha256=sha256(b"no model"))
    path = folder / read_card(folder).crf_file
    path.write_bytes(b"no model")
    assert refusal(folder).startswith("the extractor's model is damaged: ")
    assert f"\n  where: {path}\n" in refusal(folder)


def test_a_changed_word_is_noticed(folder: Path) -> None:
    changed(folder, vocabulary=["other"])
    assert refusal(folder) == (
        "the extractor's model is damaged: the words in it do not match their digest\n"
        f"  where: {folder}/model.json\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Input data was truncated"),
        (b"{}", "Object missing required field `format`"),
        (b'{"format": 1}', "Object missing required field `parameters`"),
    ],
)
def test_a_description_that_is_not_one_is_damaged(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "model.json").write_bytes(content)
    assert refusal(folder) == (
        f"the extractor's model is damaged: {reason}\n"
        f"  where: {folder}/model.json\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )


def test_another_format_is_named_with_the_one_expected(folder: Path) -> None:
    changed(folder, format=2, added="later")
    assert refusal(folder) == (
        "the extractor's model has format 2\n"
        f"  where: {folder}/model.json\n"
        "  expected: format 1\n"
        "hint: python -m support_desk.training"
    )
