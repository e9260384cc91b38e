"""A class without a contract, and one for a contract that cannot be."""


class Limits:
    """Its public methods are its contract."""

    async def check(self, amount: int) -> bool:
        return amount < 100


class Silent:
    """Has no public method."""
