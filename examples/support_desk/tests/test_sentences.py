"""Sentences end where a reader would say so, and stay exactly as they were written."""

# ruff: noqa: RUF001 - the marks of other scripts are meant

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_desk.summarizer.sentences import LONGEST, sentences

PUNCTUATED = st.text(alphabet="aB1 .,!?…;:'\"”()-•\n\r。、é😀\u0301", max_size=400)
TEXTS = st.one_of(st.text(max_size=400), PUNCTUATED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My card is gone. Please block it.", ["My card is gone.", "Please block it."]),
        ("i lost it. please help. thx", ["i lost it.", "please help.", "thx"]),
        ("What?! Where is my money??? Ok.", ["What?!", "Where is my money???", "Ok."]),
        ('He said "It\'s done." I waited.', ['He said "It\'s done."', "I waited."]),
        ("“Gone!” (All of it.) Why?", ["“Gone!”", "(All of it.)", "Why?"]),
        ("Well... it works. Hm… No.", ["Well... it works.", "Hm…", "No."]),
        ("我的卡丢了。请帮我！谢谢", ["我的卡丢了。", "请帮我！", "谢谢"]),
        ("मेरा कार्ड खो गया। मदद करें।", ["मेरा कार्ड खो गया।", "मदद करें।"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_a_sentence_ends_with_its_mark(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I spoke to Mr. Pratt and Dr. Lindqvist today.",
        "Some shops, e.g. The Copper Kettle, i.e. the café, refuse it.",
        "Account No. 5520 and ref. TR-88213 are mine.",
        "I called at 5 p.m. yesterday and at 9 a.m. today.",
        "J. Smith took £12.50, not £1,250.00.",
        "The price was 2,400 kr. but you took more.",
        "Log in at https://bank.example/a.b?c=d!e or write to help@bank.example today.",
        'It said "Success!" and then asked again.',
        "1. Open the app",
        "Version 2.0.1 fails",
    ],
)
def test_a_mark_within_a_sentence_does_not_end_it(text: str) -> None:
    assert sentences(text) == [text]
    assert sentences(f"{text.rstrip('.')}. Next one.")[-1] == "Next one."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Did you? No. I did not.", ["Did you?", "No.", "I did not."]),
        ("They close at 5 p.m. I was late.", ["They close at 5 p.m.", "I was late."]),
        ("So did I. Then it broke.", ["So did I.", "Then it broke."]),
        ("It was in Oct. Nobody called.", ["It was in Oct.", "Nobody called."]),
        ("Write to help@bank.example. Thanks!", ["Write to help@bank.example.", "Thanks!"]),
    ],
)
def test_an_abbreviation_may_end_a_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hey\nmy card broke\r\nthanks", ["hey", "my card broke", "thanks"]),
        ("Please:\n- block it\n* send one\n• hurry", ["Please:", "block it", "send one", "hurry"]),
        ("Two things: • a card • a PIN", ["Two things:", "a card", "a PIN"]),
        ("Hello,\n\n\nit broke", ["Hello,", "it broke"]),
    ],
)
def test_a_line_is_a_sentence_without_its_bullet(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_that_a_mail_program_wrapped_goes_on() -> None:
    text = "On Monday I sent money to the account of my daughter in Ghent,\nand it is not there."
    assert sentences(text) == [text]


def test_a_sentence_that_is_too_long_is_cut_after_a_clause() -> None:
    clause = "and then the machine kept my card for a long while, "
    found = sentences(clause * 12)
    assert len(found) > 1
    assert all(piece.startswith("and") and piece.endswith("while,") for piece in found)


def test_without_clauses_it_is_cut_after_a_word() -> None:
    assert {word for piece in sentences("money " * 200) for word in piece.split()} == {"money"}


def test_without_words_it_is_cut_where_it_must() -> None:
    assert [len(piece) for piece in sentences("x" * (2 * LONGEST + 1))] == [LONGEST, LONGEST, 1]


@given(TEXTS)
def test_sentences_stand_in_the_text_one_after_the_other(text: str) -> None:
    place = 0
    for sentence in sentences(text):
        assert sentence == sentence.strip()
        assert 0 < len(sentence) <= LONGEST
        place = text.index(sentence, place) + len(sentence)


@given(TEXTS)
def test_no_letter_is_lost(text: str) -> None:
    kept = "".join(sentences(text))
    assert [c for c in text if c.isalnum()] == [c for c in kept if c.isalnum()]
