"""One tree at a collector, of Amoeba's spans and of those that an application makes for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness import Run, wait_for
from otlp_collector import Collector

for name in ("fastapi", "httpx"):
    pytest.importorskip(f"opentelemetry.instrumentation.{name}", reason="pip install 'amoeba[dev]'")
pytest.importorskip("opentelemetry.exporter.otlp", reason="pip install 'amoeba[otlp]'")

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

FILES = {
    "amoeba.toml": """
[app]
name = "shop"
gateway = "shop_web:api"

[modules.prices]
contract = "shop_prices:Prices"
implementation = "shop_prices_here:PricesHere"

[topologies.apart.processes.prices]
modules = ["prices"]

[evidence]
otlp = "{collector}"
""",
    "shop_otel.py": """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter("{collector}/v1/traces")))
""",
    "shop_prices.py": """
from collections.abc import AsyncIterator
from typing import Protocol


class Prices(Protocol):
    async def of(self, item: str) -> str: ...
    def each(self, count: int) -> AsyncIterator[str]: ...
""",
    "shop_prices_here.py": """
from collections.abc import AsyncIterator

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from shop_otel import provider
from shop_prices import Prices


async def asked(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text=request.headers["traceparent"])


class PricesHere(Prices):
    def __init__(self) -> None:
        self._client = httpx.AsyncClient(transport=httpx.MockTransport(asked))
        HTTPXClientInstrumentor.instrument_client(self._client, tracer_provider=provider)

    async def of(self, item: str) -> str:
        return (await self._client.get("http://list/" + item)).text

    async def each(self, count: int) -> AsyncIterator[str]:
        for _ in range(count):
            yield (await self._client.get("http://list/each")).text
""",
    "shop_web.py": """
import amoeba
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from shop_otel import provider
from shop_prices import Prices

api = FastAPI()
prices = amoeba.use(Prices)


@api.get("/price/{item}")
async def price(item: str) -> list[str]:
    return [await prices.of(item), *[each async for each in prices.each(2)]]


FastAPIInstrumentor.instrument_app(api, tracer_provider=provider, exclude_spans=["receive", "send"])
""",
}


@pytest.mark.parametrize("topology", ["monolith", "apart"])
def test_every_span_of_both_is_in_one_tree_below_who_asked(tmp_path: Path, topology: str):
    with Collector() as collector:
        for name, text in FILES.items():
            (tmp_path / name).write_text(text.replace("{collector}", collector.url))
        calls = 4 if topology == "apart" else 2  # of `of` and `each`, seen from one side or two
        expected = calls + 2 + 3  # the gateway's and FastAPI's, and those of httpx

        def mine() -> dict[str, Any]:
            return {
                span.span_id.hex(): span
                for _, span in collector.spans()
                if span.trace_id.hex() == TRACE
            }

        with Run(tmp_path, "--topology", topology).ready() as run:
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            answers = run.get("/price/tea", headers=headers).json()
            spans = wait_for(lambda: len(mine()) >= expected and mine(), "the spans")
            assert run.end() == 0
    assert len(spans) == expected
    (top,) = [span for span in spans.values() if span.parent_span_id.hex() not in spans]
    assert (top.name, top.parent_span_id.hex()) == ("GET /price/{item}", PARENT)
    for answer in answers:  # what the services that were called got
        _, trace, parent, flags = answer.split("-")
        assert (trace, flags) == (TRACE, "01")
        above = spans[spans[parent].parent_span_id.hex()]
        assert above.name in ("prices.of", "prices.each")
        assert above.kind == (2 if topology == "apart" else 1)
