"""`rules explain`, `rules drift`, `rules alias`, as people call them."""

from __future__ import annotations

import io
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, update

from app import parser
from tests.fixtures.router import ROUTING, person, ports_of, settle, the_table, threads
from tools.cli import rules
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.routing_versions import keep_version
from tools.store.tables import decisions

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "routing.json"
    shutil.copy(ROUTING, file)
    return Settings(_env_file=None, data_dir=tmp_path / "data", routing_file=file)


def line_of(rule: str) -> int:
    """Where it stands in the sample file."""
    return next(one.line for one in the_table().rules if one.id == rule)


def run(settings: Settings, *words: object) -> int:
    return rules.run(parser().parse_args(["rules", *map(str, words)]), settings)


async def decide(settings: Settings, *submissions, now: datetime = NOW, keep: bool = True) -> None:
    settings.data_dir.mkdir(exist_ok=True)
    engine = open_engine(settings.database)
    migrate(engine)
    if keep:
        keep_version(engine, the_table().digest, the_table().text)
    with threads(2) as executor:
        await settle(engine, ports_of(engine, executor), *submissions, now=now)
    engine.dispose()


def lead_file(folder: Path, **lead: object) -> Path:
    path = folder / "lead.json"
    path.write_bytes(orjson.dumps(lead))
    return path


async def test_a_recorded_decision_is_explained_as_it_was_made(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """By the file and the ledger of then, whatever the file says today."""
    one, two = person("ann"), person("bob")
    await decide(settings, one, two)
    settings.routing_file.write_text('{"DEFAULT": "today@company.com"}')
    assert run(settings, "explain", one.lead_id) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"maren@company.com by rules.dach, line {line_of('dach')} (version 2, ")
    assert '\n  {"id": "dach", ' in said
    assert "\nThe turn in the pool dach, in leads (> has it):\n  > maren@company.com " in said
    assert "owed +0.00, this turn +0.50, 0 taken, works now\n    jonas@company.com " in said
    assert "\n  with employees 25,000 instead of 400: sam@company.com by rules.strategic, line " in said
    assert f"\n  drop rules.dach (line {line_of('dach')}): dach-desk@company.com by map.DACH, line 10; breaks" in said
    assert run(settings, "explain", f"{two.lead_id}@1") == 0
    assert capsys.readouterr().out.startswith("jonas@company.com by rules.dach")
    assert run(settings, "explain", one.lead_id, "--file", settings.routing_file) == 0
    assert capsys.readouterr().out.startswith("today@company.com by map.DEFAULT, line 1 ")


def test_a_lead_from_a_file_is_explained_at_a_time(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    lead = lead_file(tmp_path, country="US", state="CA", employees=400)
    assert run(settings, "explain", lead, "--at", "2026-03-10T15:00") == 0
    said = capsys.readouterr().out
    assert "SLA standard: accept by Tue 2026-03-10 15:30 EDT" in said
    assert "\n  with employees 1,000 instead of 400: pool us-west-ent by rules.us-west-ent, line " in said
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"score": 0.04}'))
    assert run(settings, "explain", "-", "--json") == 0
    shown = orjson.loads(capsys.readouterr().out)
    assert (shown["owner"], shown["sequence"]) == ("general@company.com", "low_score_nurture")
    assert shown["lead"] == {"score": 0.04}
    first = shown["other_facts"][0]
    assert first["said"].startswith(
        "with employees 25,000 instead of unknown: sam@company.com by rules.strategic, line "
    )
    assert first["changes"] == [{"field": "employees", "before": None, "after": 25000, "note": ""}]
    assert run(settings, "explain", lead, "--json") == 0
    edit = orjson.loads(capsys.readouterr().out)["other_files"][-1]
    assert (
        edit["said"]
        == 'drop map.US-CA (line 5): us-team@company.com by map.US, line 4; breaks the test "US-CA is California"'
    )
    assert run(settings, "explain", lead_file(tmp_path, country="US", state="CA", employees=4000)) == 0
    assert "before rules.us-west-ent: pool us-ent by rules.us-ent" in (said := capsys.readouterr().out)
    assert said.rstrip().endswith('; breaks the test "western enterprise"')
    assert edit["patch"] == ['-  "US-CA": "california@company.com", // California. CA alone is Canada']


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lead.jsn",), "lead.jsn is neither a file nor the id of a lead (ld_...)"),
        (("ld_nobody",), "ld_nobody is no lead with a decision here"),
        (("LEAD", "--at", "noon"), '"noon" is not a time; write it as 2026-03-10T15:00'),
        (("LEAD", "--file", "nowhere.json"), "nowhere.json cannot be read: No such file or directory"),
        (("BAD",), 'country: "Germany" is not the code of a country, did you mean "DE"? (line 1, column 12)\n1 error'),
    ],
)
def test_what_cannot_be_explained_says_why(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
):
    files = {"LEAD": {"country": "DE"}, "BAD": {"country": "Germany"}}
    given = [lead_file(tmp_path, **files[word]) if word in files else word for word in words]
    assert run(settings, "explain", *given) == 2
    assert capsys.readouterr().err.strip() == message


async def test_a_decision_that_the_file_alone_does_not_give_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    """An escalation, or a lead that stays with its owner: here a rule that was recorded otherwise."""
    await decide(settings, person("ann"))
    engine = open_engine(settings.database)
    with engine.execution_options(immediate=True).begin() as connection:
        record = connection.scalar(select(decisions.c.record))
        changed = record.replace(b'"owner":"maren@', b'"owner":"helen@', 1)
        connection.execute(update(decisions).values(record=changed))
    engine.dispose()
    assert run(settings, "explain", person("ann").lead_id) == 0
    said = capsys.readouterr().out
    assert said.startswith("The decision: helen@company.com by rules.dach. ")
    assert "\nIt was not routed anew; the file by itself gives:\nmaren@company.com by rules.dach, line " in said


async def test_a_decision_whose_file_was_not_kept_asks_for_one(settings: Settings, capsys: pytest.CaptureFixture[str]):
    await decide(settings, person("ann"), keep=False)
    assert run(settings, "explain", person("ann").lead_id) == 2
    assert "is not in the store; name another" in capsys.readouterr().err


async def test_drift_tells_of_shares_and_of_values_and_writes_a_proposal_into_a_draft(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    await decide(settings, *(person(f"o{n}", country="France") for n in range(12)), now=NOW - timedelta(days=40))
    await decide(settings, *(person(f"n{n}", country="Germnay") for n in range(12)), person("a", country="Atlantis"))
    assert run(settings, "drift", "--last", "30d") == 0
    said = capsys.readouterr().out
    assert said.startswith("13 leads since ")
    assert "\n  * map.FR                         0.0%  before 100.0%  expected " in said
    assert "\n    none, and none before: rules.partner, rules.strategic, " in said
    assert "rules.us-west-ent" in said  # no name is torn apart
    assert max(map(len, said.splitlines())) <= 120
    assert "\n  12 leads say country 'Germnay', 12 of them matched nothing; add an alias for DE? (--apply 1)\n" in said
    assert "\n  1 lead says country 'Atlantis', 1 of them matched nothing\n" in said
    draft = tmp_path / "draft.json"
    assert run(settings, "drift", "--apply", 1, "--file", draft) == 0
    assert capsys.readouterr().out == f'{draft}: country "Germnay" means DE\n'
    assert parse(draft.read_text()).aliases == {"country": {"germnay": "DE"}}
    assert "// California. CA alone is Canada" in draft.read_text()
    assert parse(settings.routing_file.read_text()).aliases == {}
    assert run(settings, "drift", "--apply", 2, "--file", draft) == 2
    assert capsys.readouterr().err == "there is no proposal 2; there are 1\n"
    assert run(settings, "drift", "--apply", 1) == 2
    assert run(settings, "drift", "--last", "a month") == 2
    assert '"a month" is not a period; write 30d, 12h or 2w' in capsys.readouterr().err
    assert run(settings, "drift", "--json") == 0
    shown = orjson.loads(capsys.readouterr().out)
    assert shown["lines"]["map.FR"]["shifted"]
    assert shown["values"][0]["proposal"] == "DE"


def test_an_alias_that_is_wrong_is_not_written(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    draft = tmp_path / "draft.json"
    assert run(settings, "alias", "country", "Germnay", "DE", "--file", draft) == 0
    before = draft.read_text()
    assert run(settings, "alias", "country", "Frnace", "Frankreich", "--file", draft) == 1
    assert (
        'aliases.country.Frnace: "Frankreich" is not the code of a country, did you mean "FR"?'
        in capsys.readouterr().err
    )
    assert draft.read_text() == before
