"""`app.py accounts match`: one company or a file of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from app import main

BOOK = """name,domain,country,phone
Acmerobo Quatrix Inc.,acmerobo.com,US,+14155550100
Zenmark Bank,zenbank.com,DE,
Zenmark Bank AG,zenshop.com,FR,
"""


@pytest.fixture
def match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ACCOUNT_SOURCES", "import")
    book = tmp_path / "book.csv"
    book.write_text(BOOK)
    assert main(["accounts", "import", str(book)]) == 0
    capsys.readouterr()
    return lambda *words: main(["accounts", "match", *words])


def test_one_company_is_answered_with_code_confidence_and_why(match, capsys: pytest.CaptureFixture[str]):
    assert match("--domain", "https://www.labs.acmerobo.com/about") == 0
    first, why = capsys.readouterr().out.splitlines()
    assert first.startswith("acmerobo.com  (domain, confidence 0.9")
    assert why.strip() == "labs.acmerobo.com lies below its domain acmerobo.com"
    assert match("--name", "ACMEROBO QUATRIX", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["code"], told["rivals"]) == ("acmerobo.com", "name", [])


def test_rivals_and_none_are_answers(match, capsys: pytest.CaptureFixture[str]):
    assert match("--name", "Zenmark Bank") == 0
    assert "zenbank.com, zenshop.com" in capsys.readouterr().out
    assert match("--name", "Zenmark Bank", "--country", "France", "--json") == 0
    assert json.loads(capsys.readouterr().out)["key"] == "zenshop.com"
    assert match("--name", "Nobody At All") == 0
    assert capsys.readouterr().out.startswith("none")


def test_a_name_above_a_free_mail_address_is_only_claimed(match, capsys: pytest.CaptureFixture[str]):
    assert match("--name", "Acmerobo Quatrix", "--email", "a@gmail.com", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["code"]) == (None, "none")
    assert "free mail" in told["why"]
    assert match("--name", "Acmerobo Quatrix", "--email", "a@gmail.com", "--phone", "+14155550100", "--json") == 0
    assert json.loads(capsys.readouterr().out)["code"] == "name_phone"


def test_what_is_not_understood_is_named_with_the_way_out(match, capsys: pytest.CaptureFixture[str]):
    assert match("--name", "Acmerobo", "--country", "Germnay") == 2
    assert "country 'Germnay' is no country; did you mean DE?" in capsys.readouterr().err
    assert match("--domain", "no domain", "--phone", "123") == 2
    said = capsys.readouterr().err
    assert "domain 'no domain' is no domain" in said
    assert "phone '123' is no number without a country; write it as +14155550100" in said


def test_a_file_is_answered_line_by_line(match, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    asked, out = tmp_path / "asked.csv", tmp_path / "out.csv"
    asked.write_text(
        "id,Company Name,website,contry\n1,Acmerobo Quatrix GmbH,,\n2,=HYPERLINK(1),zenbank.com,DE\n\n3,Zenmark Bank,,\n"
    )
    assert match("--file", str(asked), "--out", str(out)) == 0
    said = capsys.readouterr().err
    assert "column 'contry' is not read; did you mean country?" in said
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["key"], row["code"], row["rivals"]) for row in rows] == [
        ("1", "acmerobo.com", "name", ""),
        ("2", "zenbank.com", "domain", ""),
        ("3", "", "rivals", "zenbank.com zenshop.com"),
    ]
    assert rows[1]["Company Name"] == "'=HYPERLINK(1)", "a spreadsheet would run it"
    assert float(rows[0]["confidence"]) > 0.8


def test_values_of_a_file_that_are_not_understood_are_left_out_and_said(
    match, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = tmp_path / "asked.csv"
    asked.write_text("domain,phone\nacmerobo.com,12\n")
    assert match("--file", str(asked)) == 0
    told = capsys.readouterr()
    assert "phone '12' is no number" in told.err
    assert "acmerobo.com,12,acmerobo.com,domain" in told.out


def test_a_file_that_cannot_be_read_is_said(match, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert match("--file", str(tmp_path / "absent.csv")) == 2
    assert "No such file" in capsys.readouterr().err
    odd = tmp_path / "odd.csv"
    odd.write_text("colour,size\nred,1\n")
    assert match("--file", str(odd)) == 1
    assert "no column is read as name or domain" in capsys.readouterr().err
    assert match() == 2
    assert match("--name", "x", "--file", str(odd)) == 2
