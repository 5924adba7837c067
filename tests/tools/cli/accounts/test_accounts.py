"""The commands about accounts, as people type them: what they print, and with which code they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import main
from tests.fixtures.router import ROOT


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """accounts("import", "FILE") -> (code, what was printed, what was complained); a text with a line break is a file."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTING_FILE", str(ROOT / "infra" / "routing.json"))
    monkeypatch.setenv("ACCOUNT_SOURCES", "import,crm")

    def run(*words: str) -> tuple[int, str, str]:
        typed = list(words)
        for place, word in enumerate(words):
            if "\n" in word:
                (tmp_path / "some.csv").write_text(word, encoding="utf-8")
                typed[place] = str(tmp_path / "some.csv")
        code = main(["accounts", *typed])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_an_import_ends_with_0_and_as_json_says_everything(accounts):
    code, out, _ = accounts(
        "import", "Company,Website,Parent,Land\nA,a.com,B,Philipines\nB,b.com,,\n", "--json", "--by", "ana"
    )
    told = json.loads(out)
    assert code == 0
    assert {name: told[name] for name in ("new", "changed", "same", "families", "links", "version")} == {
        "new": 2, "changed": 0, "same": 0, "families": 1, "links": 1, "version": 2,
    }  # fmt: skip
    assert told["read_as"]["Website"] == "domain"
    assert told["not_understood"][0]["typed"] == "Philipines"


def test_a_refused_file_ends_with_1_and_leaves_the_book_alone(accounts):
    accounts("import", "name,domain\nA,a.com\n")
    code, out, complaint = accounts("import", "name,domain\nB,b\n")
    assert (code, out) == (1, "")
    assert complaint.splitlines() == [
        "line 2: domain 'b' is no domain; write it as acme.com, or leave it blank", "1 problem; nothing was written"
    ]  # fmt: skip
    assert "1 of 1 accounts" in accounts("list")[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("import",), "name a FILE.csv, or --undo ID, or --history"),
        (("import", "x.csv", "--history"), "name a FILE.csv, or --undo ID, or --history"),
        (("import", "x.csv", "--source", "Two Words"), "--source is a word"),
        (("import", "x.csv", "--source", "bundled"), "`bundled` is the table we ship"),
        (("import", "nowhere.csv"), "nowhere.csv: No such file or directory"),
        (("list", "--limit", "0"), "--limit is 1 to 500"),
        (("families", "--page", "0"), "--limit is 1 to 500"),
    ],
)
def test_what_makes_no_sense_ends_with_2(accounts, words: tuple[str, ...], complaint: str):
    code, _, said = accounts(*words)
    assert code == 2
    assert complaint in said


def test_an_account_is_shown_by_name_and_domain_and_a_near_miss_is_helped(accounts):
    accounts(
        "import", "name,domain,parent,owner,aliases\nAcme Labs,labs.com,Acme,a@us.example,Labsters\nAcme,acme.com,,,\n"
    )
    for asked in ("acme labs", "https://www.labs.com/x", "Labsters"):
        code, out, _ = accounts("show", asked)
        assert (code, out.splitlines()[0]) == (0, "Acme Labs (labs.com)")
    told = json.loads(accounts("show", "acme.com", "--json")[1])
    assert ([one["key"] for one in told["below"]], told["owner"], told["told"][0]["source"]) == (
        ["labs.com"],
        None,
        "import",
    )
    code, _, complaint = accounts("show", "labs")
    assert (code, complaint) == (1, "labs: no account is called so; near: labs.com\n")


def test_several_accounts_of_one_name_are_named(accounts):
    accounts("import", "name,domain\nTwin,twin.com\nTwin Inc,twin.de\n")
    code, _, complaint = accounts("show", "twin")
    assert (code, complaint) == (1, "twin: several accounts are meant: twin.com, twin.de\n")


def test_disputes_are_listed_and_shown(accounts):
    accounts("import", "name,domain,parent\nX,x.com,A\nX,x.com,B\n")
    assert "x.com: name:a (says import) or name:b (says import)" in accounts("families", "--disputed")[1]
    (row,) = map(json.loads, accounts("families", "--disputed", "--json")[1].splitlines())
    assert [one["key"] for one in row["disputed"]] == ["name:a", "name:b"]
    assert "it may belong to A (name:a) [says import] or to B (name:b)" in accounts("show", "x.com")[1]


def test_text_of_strangers_is_printed_without_what_a_terminal_obeys(accounts):
    accounts("import", 'name,domain,city\n"=cmd|A\x1b[31m \u202ex",evil.com,"\x1b]0;t\x07Oslo"\n')
    for words in (("show", "evil.com"), ("list",), ("families",), ("import", "--history")):
        _, out, _ = accounts(*words)
        assert all(character.isprintable() or character == "\n" for character in out)
    _, _, complaint = accounts("import", "name,domain,\x1b[2J\nA,\x1b[31mx,\n")
    assert "\x1b" not in complaint


def test_a_change_is_taken_back_by_its_id(accounts):
    accounts("import", "name,domain\nA,a.com\n")
    code, out, _ = accounts("import", "--undo", "2", "--by", "ana")
    assert (code, out.splitlines()[0]) == (
        0, "change 2 was taken back in version 3: 1 accounts less, 0 again, 0 as before"
    )  # fmt: skip
    assert "0 of 0 accounts" in accounts("list")[1]
    code, _, complaint = accounts("import", "--undo", "2")
    assert code == 1
    assert "was taken back already" in complaint
    rows = json.loads(accounts("import", "--history", "--json")[1])
    assert [(row["id"], row["kind"], row["taken_back"]) for row in rows] == [
        (3, "undo", False), (2, "import", True), (1, "order", False)
    ]  # fmt: skip


def test_the_embedded_crm_without_companies_is_refused(accounts):
    code, _, complaint = accounts("sync", "crm")
    assert code == 1
    assert "named no company that can be used" in complaint


def test_the_match_index_follows_the_book(accounts, tmp_path: Path):
    from graph.ports import CompanyAsk
    from tools.accounts.matching import LiveMatcher

    assert "match index built of 1 account\n" in accounts("import", "name,domain\nAcme,acme.com\n")[1]
    (match,) = LiveMatcher(tmp_path / "data" / "accounts", lambda: 0.0).match([CompanyAsk("acme.com", None)])
    assert (match.key, match.code) == ("acme.com", "domain")
    assert "match index" not in accounts("import", "name,domain\nAcme,acme.com\n")[1]
