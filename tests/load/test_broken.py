"""Every broken scenario in `broken/`, and the whole text that its author sees.

`NAME.txt` is what ConfigurationError prints for `NAME.toml`, the folder left out. After a wanted
change of a text, write them anew and read the difference before committing it:

    AMOEBA_WRITE_GOLDEN=1 python -m pytest tests/load/test_broken.py && git diff tests/load/broken
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amoeba.errors import ConfigurationError
from amoeba.load import read_scenario

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.toml"))


def test_there_are_enough_of_them():
    assert len(FILES) >= 40


def test_each_broken_file_has_its_text_and_each_text_its_file():
    texts = {path.stem for path in BROKEN.glob("*.txt")}
    assert texts == {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_this_text(path):
    golden = path.with_suffix(".txt")
    with pytest.raises(ConfigurationError) as caught:
        read_scenario(path)
    found = str(caught.value).replace(f"{path.parent}{os.sep}", "") + "\n"
    if os.environ.get("AMOEBA_WRITE_GOLDEN"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
