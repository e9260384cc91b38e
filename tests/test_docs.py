"""What the documents show works: their code runs, their commands are executed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from harness import Run, command

from amoeba.cli.reference import render

ROOT = Path(__file__).parents[1]
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(text: str, kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall(text) if found == kind]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_the_readmes_application_runs_in_both_topologies(tmp_path):
    readme = (ROOT / "README.md").read_text()
    for body in blocks(readme, "python") + blocks(readme, "toml"):
        write(tmp_path, body.splitlines()[0].removeprefix("# "), body)
    assert command("check", cwd=tmp_path).returncode == 0
    for topology in ("monolith", "models-apart"):
        with Run(tmp_path, "--topology", topology).ready() as run:
            answer = run.get("/classify?text=my+card", data={})
            assert answer.json() == {"name": "lost_card", "confidence": 0.5}


def test_the_tutorial_works_step_by_step(tmp_path):
    text = (ROOT / "docs" / "tutorial" / "first-split.md").read_text()
    steps = re.findall(r"<!-- (file|replace): (\S+) -->\n```\w+\n(.*?)^```", text, re.M | re.S)
    files = [(name, body) for what, name, body in steps if what == "file"]
    for name, body in files[:3]:
        write(tmp_path, name, body)
    shutil.copy(tmp_path / "amoeba.toml", tmp_path / "before.toml")
    before = shop_answers(tmp_path, "monolith")
    write(tmp_path, *files[3])
    ((_, name, new),) = [step for step in steps if step[0] == "replace"]
    old = (tmp_path / name).read_text()
    write(tmp_path, name, new + old.replace("model = Model()\n", ""))
    moved = (tmp_path / name).read_text()
    write(tmp_path, name, in_order(moved))
    checked = command("check", cwd=tmp_path)
    assert checked.returncode == 0
    assert "predict() blocks its caller" in checked.stderr
    assert shop_answers(tmp_path, "monolith") == before
    assert shop_answers(tmp_path, "model-apart") == before


def in_order(text: str) -> str:
    """The line that asks for the model, behind the import of its class."""
    asking = "model = amoeba.use(Model)\n"
    return text.replace(asking, "").replace("app = FastAPI()\n", f"app = FastAPI()\n{asking}")


def shop_answers(folder: Path, topology: str) -> list[tuple[int, object]]:
    with Run(folder, "--topology", topology).ready() as run:
        paths = ["/price?item=tea", "/price?item=coffee", "/price?item=gold", "/price", "/docs"]
        answers = [run.get(path) for path in paths]
        return [(answer.status, answer.body) for answer in answers]


def test_the_reference_of_commands_is_what_the_commands_say():
    assert (ROOT / "docs" / "reference" / "commands.md").read_text() == render()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_amoeba_command_in_a_document_exists(path):
    known = set(re.findall(r"## amoeba (\w+)", render()))
    used = set(
        re.findall(
            r"\bamoeba (run|check|status|stop|version|\w+) ?(?:-|`|$)", path.read_text(), re.M
        )
    )
    assert used - {"run"} <= known


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_in_a_document_leads_somewhere(path):
    links = re.findall(r"\]\((?!http)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_key_of_the_configuration_is_documented():
    app = ROOT / "src" / "amoeba" / "app"
    source = (app / "manifest.py").read_text() + (app / "payloads.py").read_text()
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    keys = set(
        re.findall(
            r"\w+\.(?:text|choice|flag|whole|number|size|seconds|names|mapping|texts)\(\s*\"(\w+)\"",
            source,
        )
    )
    assert len(keys) > 20
    assert {key for key in keys if f"`{key}`" not in page} == set()
