"""Signs that a sentence matters to a bank's desk, whatever the rest of the conversation says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support_desk.summarizer import Author
from support_desk.summarizer.words import word_set

if TYPE_CHECKING:
    from support_desk.summarizer.statements import Statement

_DETAIL = re.compile(
    r"\d|\b(?:yesterday|today|tonight|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[?\uff1f\u061f]\W*$")
_REQUEST = re.compile(
    r"\b(?:please|(?:can|could|would) you|i (?:want|need)|i'd like|i would like)\b"
)
_PROMISE = re.compile(
    r"\b(?:i|we)(?:'ve|'ll| have| will| can't| cannot)\b"
    r"|\byou(?:'ll| can| will| should| don't| do not)\b"
    r"|\b(?:has|have) been\b|\bbecause\b"
)
_TROUBLE = word_set(
    """not never no can't cant cannot couldn't won't don't doesn't didn't isn't hasn't haven't
    without lost lose stolen stole missing wrong error failed fails fail broken blocked locked
    frozen declined rejected rejects refused twice double overdrawn charged unauthorised scam fraud
    recognise mistake problem stuck stopped stops worried nothing fee charge refund"""
)


def detail(one: Statement) -> bool:
    """Tell whether it names an amount, a number or a day."""
    return _DETAIL.search(one.text) is not None


def trouble(one: Statement) -> bool:
    """Tell whether a customer says what has gone wrong."""
    return one.author is Author.CUSTOMER and not _TROUBLE.isdisjoint(one.words)


def request(one: Statement) -> bool:
    """Tell whether a customer asks for something."""
    return one.author is Author.CUSTOMER and (_asks(one) or _told(_REQUEST, one))


def inquiry(one: Statement) -> bool:
    """Tell whether an agent asks back, which a summary can do without."""
    return one.author is Author.AGENT and _asks(one)


def promise(one: Statement) -> bool:
    """Tell whether an agent says what was or will be done, or why not."""
    return one.author is Author.AGENT and _told(_PROMISE, one)


def _asks(one: Statement) -> bool:
    return _QUESTION.search(one.text) is not None


def _told(phrases: re.Pattern[str], one: Statement) -> bool:
    return phrases.search(" ".join(one.words)) is not None
