import os


class Base:
    def label(self) -> str:
        return "base"


class Model(Base):
    """An existing class: no contract, plain methods."""

    threshold = 0.5

    def predict(self, text: str) -> int:
        if not text:
            raise ValueError("empty")
        return len(text)

    async def predict_later(self, text: str) -> int:
        return len(text)

    def __call__(self, text: str) -> str:
        return text.upper()

    def pid(self) -> int:
        return os.getpid()

    @property
    def size(self) -> int:
        return 1

    @staticmethod
    def helper() -> int:
        return 1

    def _private(self) -> int:
        return 1
