import amoeba


class Ping:
    """Blocks on Pong, which blocks on Ping: in two processes both would wait for ever."""

    def ping(self) -> str:
        return "ping"

    def ping_pong(self) -> str:
        return str(pong.pong())


pong = amoeba.use("pong")
