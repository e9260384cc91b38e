"""What is redacted is nowhere on disk, and nothing is recorded that nobody asked for."""

from __future__ import annotations

import stat

from harness import Run, fetch


def test_no_secret_is_in_any_file(till):
    files = [path for path in (till.folder / ".amoeba").iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"evidence.db", "payloads.db"}
    for path in files:
        content = path.read_bytes()
        assert [each for each in till.secrets if each.encode() in content] == []


def test_the_evidence_has_no_payload_and_the_file_of_payloads_is_private(till):
    folder = till.folder / ".amoeba"
    assert b"hello" not in (folder / "evidence.db").read_bytes()
    assert b"hello" in (folder / "payloads.db").read_bytes()
    assert stat.S_IMODE((folder / "payloads.db").stat().st_mode) == 0o600


def test_without_routes_there_is_no_file(till, tmp_path):
    text = (till.folder / "amoeba.toml").read_text().partition("[evidence.payloads]")[0]
    (tmp_path / "amoeba.toml").write_text(text)
    with Run(tmp_path).ready() as run:
        fetch(f"{run.url}/buy", {"customer": "x", "item": "gold", "count": 1})
        assert run.end() == 0
    assert (tmp_path / ".amoeba" / "evidence.db").exists()
    assert not (tmp_path / ".amoeba" / "payloads.db").exists()
