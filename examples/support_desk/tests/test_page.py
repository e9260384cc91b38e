"""What a person sees of the desk, in a real browser.

With AMOEBA_WRITE_SCREENSHOT=1 the picture in the documentation is made anew.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import chromium
from desk_gateway import HttpDesk, run_gateway
from harness import Run
from support_desk.extractor import Entity, EntityType
from support_desk.gateway.pages import Piece, pieces
from support_desk.tickets import tables

import amoeba

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
PICTURE = ROOT.parents[1] / "docs" / "images" / "support-desk.png"
MESSAGE = (
    "Hello, I was charged twice for my lunch at Harrow & Pike on 3 May, £12.50 each time. "
    "I called you yesterday and spoke to Ms Patel, but nothing has happened. "
    "Can you refund one of the two payments? Kind regards, Anna Smith"
)
SUMMARY = [
    "Hello, I was charged twice for my lunch at Harrow & Pike on 3 May, £12.50 each time.",
    "I called you yesterday and spoke to Ms Patel, but nothing has happened.",
    "Can you refund one of the two payments?",
]


@pytest.fixture(scope="module")
def desk(corpus_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("page")
    environment = {
        "SUPPORT_DESK_MODELS": str(corpus_models),
        "SUPPORT_DESK_DEADLINE": "2",
        "AMOEBA_TICKETS__DATABASE": f"sqlite:///{folder}/tickets.db",
        "AMOEBA_FEATURES__DATABASE": f"sqlite:///{folder}/features.db",
    }
    with Run(ROOT, "--topology", "model-each", "--isolated", env=environment).ready() as run:
        yield run


@pytest.fixture
def page(desk: Run) -> Iterator[Page]:
    """The page, freshly opened; at the end, nothing in it may have gone wrong."""
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 900, "height": 1000})
        wrong: list[str] = []
        opened.on("console", lambda message: wrong.append(message.text))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.goto(desk.url)
        yield opened
        assert [each for each in wrong if "503" not in each] == []


def send(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


def test_a_message_is_shown_with_all_that_the_desk_makes_of_it(page: Page) -> None:
    send(page, MESSAGE)
    page.locator("#summary[data-done]").wait_for()
    marked = page.locator("mark").evaluate_all(
        "all => all.map(mark => [mark.className, mark.firstChild.data])"
    )
    assert marked == [
        ["company", "Harrow & Pike"],
        ["date", "3 May"],
        ["amount", "£12.50"],
        ["date", "yesterday"],
        ["person", "Ms Patel"],
        ["person", "Anna Smith"],
    ]
    assert page.locator("#summary li").all_inner_texts() == SUMMARY
    assert page.locator("#intent").inner_text().startswith("duplicate_payment")
    assert page.locator(".priority").inner_text() == "high"
    assert "Open tickets\n1" in page.locator("#features").inner_text()
    rows = page.locator("#answered tbody tr").all_inner_texts()
    answered = dict(row.split("\t")[:2] for row in rows)
    assert answered == {
        "gateway": "main.0",
        "tickets": "main.0",
        "features": "main.0",
        "classifier": "classifier.0",
        "extractor": "extractor.0",
        "summarizer": "summarizer.0",
    }
    if os.environ.get("AMOEBA_WRITE_SCREENSHOT"):
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE, full_page=True)


def test_what_a_customer_writes_is_text_and_nothing_else(page: Page) -> None:
    nasty = "<script>document.title = 'mine'</script> & <b>bold</b> {{ 7 * 7 }} lost card"
    send(page, nasty)
    page.locator("#summary[data-done]").wait_for()
    assert page.title() == "Support desk"
    assert page.locator("blockquote").inner_text() == nasty
    assert page.locator("main b").count() == 0
    assert page.get_by_label("Message").input_value() == nasty


@pytest.mark.acceptance
def test_a_model_that_does_not_answer_leaves_the_message_stored(page: Page, desk: Run) -> None:
    pid = next(r["pid"] for r in desk.replicas() if r["process"] == "classifier")
    os.kill(pid, signal.SIGSTOP)
    try:
        send(page, "My card was stolen last night")
        notice = page.get_by_role("status")
        notice.wait_for()
        assert notice.inner_text().startswith("Your message is stored. It will be read when")
        assert page.locator(".status").inner_text() == "pending"
    finally:
        os.kill(pid, signal.SIGCONT)
    page.locator("#intent").wait_for()  # the page looks again by itself
    assert page.locator("#intent").inner_text().startswith("report_lost_card")
    assert page.locator(".status").inner_text() == "open"


def test_it_works_without_a_script(desk: Run) -> None:
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(desk.url)
        send(page, MESSAGE)
        assert page.locator("#outcome").inner_text().startswith("Ticket ")
        assert SUMMARY[2] in page.locator("noscript").first.inner_text()


def test_a_form_that_says_nothing_is_shown_again_with_the_fault(tmp_path, monkeypatch) -> None:
    async def body(made: HttpDesk) -> None:
        answer = await made.http.post("/", data={"customer_id": "c 1", "text": "x" * 5001})
        assert answer.status_code == 422
        assert "The customer&#39;s number: string should match pattern" in answer.text
        assert "The message: string should have at most 5000 characters" in answer.text
        assert 'value="c 1"' in answer.text
        assert made.classifier.asked == 0

    run_gateway(tmp_path, monkeypatch, body)


def test_a_form_that_is_sent_again_is_one_ticket(tmp_path, monkeypatch) -> None:
    async def body(made: HttpDesk) -> None:
        form = {"customer_id": "c1", "text": "mortgage", "key": "k1"}
        for _ in range(2):
            assert (await made.http.post("/", data=form)).status_code == 200
        assert len((await made.http.get("/customers/c1")).json()["tickets"]) == 1

    run_gateway(tmp_path, monkeypatch, body)


def test_a_form_whose_key_was_used_for_another_message_is_shown_again(
    tmp_path, monkeypatch
) -> None:
    async def body(made: HttpDesk) -> None:
        form = {"customer_id": "c1", "text": "mortgage", "key": "k1"}
        await made.http.post("/", data=form)
        answer = await made.http.post("/", data=form | {"text": "overdraft"})
        assert answer.status_code == 409
        assert "Something else was sent from this form before." in answer.text
        assert 'value="k1"' not in answer.text

    run_gateway(tmp_path, monkeypatch, body)


def test_a_message_that_may_not_have_arrived_keeps_its_key(tmp_path, monkeypatch) -> None:
    async def body(made: HttpDesk) -> None:
        async def lost(_: object) -> None:
            raise amoeba.Unavailable("tickets", "gone", broke_off=True)

        monkeypatch.setattr(made.service, "open", lost)
        form = {"customer_id": "c1", "text": "mortgage", "key": "k1"}
        answer = await made.http.post("/", data=form)
        assert answer.status_code == 503
        assert "Nobody knows whether your message has arrived: tickets is away." in answer.text
        assert 'value="k1"' in answer.text

    run_gateway(tmp_path, monkeypatch, body)


def test_what_no_model_could_read_is_shown_as_a_persons(tmp_path, monkeypatch) -> None:
    async def body(made: HttpDesk) -> None:
        ticket_id = await made.opened("c1", "mortgage")
        async with made.service._store._database.writing() as connection:
            change = {"intent": None, "confidence": None, "queue": "human_triage"}
            await connection.execute(tables.tickets.update().values(change))
        answer = await made.http.get(f"/?ticket={ticket_id}")
        assert "a person has to read it" in answer.text

    run_gateway(tmp_path, monkeypatch, body)


def test_a_ticket_that_is_there_is_shown_and_an_unknown_one_is_404(tmp_path, monkeypatch) -> None:
    async def body(made: HttpDesk) -> None:
        ticket_id = await made.opened("c1", "mortgage of £5 000")
        answer = await made.http.get(f"/?ticket={ticket_id}")
        assert answer.status_code == 200
        assert "<small>amount</small>" in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        missing = await made.http.get("/?ticket=0")
        assert missing.status_code == 404
        assert "There is no such ticket." in missing.text

    run_gateway(tmp_path, monkeypatch, body)


def test_a_text_is_cut_at_its_entities() -> None:
    text = "🎉£12 on 3 May"
    entities = (Entity(EntityType.AMOUNT, "£12", 1, 4), Entity(EntityType.DATE, "3 May", 8, 13))
    assert list(pieces(text, entities)) == [
        Piece("🎉"),
        Piece("£12", "amount"),
        Piece(" on "),
        Piece("3 May", "date"),
    ]
    assert list(pieces("plain", ())) == [Piece("plain")]
    assert list(pieces("", ())) == []
