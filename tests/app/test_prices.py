"""`[prices]`: what computing costs, and as of when."""

from __future__ import annotations

from datetime import date

import pytest

from amoeba.app import read_application
from amoeba.app.prices import Pricing

APP = '[app]\ngateway = "shop.web:api"\n'


def read(tmp_path, text: str) -> Pricing:
    (tmp_path / "amoeba.toml").write_text(APP + text)
    return read_application(tmp_path / "amoeba.toml").prices


def test_the_default_says_where_it_is_from_and_as_of_when(tmp_path):
    prices = read(tmp_path, "")
    assert prices == Pricing()
    assert date.fromisoformat(prices.date) > date(2026, 1, 1)
    assert "Fargate" in prices.source


@pytest.mark.parametrize("written", ['"2026-11-01"', "2026-11-01"])
def test_own_prices_come_with_their_own_date_and_source(tmp_path, written):
    prices = read(tmp_path, f'[prices]\ncpu_hour = 0.03\ncurrency = "EUR"\ndate = {written}\n')
    assert (prices.cpu_hour, prices.currency, prices.date) == (0.03, "EUR", "2026-11-01")
    assert prices.source == "[prices] in amoeba.toml"
    assert prices.gpu_hour == Pricing().gpu_hour
