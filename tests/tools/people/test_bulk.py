"""A file through the bulk matcher, as the command runs it; small files and bad ones too."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

import app
from tools.people.bulk import Pair
from tools.people.clusters import clusters_of
from tools.people.generator import generate
from tools.people.measure import lower_bound, measured

SMALL = """Kundennummer;Vorname;Nachname;E-Mail;Telefon;Firma;Notiz
1;Maya;Ortiz;maya.ortiz@acme.com;+1 415 555 0132;Acme Inc;x
2;Maya;Ortiz;maya77@gmail.com;+14155550132;;y
3;Ana;Weber;ana.weber@acme.com;+1 415 555 0132;Acme Inc;
4;Maya;Ortiz;maya.ortiz@other.net;;Other;
5;=Maya;Ortiz;maya.ortiz@acme.com;;Acme;
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return app.main(["dedupe", *map(str, arguments)])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_small_file_is_matched_by_the_chances_that_ship(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data, pairs, clusters = write(tmp_path / "a.csv", SMALL), tmp_path / "pairs.csv", tmp_path / "clusters.csv"
    assert run("--data", data, "--out", pairs, "--clusters", clusters) == 0
    said = capsys.readouterr().out
    assert "first_name is Vorname" in said
    assert "Not used: Notiz" in said
    assert "nothing learnt" in said
    found = {(row["one"], row["other"]): row for row in read(pairs)}
    assert found["1", "2"]["code"] == "phone_name"
    assert found["1", "5"]["code"] == "email"
    assert not any("3" in pair or "4" in pair for pair in found), "a colleague and a namesake are other people"
    assert {row["id"] for row in read(clusters)} >= {"1", "2"}


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("", [], "the file is empty"),
        ("id,name,email\n", [], "a header and no rows"),
        ("a,b\n1,2\n", [], "no column with names of people was recognised"),
        ("name,city\nMaya,Austin\n", [], "a name alone proves nothing"),
        ("id,name,email\n1,Maya Ortiz,m@x.com\n1,Ana Weber,a@x.com\n", [], "stood before; ids must be unique"),
        ("id,name,email\n,Maya Ortiz,m@x.com\n", [], 'row 1 has no id in "id"'),
        ("name,email\nMaya Ortiz,m@x.com\n", ["--map", "nme=name"], "nme is no field"),
        ("name,email\nMaya Ortiz,m@x.com\n", ["--map", "phone=Tel"], 'has no column "Tel"'),
        ("name,email\nMaya Ortiz,m@x.com\n", ["--map", "phone"], "expected FIELD=COLUMN"),
        ("name,email\nMaya Ortiz,m@x.com\n", ["--least", "0"], "--least and --threshold are probabilities"),
        ("name,email\nMaya Ortiz,m@x.com\n", ["--apply"], "--apply is for the store"),
    ],
)
def test_a_bad_file_is_refused_with_the_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], expected: str
):
    assert run("--data", write(tmp_path / "a.csv", text), *options) == 2
    assert expected in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("--data", tmp_path / "none.csv") == 2
    assert "there is no such file" in capsys.readouterr().err


def test_a_file_of_thousands_teaches_its_own_chances_and_groups_are_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    people = generate(4_000, 3)
    columns = (people.record_id, people.full_name, people.email, people.phone, people.company)
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "name", "email", "phone", "company"), *zip(*columns, strict=True)])
    assert run("--data", tmp_path / "a.csv", "--clusters", tmp_path / "c.csv") == 0
    told = capsys.readouterr()
    assert "learnt from these rows by EM" in told.out
    assert "Iteration" not in told.out + told.err, "Splink keeps quiet"
    truth = dict(zip(people.record_id, people.person, strict=True))
    groups: dict[str, list[str]] = {}
    for row in read(tmp_path / "c.csv"):
        groups.setdefault(row["cluster"], []).append(row["id"])
    right = Counter(truth[a] == truth[b] for group in groups.values() for a, b in combinations(group, 2))
    assert right[True] > 100
    assert right[True] / right.total() >= 0.97


def test_generated_people_are_the_same_for_a_seed_and_no_two_share_a_private_mailbox():
    one, two = generate(500, 8), generate(500, 8)
    assert one == two
    assert generate(500, 9) != one
    owners: dict[str, set[int]] = {}
    for email, person in zip(one.email, one.person, strict=True):
        if email and email.endswith("@gmail.com"):
            owners.setdefault(email.replace(".", ""), set()).add(person)
    assert all(len(people) == 1 for people in owners.values())


def test_codes_are_right_as_often_as_they_say():
    told = measured(generate(4_000, 4))
    for code in ("phone_name", "mail_family", "company_name"):
        assert told.right[code] >= 10
        assert told.wrong[code] <= 0.05 * told.right[code]


def test_the_lower_bound_of_few_pairs_is_low():
    assert lower_bound(0, 0) == 0
    assert lower_bound(3, 0) < 0.5 < lower_bound(100, 0) < 1
    assert lower_bound(90, 10) < 0.9


def pair(one: str, other: str, apart: str = "", *, sure: bool = True) -> Pair:
    return Pair(one, other, "phone_name", 0.99, "", sure, apart)


def test_groups_are_joined_through_third_records_but_never_a_father_with_his_son():
    assert clusters_of([pair("a", "b"), pair("b", "c"), pair("d", "e", sure=False)]) == [["a", "b", "c"]]
    chained = [pair("john", "sr", "sr"), pair("john", "jr", "jr")]
    assert clusters_of(chained) == [["john", "sr"]]
