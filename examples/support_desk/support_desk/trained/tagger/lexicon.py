"""Words whose kind says much about what they name, whatever data a model is trained on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {
    "weekday": """
        monday tuesday wednesday thursday friday saturday sunday weekday weekend mon tue tues wed
        thu thur thurs fri sat sun mondays tuesdays wednesdays thursdays fridays saturdays sundays
        weekdays weekends""",
    "month": """
        january february march april may june july august september october november december
        jan feb mar apr jun jul aug sep sept oct nov dec""",
    "season": "spring summer autumn fall winter christmas easter quarter",
    "day": "day days week weeks fortnight month months year years",
    "often": "daily weekly monthly quarterly yearly annually",
    "today": "today yesterday tomorrow tonight now recently lately",
    "part": """
        morning mornings afternoon afternoons evening evenings night nights midday midnight noon
        dawn lunchtime tonight""",
    "meridiem": "am pm a.m p.m a.m. p.m. oclock clock",
    "hour": "hour hours hr hrs minute minutes min mins second seconds sec secs",
    "which": """
        last next this past coming previous following every each current earlier later since ago""",
    "from": "from since between after starting start begin as",
    "to": "to until till by before and through",
    "number": """
        one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
        sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
        hundred thousand million few couple several half quarter dozen k m""",
    "ordinal": """
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
        thirteenth fourteenth fifteenth twentieth thirtieth st nd rd th""",
    "currency": """
        £ $ € ¥ pound pounds quid grand fiver tenner sterling pence penny euro euros dollar dollars
        cent cents buck bucks yen franc francs gbp eur usd chf""",
    "title": "mr mrs ms miss dr sir madam prof professor rev lord lady",
    "kin": """
        wife husband partner mother father mum dad son daughter brother sister aunt uncle cousin
        friend mate colleague boss landlord landlady neighbour name""",
    "firm": """
        ltd limited plc inc llc gmbh co corp company group sons & bank store shop restaurant cafe
        hotel services kitchen market foods bakery pharmacy""",
    "pay": """
        pay paid paying payment payments transfer transfers transferred transferring send sent
        sending spend spent refund refunded debit order buy bought purchase owe charge charged
        subscription invoice""",
}


def _kinds() -> Mapping[str, tuple[str, ...]]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for kind, words in _WORDS.items():
        for word in words.split():
            kinds[word].append(kind)
    return {word: tuple(names) for word, names in kinds.items()}


KINDS = _kinds()
"""The kinds of a word in lower case."""

LINKS = frozenset(
    (
        *("to", "from", "with", "for", "at", "in", "on", "by", "since", "until", "till", "between"),
        *("after", "before", "of", "and", "as", "the", "a", "my"),
    )
)
"""Small words after which a name, a date or an amount comes."""
