"""`python -m amoeba` is the `amoeba` command."""

from amoeba.cli import main

main()
