"""`app.py rules check`: what it prints, and what its exit code says."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fixtures.router import person, ports_of, settle, threads
from tools.cli import rules
from tools.routing_file import load
from tools.settings import Settings
from tools.store.engine import open_engine

ROOT = Path(__file__).parents[3]
EXAMPLE = Path(os.environ.get("LEAD_DATA", ROOT.parent / "shared" / "data")).parent / "design" / "routing.example.json"
SHADOWED = (
    '{"DEFAULT": "g@company.com", "rules": [{"id": "us", "if": {"where": "US"}, "to": "a@company.com"},'
    ' {"id": "smb", "if": {"where": "US-CA"}, "to": "b@company.com"}]}'
)
SUNDAYS = (
    '{"DEFAULT": "g@company.com", "US": "pool:p", "people": {"a": {"email": "a@company.com",'
    ' "hours": "mon-sat 00:00-24:00"}}, "pools": {"p": {"members": ["a"]}}}'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "routing.json"


def command(path: Path | None, *options: str) -> int:
    """The exit code, as app.py gives it."""
    parser = argparse.ArgumentParser()
    rules.add(parser.add_subparsers())
    arguments = parser.parse_args(["rules", "check", *([] if path is None else [str(path)]), *options])
    return rules.run(arguments, Settings() if rules.needs_settings(arguments) else None)


def check(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> tuple[int, list[str]]:
    code = command(path, *options)
    return code, capsys.readouterr().out.splitlines()


def test_a_good_file_says_what_it_holds(file, capsys):
    file.write_text(
        '{"DEFAULT": "g@company.com", "tests": [{"name": "t", "lead": {}, "expect": {"owner": "g@company.com"}}]}'
    )
    code, said = check(capsys, file)
    assert code == 0
    held = "1 place, 0 accounts, 0 rules, 0 pools, 0 people; 1 of 1 tests pass (version 1, "
    assert said[0].startswith(f"{file} is valid: {held}{load(file).digest[:12]}")


def test_every_error_is_printed_and_fails(file, capsys):
    file.write_text('{"US": "nobody", "rulez": 1}')
    code, said = check(capsys, file)
    assert code == 1
    assert said[0] == f"{file} is not valid"
    assert said[2] == "3 errors"
    assert len(said) == 6


def test_a_finding_is_shown_and_only_strict_makes_it_an_error(file, capsys):
    file.write_text(SHADOWED)
    code, said = check(capsys, file)
    assert code == 0
    assert "1 finding" in said
    assert any(line.startswith("rules[1] smb: no lead is left to it: rules.us takes all") for line in said)
    assert check(capsys, file, "--strict")[0] == 1


def test_leads_that_come_to_nobody_are_an_error(file, capsys):
    file.write_text(SUNDAYS)
    code, said = check(capsys, file)
    assert code == 1
    assert "is not valid: 2 places" in said[0]
    assert any(line.startswith("pools.p: nobody works in the pool on Sundays") for line in said)


@pytest.mark.parametrize(("at", "over"), [("2026-06-30", False), ("2026-07-01", True)])
def test_a_file_is_looked_at_as_of_any_day_in_its_own_zone(file, capsys, at, over):
    file.write_text(
        '{"DEFAULT": "g@company.com", "timezone": "America/New_York", "rules":'
        ' [{"id": "r", "if": {"where": "US"}, "to": "a@company.com", "until": "2026-06-30"}]}'
    )
    _, said = check(capsys, file, "--at", at)
    assert any("it is over since 2026-06-30" in line for line in said) is over


def test_a_time_that_is_none_is_told(file, capsys):
    with pytest.raises(SystemExit):
        check(capsys, file, "--at", "tomorrow")
    assert '"tomorrow" is not a time; write it as 2026-12-24T18:00:00Z' in capsys.readouterr().err


def test_json_says_the_same(file, capsys):
    file.write_text(SHADOWED)
    code, said = check(capsys, file, "--json")
    found = json.loads("\n".join(said))
    assert code == 0
    assert (found["valid"], found["errors"], len(found["findings"])) == (True, [], 1)
    assert found["findings"][0]["path"] == "rules[1] smb"
    assert found["findings"][0]["line"] == 1
    assert found["digest"] == load(file).digest


def test_a_file_that_is_not_there_is_told(file, capsys):
    assert command(file) == 1
    assert capsys.readouterr().err == f"{file} cannot be read: No such file or directory\n"


@pytest.mark.skipif(not EXAMPLE.exists(), reason=f"{EXAMPLE} is absent; set LEAD_DATA to check the example file")
def test_without_a_file_the_live_one_is_checked(file, capsys, monkeypatch):
    file.write_text('{"DEFAULT": "g@company.com"}')
    monkeypatch.setenv("ROUTING_FILE", str(file))
    assert command(None) == 0
    assert capsys.readouterr().out.startswith(f"{file} is valid: 1 place")


def test_the_example_file_is_good_and_has_a_few_findings(capsys):
    code, said = check(capsys, EXAMPLE, "--at", "2026-08-01T12:00:00Z", "--json")
    found = json.loads("\n".join(said))
    assert code == 0
    assert [item["path"] for item in found["findings"]] == [
        "regions.EMEA",
        "regions.EMEA[0]",
        "segments.mid",
        "rules[1] nyc-fin",
    ]


def test_the_sample_file_has_no_finding(capsys):
    now = datetime.now(UTC)
    code, said = check(capsys, ROOT / "infra" / "routing.json", "--strict", "--at", now.isoformat(), "--json")
    assert code == 0
    assert json.loads("\n".join(said))["findings"] == []


def test_a_flat_map_is_good_as_it_is(file, capsys):
    file.write_text(
        '{"US": "us@company.com", "CA": "ca@company.com", "UK": "uk@company.com", "DEFAULT": "g@company.com"}'
    )
    assert check(capsys, file, "--strict")[0] == 0


async def test_recent_leads_say_how_much_a_partly_dead_rule_loses(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    file = ROOT / "infra" / "routing.json"
    assert any("rules.partner and 2 others take some" in line for line in check(capsys, file, "--last", "30d")[1])
    engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}")
    leads = [person("ann"), person("bob", source="partner_referral"), person("cid", source="partner_referral")]
    with threads() as executor:
        await settle(engine, ports_of(engine, executor), *leads, now=datetime.now(UTC))
    engine.dispose()
    code, said = check(capsys, file, "--last", "30d", "--json")
    found = json.loads("\n".join(said))
    assert code == 0
    (lost,) = found["findings"]
    assert lost["path"] == "rules[10] dach"
    assert lost["message"].startswith("it loses 67% of its recent leads (2 of 3), to rules.partner; a lead like {")
    assert [note["path"] for note in found["notes"]] == ["DEFAULT"]


def test_a_period_that_is_none_is_told(file, capsys):
    with pytest.raises(SystemExit):
        check(capsys, file, "--last", "a month")
    assert '"a month" is not a period; write 30d, 12h or 2w' in capsys.readouterr().err


def test_who_only_checks_a_file_waits_for_no_settings_and_no_store() -> None:
    code = (
        "import sys, app; app.main(['rules', 'check', 'infra/routing.json']);"
        "print(sorted({'tools.settings', 'pydantic_settings', 'sqlalchemy', 'numpy'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]", told
