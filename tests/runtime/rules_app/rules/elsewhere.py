class Listed(Exception):
    """Not of the contract, but listed in the module's `raises`."""


class Unlisted(Exception):
    """Known to nobody but the implementation."""
