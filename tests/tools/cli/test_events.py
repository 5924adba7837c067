"""app.py events: history from a file, by the rules of the endpoint, each event once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from app import main
from tools.store.tables import lead_events

CSV = """id,type,email,at,properties,url
1,email_open,maya@example.org,2026-04-07T09:30:00Z,,
2,page_view,maya@example.org,2026-04-07T09:31:00Z,"{""user_agent"": ""curl/8.1""}",/pricing
3,dance,maya@example.org,2026-04-07T09:31:00Z,,
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(folder: Path) -> list[Any]:
    (path,) = (folder / "data").glob("*.db")
    with create_engine(f"sqlite:///{path}").connect() as connection:
        return list(connection.execute(select(lead_events).order_by(lead_events.c.at)))


def test_a_csv_file_is_loaded_once_and_each_bad_line_is_named(folder: Path, capsys: pytest.CaptureFixture[str]):
    file = folder / "events.csv"
    file.write_text(CSV)
    assert main(["events", str(file), "--source", "hubspot"]) == 1
    said = capsys.readouterr()
    assert said.out == "2 kept, 0 known already, 1 refused\n"
    assert said.err.startswith("line 4: type: an unknown type of event; send one of call, ")
    assert main(["events", str(file), "--source", "hubspot"]) == 1
    assert capsys.readouterr().out == "0 kept, 2 known already, 1 refused\n"
    opened, viewed = rows(folder)
    assert (opened.type, opened.source, opened.counts) == ("email_open", "hubspot", True)
    assert (viewed.properties, viewed.counts) == ('{"url":"/pricing","user_agent":"curl/8.1"}', False)


def test_a_file_of_json_lines_is_loaded_too(folder: Path, capsys: pytest.CaptureFixture[str]):
    file = folder / "events.jsonl"
    file.write_text('{"type": "call", "email": "maya@example.org", "at": "2026-04-07T09:30:00Z"}\n\nno json\n')
    assert main(["events", str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == "1 kept, 0 known already, 1 refused\n"
    assert said.err.startswith("line 3: event: no object")


@pytest.mark.parametrize("arguments", [["missing.csv"], ["events.csv", "--source", "unsigned"], ["bytes.csv"]])
def test_what_cannot_be_read_is_said(folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]):
    (folder / "events.csv").write_text(CSV)
    (folder / "bytes.csv").write_bytes(b"id,type\n\xff\xfe,x\n")
    assert main(["events", *arguments]) == 2
    assert capsys.readouterr().err
