"""Implementations of Orders, and what their constructors ask for."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import pydantic

import amoeba
from sample.contracts import Mail, Orders, Stock


class _Orders(Orders):
    async def place(self, item: str, count: int) -> str:
        return f"{count} of {item}"


class PlainOrders(_Orders):
    """Needs nothing."""


class Shop(_Orders):
    """Needs Stock."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock


class MailingShop(_Orders):
    """Needs Stock and Mail."""

    def __init__(self, stock: Stock, mail: Mail) -> None:
        self.needs = stock, mail


class NamedShop(_Orders):
    """Needs the module `warehouse` for its Stock."""

    def __init__(self, stock: Annotated[Stock, amoeba.named("warehouse")]) -> None:
        self.stock = stock


class UntypedShop(_Orders):
    """Does not say what it needs."""

    def __init__(self, stock, limit: int = 10) -> None:
        self.needs = stock, limit


class SizedShop(_Orders):
    """Takes settings one by one."""

    def __init__(self, limit: int, currency: str = "EUR") -> None:
        self.limit = limit, currency


@dataclass
class Database:
    """Nested settings."""

    host: str
    port: int = 5432


@dataclass
class Settings:
    """Settings as a dataclass."""

    currency: str
    limit: int = 100
    tags: list[str] = field(default_factory=list)
    database: Database = field(default_factory=lambda: Database("localhost"))


class SettledShop(_Orders):
    """Settings as a dataclass."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class StructSettings(msgspec.Struct):
    """Settings as a Struct."""

    currency: str
    limit: int = 100


class StructShop(_Orders):
    """Settings as a Struct."""

    def __init__(self, settings: StructSettings) -> None:
        self.settings = settings


class ModelSettings(pydantic.BaseModel, extra="forbid"):
    """Settings as a pydantic model."""

    currency: str
    limit: int = pydantic.Field(default=100, gt=0)


class ModelShop(_Orders):
    """Settings as a pydantic model."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings


class AnyShop(_Orders):
    """Settings as they are."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
