"""`app.py accounts costs`, `switch` and `refresh`: what company facts cost, who is asked, what is asked anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import main
from tools.enrichment.ledger import switch_of
from tools.enrichment.switch import room
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.enriching import Ceilings, Kept, Room, reserve, settle, source_rows

Accounts = Callable[..., tuple[int, str, str]]


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Accounts:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENRICHMENT", "live")
    monkeypatch.setenv("APOLLO_API_KEY", "key")
    monkeypatch.setenv("ENRICHMENT_TERMS", '{"apollo": {"price_cents": 3, "daily_questions": 500}}')
    monkeypatch.setenv("ENRICHMENT_DAILY_CENTS", "900")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["accounts", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def spend(folder: Path) -> None:
    """Two questions of today: one filled a field, one found nothing."""
    engine = open_engine(Settings(_env_file=None, data_dir=folder).database)
    now = datetime.now(UTC)
    free = Room(None, lambda _: dict(switch_row(now)))
    domains, lease = ["acme.com", "no.com"], timedelta(seconds=5)
    assert reserve(engine, "apollo", domains, 3, Ceilings(), now, clock=now, lease=lease, room=lambda _: free) == [
        "granted", "granted",
    ]  # fmt: skip
    kept = [Kept("apollo", domain, "found", None, now, now + timedelta(days=1)) for domain in domains]
    settle(
        engine, "apollo", kept, [], now, back_cents=0, judge=lambda row: {k: v for k, v in (row or {}).items() if k != "source"},
        filled=1, answered=2,
    )  # fmt: skip
    engine.dispose()


def switch_row(now: datetime) -> dict[str, object]:
    from dataclasses import asdict

    from tools.enrichment.switch import new

    return asdict(new(now))


def test_nothing_was_spent_at_first(accounts: Accounts):
    code, out, _ = accounts("costs")
    assert code == 0
    assert "No source was asked for money" in out
    assert "apollo               on" in out
    assert "price_cents 3, daily_questions 500" in out
    assert "all sources, a day: at most 900 cents" in out


def test_costs_are_shown_by_day_and_source_and_as_json(accounts: Accounts, tmp_path: Path):
    accounts("costs")
    spend(tmp_path)
    code, out, _ = accounts("costs", "--days", "1")
    row = next(line for line in out.splitlines() if f"{datetime.now(UTC):%Y-%m-%d}" in line)
    assert code == 0
    assert row.split()[1:] == ["apollo", "2", "6.00", "1", "1", "0"]
    told = json.loads(accounts("costs", "--json")[1])
    assert told["days"][0]["cents"] == 6
    assert told["sources"]["apollo"]["state"] == "on"


def test_a_source_is_switched_by_hand_with_a_reason(accounts: Accounts, tmp_path: Path):
    assert accounts("switch", "apollo", "off")[0] == 2
    assert accounts("switch", "apolo", "off", "--reason", "x")[2].startswith("apolo: no such source; there are: apollo")
    code, out, _ = accounts("switch", "apollo", "off", "--reason", "contract ended")
    assert (code, out) == (0, "apollo: switched off; every process follows with its next question.\n")
    assert "apollo               off (by hand): contract ended" in accounts("costs")[1]
    engine = open_engine(Settings(_env_file=None, data_dir=tmp_path).database)
    now = datetime.now(UTC)
    assert room(switch_of(source_rows(engine)["apollo"], now), now)[1] == 0
    engine.dispose()
    assert accounts("switch", "apollo", "auto")[0] == 0
    assert "apollo               on\n" in accounts("costs")[1]


def test_what_was_kept_of_a_company_can_be_forgotten(accounts: Accounts, tmp_path: Path):
    accounts("costs")
    spend(tmp_path)
    assert accounts("refresh", "https://www.acme.com")[1] == "acme.com: 1 answers forgotten.\n"
    assert accounts("refresh", "acme.com")[1] == "acme.com: 0 answers forgotten.\n"
    assert accounts("refresh", "no domain")[0] == 2
