"""`app.py accounts similar | closed | embed`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import main
from tools.similar.table import COLUMNS

OWN = "F-1,Own Gate GmbH,owngate.example,aerospace,DE,400,,ada;kafka,won,pilot,120000,40,2026-03-01\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(["accounts", *argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rows(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    code, out, err = said(capsys, "similar", *argv, "--json")
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("name", ["lumenara.io", "Lumenara", "LUMENARA", "A-1001"])
def test_an_account_is_found_by_domain_name_or_id(capsys: pytest.CaptureFixture[str], name: str) -> None:
    nearest = rows(capsys, name)[0]
    assert (nearest["account_id"], nearest["distance"], nearest["why"][0]) == ("A-1001", 0.0, "the same company")


def test_a_company_of_the_bundled_table_is_found_though_no_lead_came_from_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "similar", "acmelabs.com", "--k", "3")
    assert code == 0
    assert out.startswith("Acme Labs: acmelabs.com · software · US · 420 employees")
    assert "tracing rollout; same industry: software" in out


def test_an_account_of_the_book_is_found_by_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text("name,domain,industry\nNorthwind Labs,northwind-labs.com,software\n")
    assert said(capsys, "import", str(tmp_path / "book.csv"))[0] == 0
    code, out, _ = said(capsys, "similar", "northwind labs", "--k", "3")
    assert code == 0
    assert out.startswith("Northwind Labs: northwind-labs.com · software   (from accounts)\n")
    assert "same industry: software" in out


def test_a_name_that_nobody_bears_is_not_an_account_of_which_nothing_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = said(capsys, "similar", "Acme Cheese")
    assert (code, out) == (1, "")
    assert "nobody here knows 'Acme Cheese'" in err


def test_conditions_hold_and_a_description_needs_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert {one["outcome"] for one in rows(capsys, "lumenara.io", "--outcome", "lost,no-decision")} <= {
        "lost",
        "no_decision",
    }
    assert all(one["deal_usd"] >= 100_000 for one in rows(capsys, "lumenara.io", "--min-deal", "100000"))
    described = rows(capsys, "--industry", "software", "--country", "Deutschland", "--employees", "300", "--k", "2")
    assert "same industry: software" in described[0]["why"]


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["lumenara.io", "--outcome", "sold"], 2, "outcome 'sold' is none of won, lost, no_decision"),
        (["lumenara.io", "--size", "big"], 2, "size 'big' is none of startup"),
        (["lumenara.io", "--size", "9-3"], 2, "size '9-3' is none of startup"),
        (["lumenara.io", "--country", "Atlantis"], 2, "country 'Atlantis' is not known"),
        (["lumenara.io", "--since", "spring"], 2, "since 'spring' is no day such as 2026-04-30"),
        (["lumenara.io", "--k", "0"], 2, "--k is 1 to 100"),
        (["lumenara.io", "--employees", "5"], 2, "leave out NAME"),
        (["--employees", "0"], 2, "employees 0 is no number above 0"),
        ([], 2, "name an account, or describe one"),
        (["nobody-at-all"], 1, "nobody here knows 'nobody-at-all'"),
    ],
)
def test_what_cannot_be_answered_says_what_to_write(
    capsys: pytest.CaptureFixture[str], argv: list[str], code: int, words: str
) -> None:
    ended, out, err = said(capsys, "similar", *argv)
    assert (ended, out) == (code, "")
    assert words in err


def test_own_accounts_come_from_a_file_and_two_of_one_name_are_told_apart(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "closed.csv"
    file.write_text(",".join(COLUMNS) + "\n" + OWN + OWN.replace("F-1", "F-2").replace("owngate.ex", "gate2.ex"))
    assert said(capsys, "closed", str(file))[:2] == (0, "2 accounts kept\n")
    assert rows(capsys, "owngate.example")[0]["deal_usd"] == 120_000
    code, _, err = said(capsys, "similar", "own gate gmbh")
    assert code == 1
    assert "may be any of gate2.example, owngate.example" in err


def test_a_file_with_a_fault_keeps_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "closed.csv"
    file.write_text(",".join(COLUMNS) + "\n" + OWN + "F-3,C,,,,,,,maybe,,,,\n")
    code, _, err = said(capsys, "closed", str(file))
    assert code == 1
    assert "closed.csv, line 3: outcome 'maybe' is none of" in err
    assert said(capsys, "similar", "owngate.example")[0] == 1
    assert said(capsys, "closed", str(tmp_path / "none.csv"))[0] == 2


def test_embed_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "embed")
    assert (code, out) == (
        0,
        "124 of 124 closed accounts embedded by structured-384-v1, searched exactly; 0 accounts are open\n",
    )
    code, out, _ = said(capsys, "embed", "--json", "--forget-others")
    assert json.loads(out)["embedded"] == 124


def test_without_the_bundled_accounts_only_ones_own_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(capsys, "lumenara.io")
    monkeypatch.setenv("SIMILAR_BUNDLED", "false")
    assert rows(capsys, "lumenara.io") == []
