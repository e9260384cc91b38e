"""What may come in, with an example of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, Field, StringConstraints

from support_desk.summarizer import Author

LONGEST_MESSAGE = 5000
MOST_TEXTS = 1000
EXAMPLE = "I was charged twice for my lunch on 3 May, £12.50 each time."
EXAMPLE_TICKET = "0d5b43a1-5a8c-4f5b-9c39-0ac1a4e1b1f2"

KEY = r"^[\x21-\x7e]+$"


# The database of a customer's tickets cannot keep NUL, and no keyboard writes it.
Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=LONGEST_MESSAGE, pattern=r"^[^\x00]*$"
    ),
    Field(description="What was written; white space around it is removed."),
]
CustomerId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$"),
    Field(description="The bank's own number or name of the customer."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=KEY,
        description="A name of your own for this message. Sent again with the same name, it is "
        "stored once; so a request that failed can be repeated safely.",
    ),
]


TicketId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f-]{1,36}$"),
    Field(examples=[EXAMPLE_TICKET]),
]


class NewText(BaseModel):
    """A text to be triaged."""

    text: Text
    model_config = {"json_schema_extra": {"examples": [{"text": EXAMPLE}]}}


class NewTexts(BaseModel):
    """Texts to be triaged at once."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
    model_config = {
        "json_schema_extra": {"examples": [{"texts": [EXAMPLE, "Where is my new card?"]}]}
    }


class NewMessage(BaseModel):
    """A customer's first message."""

    customer_id: CustomerId
    text: Text
    model_config = {"json_schema_extra": {"examples": [{"customer_id": "c-1042", "text": EXAMPLE}]}}


class NextMessage(BaseModel):
    """One more message of a conversation."""

    text: Text
    author: Annotated[Author, Field(description="Who wrote it.")] = Author.CUSTOMER
    model_config = {
        "json_schema_extra": {"examples": [{"text": "And now a third time!", "author": "customer"}]}
    }


class NewRun(BaseModel):
    """A run of training."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="Chooses what is held out.")] = 0
    model_config = {"json_schema_extra": {"examples": [{"seed": 0}]}}
