"""Leads to plan with come from a file as people have one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fixtures.router import the_table
from tools.planning.leads_file import LeadsError, leads_of
from tools.planning.period import last, moment
from tools.store.past import Given

NOW = datetime(2026, 4, 7, tzinfo=UTC)


def read(folder: Path, name: str, text: str) -> list[Given]:
    (folder / name).write_text(text, encoding="utf-8")
    return leads_of(folder / name, the_table(), NOW)


ACME = '{"id": "a", "email": "x@labs.acme.com", "country": "UK", "employees": 40}'
JANUARY = '{"country": "US", "at": "2026-01-05T10:00:00-05:00"}'
CSV = "\ufeffid,email,country,employees,at\na,x@labs.acme.com,UK,40,\n,,US,,2026-01-05T15:00:00+00:00\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("leads.jsonl", f"{ACME}\n\n{JANUARY}\n"), ("leads.json", f"[{ACME},\n{JANUARY}]"), ("leads.csv", CSV)],
)
def test_three_formats_say_the_same(tmp_path: Path, name: str, text: str):
    first, second = read(tmp_path, name, text)
    assert (first.decided_at, first.facts.country, first.facts.employees) == (
        datetime(2026, 1, 5, 15, tzinfo=UTC),
        "US",
        None,
    )
    assert (second.lead_id, second.decided_at, second.facts.country) == ("a", NOW, "GB")
    assert (second.facts.employees, second.facts.domain) == (40, "acme.com")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("l.jsonl", '{"country": "US"}\n{"cuontry": "US"}', 'line 2: cuontry: unknown key, did you mean "country"?'),
        ("l.jsonl", '{"country": "US"', "line 1: expected a comma"),
        ("l.jsonl", '"US"', "line 1: this is not JSON with an object"),
        ("l.json", '[{"score": 40}]', "lead [0]: score: a score in this file is from 0 to 1"),
        ("l.json", "[1,", "l.json: "),
        ("l.csv", "country,employees\nUS\n", "row 2: it has not as many cells as the first row"),
        ("l.csv", "country,employees\nUS,many\n", "row 2: employees: expected a whole number"),
        ("l.jsonl", '{"at": "noon"}', 'line 1: at: "noon" is not a time'),
    ],
)
def test_a_lead_that_is_none_is_named(tmp_path: Path, name: str, text: str, message: str):
    with pytest.raises(LeadsError) as raised:
        read(tmp_path, name, text)
    assert str(raised.value).startswith(message)


def test_periods_are_written_shortly():
    assert [last(text).total_seconds() for text in ("30d", "12h", "2w")] == [30 * 86_400, 43_200, 14 * 86_400]
    assert moment("2026-01-14") == datetime(2026, 1, 14, tzinfo=UTC)
    for text in ("30", "d", "-1d", "0d", "1y", ""):
        with pytest.raises(ValueError, match="write 30d"):
            last(text)
    with pytest.raises(ValueError, match="write 2026-01-14"):
        moment("yesterday")
