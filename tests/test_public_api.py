"""The public names, frozen: a change of this list is a change of the API."""

import subprocess
import sys

import pytest

import amoeba

PUBLIC = [
    "AmoebaError",
    "ConfigurationError",
    "ContractError",
    "DeadlineExceeded",
    "Overloaded",
    "RemoteError",
    "Secret",
    "Unavailable",
    "__version__",
    "blocking",
    "deadline",
    "idempotent",
    "named",
    "open",
    "provider",
    "threaded",
    "trace_headers",
    "use",
]


def test_the_public_names_are_these():
    assert amoeba.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there_and_documented(name):
    found = getattr(amoeba, name)
    assert name == "__version__" or found.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'usee'"):
        _ = amoeba.usee


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import amoeba", ["msgspec", "asyncio", "typer"]),
        (
            "import amoeba; amoeba.use",
            ["numpy", "pydantic", "fastapi", "uvicorn", "typer", "psutil"],
        ),
        ("import amoeba.cli", ["asyncio", "uvicorn", "numpy", "rich.console"]),
        ("import amoeba.runtime.process", ["numpy", "pydantic", "fastapi", "typer", "rich"]),
    ],
)
def test_what_is_not_used_is_not_imported(statement, absent):
    program = f"import sys\n{statement}\nprint([n for n in {absent!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
