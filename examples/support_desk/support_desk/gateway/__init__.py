"""The HTTP edge: checks what comes in, sets how long an answer may take, asks the modules.

::

    settings, limits, schemas       what may come in, and for how long it may take
    answers, streams                what goes out when something is late or down, and in parts
    tickets, triage, training       the API's routes
    pages                           the same for a person with a browser

It knows contracts only. A module that is unavailable (503 with `Retry-After`) and a deadline that
has passed (504) become responses in Amoeba itself; the routes of tickets say more, since the
message is stored by then.
"""

from support_desk.gateway.app import api

__all__ = ["api"]
