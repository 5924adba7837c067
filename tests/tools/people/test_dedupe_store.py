"""`app.py dedupe` over the leads of a store: a dry run, done, and what people say of two leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, insert, select

import app
from graph.rules.people.traits import keys_of, traits_of
from tools.people.normalising import who_of
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.people_commit import stored_name_key
from tools.store.tables import decisions, leads, person_edges, person_keys

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
PEOPLE = (
    ("ld_work", "Maya Ortiz", "maya.ortiz@acme.example.com", "+14155550132"),
    ("ld_home", "Maya Ortiz", "maya.ortiz77@gmail.com", "+14155550132"),
    ("ld_else", "Ana Weber", "ana.weber@other.example.com", "+493012345678"),
)
FIXED = {
    "revision": 1, "assignment": 1, "owner": "ana@company.com", "path": "qualify", "tier": "high", "score": 50.0,
    "propensity": 0.5, "form": "{}", "created_at": NOW, "decided_at": NOW,
}  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Three decided leads, two of one person, in the store that the command finds by its settings."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made = open_engine(f"sqlite:///{tmp_path / 'leads.db'}")
    migrate(made)
    with made.execution_options(immediate=True).begin() as connection:
        for lead_id, name, email, phone in PEOPLE:
            who = who_of(lead_id, name, email, phone, None)
            own = {"lead_id": lead_id, "full_name": name, "email": email, "phone": phone, "domain": who.domain}
            key = {"name_key": stored_name_key(name), "parent_domain": who.domain}
            connection.execute(insert(leads).values(**FIXED, **own, **key))
            connection.execute(insert(decisions).values(**_decided(lead_id, name, email, phone)))
            for one in keys_of(traits_of(who)):
                connection.execute(insert(person_keys).values(key=one, lead_id=lead_id))
    return made


def _decided(lead_id: str, name: str, email: str, phone: str) -> dict[str, object]:
    record = {"lead": {"full_name": name, "email": email, "phone": phone}}
    same = {"path": "qualify", "owner": FIXED["owner"], "rule": "map.US", "tier": "high", "score": 50.0}
    versions = {"routing_digest": "r", "model_digest": "m", "received_at": NOW, "decided_at": NOW}
    about = {"lead_id": lead_id, "revision": 1, "submission_id": f"s-{lead_id}"}
    return {**about, **same, **versions, "record": orjson.dumps(record)}


def run(*arguments: str) -> int:
    return app.main(["dedupe", *arguments])


def edges(engine: Engine) -> list[tuple[str, str, str, bool]]:
    """(low, high, verdict, stands)"""
    of = person_edges.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.low, of.high, of.verdict, of.undone_at).order_by(of.edge_id)).all()
    return [(row.low, row.high, row.verdict, row.undone_at is None) for row in rows]


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(engine: Engine, capsys: pytest.CaptureFixture[str]):
    assert run() == 0
    said = capsys.readouterr().out
    assert "3 records" in said
    assert "1 pairs, 1 sure" in said
    assert "Nothing was changed" in said
    assert edges(engine) == []


def test_applied_twice_it_merges_once_and_respects_what_a_person_undid(
    engine: Engine, capsys: pytest.CaptureFixture[str]
):
    assert run("--apply") == 0
    assert "1 merged, 0 wait for a verdict, 0 left" in capsys.readouterr().out
    assert edges(engine) == [("ld_home", "ld_work", "same", True)]
    assert run("--apply") == 0
    assert "0 merged, 0 wait for a verdict, 1 left" in capsys.readouterr().out
    assert run("undo", "ld_work", "ld_home", "--by", "ana@company.com") == 0
    assert run("--apply") == 0
    assert "0 merged, 1 wait for a verdict" in capsys.readouterr().out
    assert [edge for edge in edges(engine) if edge[3]] == []
    assert run("list") == 0
    assert capsys.readouterr().out.startswith("ld_home\tld_work\t")


def test_two_leads_that_are_called_different_are_never_merged(engine: Engine, capsys: pytest.CaptureFixture[str]):
    assert run("different", "ld_work", "ld_home", "--why", "father and son") == 0
    assert "kept apart" in capsys.readouterr().out
    assert run("--apply") == 0
    assert "0 merged, 0 wait for a verdict, 1 left" in capsys.readouterr().out
    assert edges(engine) == [("ld_home", "ld_work", "different", True)]


def test_the_person_behind_a_lead_is_shown_with_all_their_leads(engine: Engine, capsys: pytest.CaptureFixture[str]):
    assert run("merge", "ld_work", "ld_home", "--by", "ana@company.com") == 0
    assert "merged" in capsys.readouterr().out
    assert run("merge", "ld_work", "ld_home") == 0
    assert "stood already" in capsys.readouterr().out
    assert run("show", "ld_home") == 0
    shown = orjson.loads(capsys.readouterr().out)
    assert {one["lead_id"] for one in shown["leads"]} == {"ld_home", "ld_work"}


def test_a_lead_that_is_not_there_is_named(engine: Engine, capsys: pytest.CaptureFixture[str]):
    for arguments in (("show", "ld_nobody"), ("merge", "ld_work", "ld_nobody"), ("undo", "ld_work", "ld_else")):
        assert run(*arguments) == 2
        assert "ld_" in capsys.readouterr().err
    assert edges(engine) == []
