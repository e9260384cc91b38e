import amoeba


class Pong:
    """See blocking."""

    def pong(self) -> str:
        return "pong"

    def pong_ping(self) -> str:
        return str(ping.ping())


ping = amoeba.use("ping")
