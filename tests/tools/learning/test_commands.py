"""The commands about models, as people type them: what they print and how they exit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app import parser, run
from graph.ports import Ports
from tests.fixtures.past import WINDOW, World, with_past
from tests.fixtures.router import person, settle
from tests.tools.learning.test_retraining import with_answers
from tools.ml.registry import current
from tools.ml.registry.roles import read_roles
from tools.settings import Settings
from tools.store.learning import past_leads
from tools.store.predictions import New, keep, validate

SMALL = World(count=60, days=60)


@pytest.fixture
def call(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """(exit code, standard output, standard error) of a command line."""

    def calling(*words: str) -> tuple[int, str, str]:
        code = run(parser(words).parse_args(words), settings)
        out, err = capsys.readouterr()
        return code, out, err

    return calling


async def test_too_few_outcomes_end_training_with_the_numbers_and_code_1(call, database: Engine, ports: Ports):
    await with_past(database, ports, SMALL)
    code, _, err = call("train", "--from-store")
    assert code == 1
    assert "At least 60 of each are needed" in err
    assert call("train", "--from-store", "--since", "yesterday")[0] == 2


async def test_a_model_trained_from_the_store_is_compared_promoted_and_rolled_back(
    call, database: Engine, ports: Ports, models: Path
):
    champion = current(models)
    assert champion is not None
    # Its leads were received up to a fixed day: without them being younger than the window all have matured by now.
    await with_past(database, ports, World())
    code, out, _ = call("train", "--from-store")
    assert code == 0
    digest = out.split("trained ")[-1].split("\n")[0].rsplit("/", 1)[-1]
    code, out, _ = call("models", "list")
    assert code == 0
    assert digest in out
    assert f"champion  {champion.name}" in out
    code, out, _ = call("models", "compare", champion.name[:8], digest[:8])
    assert code == 0
    assert "DeLong" in out
    assert "bootstrap over accounts" in out
    code, out, err = call("models", "promote", digest)
    assert code == 1
    assert "not promoted" in err
    assert call("models", "promote", digest, "--untested")[0] == 1
    code, out, _ = call("models", "promote", digest, "--untested", "--by", "ana", "--reason", "a trial")
    assert code == 0
    assert current(models) == models / digest
    code, out, _ = call("models", "rollback", "--by", "ben", "--reason", "enough")
    assert code == 0
    assert current(models) == champion
    code, out, _ = call("models", "history")
    assert all(word in out for word in ("promoted", "rolled back", "ana", "ben", "a trial", "untested"))
    code, out, _ = call("models", "show", digest)
    assert json.loads(out.split("\n" + digest)[0])["name"] == "router"


def test_a_challenge_is_begun_widened_and_stopped(call, models: Path):
    two = with_answers(models, "another", 1.0)
    assert call("models", "challenge", two, "--share", "0.1")[0] == 0
    assert call("models", "challenge", two, "--share", "0.3")[0] == 0
    held = read_roles(models).challenger
    assert held is not None
    assert held.share == 0.3
    code, _, err = call("models", "challenge", two, "--share", "20")
    assert (code, "share" in err) == (1, True)
    assert call("models", "stop-challenge")[0] == 0
    assert call("models", "stop-challenge")[0] == 1
    assert call("models", "rollback")[0] == 1
    code, _, err = call("models", "promote", "zz")
    assert (code, "models list" in err) == (1, True)


async def test_a_challenger_is_promoted_by_its_test_and_the_look_is_counted(
    call, settings: Settings, database: Engine, ports: Ports, models: Path
):
    good = str(read_roles(models).champion)
    bad = with_answers(models, "wrong way round", -1.0)
    assert call("models", "promote", bad, "--untested", "--reason", "a trial")[0] == 0
    await with_past(database, ports, World())
    code, out, err = call("models", "promote", good, "--by", "ana")
    assert (code, err) == (0, "")
    assert "better. Brier" in out
    assert "Brier" in read_roles(models).log[-1].evidence
    assert settings.conversion_window_d == WINDOW.days


async def test_drift_says_what_it_looked_at_and_exits_with_0_when_nothing_was_found(
    call, database: Engine, ports: Ports
):
    await with_past(database, ports, SMALL)
    code, out, _ = call("drift", "--last", "7d")
    assert code == 0
    assert "not judged" in out
    assert call("drift", "--last", "soon")[0] == 2
    code, out, _ = call("drift", "--json")
    assert json.loads(out)["findings"] == []


async def test_drift_that_is_found_is_told_in_sentences_with_code_1(call, database: Engine, ports: Ports):
    await with_past(database, ports, World(until=datetime.now(UTC), shifted=90))
    code, out, _ = call("drift", "--last", "30d")
    assert code == 1
    assert "* input, known at enrichment: logEmployees: PSI" in out
    assert "unknown for 100% of the leads" in out
    code, out, _ = call("drift", "--last", "30d", "--json")
    assert code == 1
    assert {found["name"] for found in json.loads(out)["findings"]} >= {"logEmployees", "asksDemo"}
    code, out, _ = call("drift", "--last", "30d", "--all")
    assert "  input, known at submission:" in out


async def test_retraining_reports_and_the_leaderboard_is_shown(call, database: Engine, ports: Ports, models: Path):
    await with_past(database, ports, SMALL)
    code, out, _ = call("retrain")
    assert code == 0
    assert "nothing trained" in out
    assert list((models / "reports").glob("retrain-*.md"))
    code, out, _ = call("models", "leaderboard")
    assert code == 0
    assert "promised" in out
    assert "judged" not in out
    assert call("models", "prune")[0] == 0


async def test_the_leaderboard_shows_what_share_people_judged_accurate_of_each_model(call, database: Engine):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    verdicts = {"aaaa1111": [True, True, False], "bbbb2222": [False]}
    for version, said in verdicts.items():
        made = [New(f"ld_{n}", 1, "CONVERSION", 0.75, "m", version, "model", 1.0, b"{}") for n in range(len(said))]
        for one, accurate in zip(keep(database, made, now), said, strict=True):
            validate(database, one.prediction_id, accurate, now)
    code, out, _ = call("models", "leaderboard")
    assert code == 0
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line[:4] in {"aaaa", "bbbb"}}
    assert lines["aaaa1111"] == ["CONVERSION", "3", "66.7%", "0.2292"]
    assert lines["bbbb2222"] == ["CONVERSION", "1", "0.0%", "0.5625"]


async def test_outcomes_from_a_file_are_kept_whole_or_not_at_all(call, database: Engine, ports: Ports, tmp_path: Path):
    await settle(database, ports, person("ann"), person("bob"))
    (lead,) = (one.lead_id for one in past_leads(database) if one.account.startswith("bob"))
    file = tmp_path / "crm.csv"
    file.write_text(
        'Email,Outcome,Closed_At,Contract_USD\nANN@ann-werke.de,Won,2026-05-01,"12,000"\nx@y.example,won,2026-05-01,\n'
        "bob@bob-werke.de,sold,2026-05-01,\nbob@bob-werke.de,lost,soon,\nbob@bob-werke.de,won,2026-05-01,-3\n"
    )
    code, _, err = call("outcomes", str(file))
    assert code == 1
    for said in (
        "line 3: no lead 'x@y.example'",
        "line 4: outcome 'sold'",
        'line 5: "soon"',
        "line 6: contract_usd '-3'",
    ):
        assert said in err
    assert all(one.outcome is None for one in past_leads(database))
    file.write_text(
        f"lead_id,email,outcome,closed_at,contract_usd\n,ann@ann-werke.de,won,2026-05-01,12000\n{lead},,no-show,2026-05-02,\n"
    )
    assert call("outcomes", str(file))[0] == 0
    ends = {one.account: (one.outcome, one.contract_usd, one.closed_at) for one in past_leads(database)}
    assert ends["ann-werke.de"] == ("won", 12000.0, datetime(2026, 5, 1, tzinfo=UTC))
    assert ends["bob-werke.de"][0] == "no_show"
    file.write_text("name,outcome\na,won\n")
    assert call("outcomes", str(file))[0] == 2
    assert call("outcomes", str(tmp_path / "none.csv"))[0] == 2
