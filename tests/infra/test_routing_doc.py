"""infra/docs/routing.md is true: every file in it is read, every error is the one shown, every command prints what it says.

Blocks: ```json file is a whole routing file, ```json add goes into the one before, ```json example is one by itself, ```json
lead is lead.json, ```json draft makes draft.json of the file, ```json leads came in before what follows (LEAD1 is the id of
the first), ```json wrong is a file whose errors stand in the ```text behind it, ```console has commands and what they print
(`...` stands for anything; on a last line of its own, for nothing as well).
"""

from __future__ import annotations

import doctest
import json
import re
import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app import main
from graph.build import run_batch
from graph.domain.lead import Form, Submission
from graph.state import Case
from tests.fixtures.router import IDENTIFIER, ROOT, context_of, ports_of, the_graph, threads
from tools.routing_file import RoutingFileError, load, parse, run_tests
from tools.routing_file.reader import Node, Source, read
from tools.settings import Settings
from tools.store.commit import commit, seal
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.routing_versions import keep_version


def _a_working_hour() -> datetime:
    """The newest Wednesday afternoon on which the people of the page work (one of them is away in March 2026)."""
    now = datetime.now(UTC)
    found = now.replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=(now.weekday() - 2) % 7)
    while found > now or (found.year, found.month) == (2026, 3):
        found -= timedelta(days=7)
    return found


NOW = _a_working_hour()
PAGE = ROOT / "infra" / "docs" / "routing.md"
_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAME = doctest.OutputChecker().check_output


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    line: int


def blocks() -> list[Block]:
    page = PAGE.read_text(encoding="utf-8")
    return [
        Block(match[2] or match[1], match[3], page.count("\n", 0, match.start()) + 1) for match in _BLOCK.finditer(page)
    ]


def value_of(node: Node) -> Any:
    if node.members is not None:
        return {member.key: value_of(member.node) for member in node.members}
    return node.value if node.items is None else [value_of(item) for item in node.items]


def added(before: Any, more: Any) -> Any:
    if isinstance(before, dict) and isinstance(more, dict):
        return before | {key: added(before[key], value) if key in before else value for key, value in more.items()}
    return before + more if isinstance(before, list) else more


def merged(before: str, more: str) -> str:
    return json.dumps(added(value_of(read(Source(before))), value_of(read(Source(more)))), indent=2)


@dataclass(frozen=True)
class Step:
    """A block with what the page has come to there: the routing file, the draft, lead.json, the leads that came in."""

    block: Block
    routing: str
    draft: str
    lead: str
    leads: str


def steps() -> list[Step]:
    found, routing, draft, lead, leads = [], "", "", "", "[]"
    for block in blocks():
        if block.kind == "file":
            routing = block.text
        elif block.kind == "add":
            routing = merged(routing, block.text)
        elif block.kind == "draft":
            draft = merged(routing, block.text)
        elif block.kind == "lead":
            lead = block.text
        elif block.kind == "leads":
            leads = block.text
        found.append(Step(block, block.text if block.kind == "example" else routing, draft, lead, leads))
    return found


def some(*kinds: str) -> dict[str, Any]:
    found = [step for step in steps() if step.block.kind in kinds]
    return {"argvalues": found, "ids": [f"line {step.block.line}" for step in found]}


async def decide(forms: list[dict[str, str]], settings: Settings) -> list[str]:
    """The leads, decided by the routing file at NOW, each in a run of its own; their ids."""
    submissions = [Submission(f"s:{n}", "", NOW, Form(**form)) for n, form in enumerate(forms)]
    submissions = [replace(one, lead_id=IDENTIFIER.lead_id(one.form) or "") for one in submissions]
    settings.data_dir.mkdir()
    engine = open_engine(settings.database)
    migrate(engine)
    table = load(settings.routing_file)
    keep_version(engine, table.digest, table.text)
    with threads(2) as executor:
        context = context_of(ports_of(engine, executor), NOW, table)
        for submission in submissions:
            (case,) = await run_batch(the_graph(), [Case(submission)], context)
            commit(engine, [seal(case, context)], NOW, context.versions)
    engine.dispose()
    return [one.lead_id for one in submissions]


WRONG = [pair for pair in pairwise(blocks()) if pair[0].kind == "wrong"]


def test_every_block_is_of_a_kind_that_is_tested():
    assert {block.kind for block in blocks()} == {
        "file",
        "add",
        "draft",
        "example",
        "lead",
        "leads",
        "wrong",
        "text",
        "console",
    }
    assert all(after.kind == "text" for _, after in WRONG)
    assert sum(block.kind == "text" for block in blocks()) == len(WRONG)


@pytest.mark.parametrize("step", **some("file", "add", "example"))
def test_every_file_is_valid_and_keeps_its_promises(step: Step):
    assert all(result.passed for result in run_tests(parse(step.routing)))


@pytest.mark.parametrize(("block", "errors"), WRONG, ids=[f"line {pair[0].line}" for pair in WRONG])
def test_every_error_is_the_one_shown(block: Block, errors: Block, tmp_path: Path):
    file = tmp_path / "routing.json"
    file.write_text(block.text)
    with pytest.raises(RoutingFileError) as caught:
        load(file)
    shown = "".join(f"{finding}\n" for finding in caught.value.findings)
    assert _SAME(errors.text, shown, doctest.ELLIPSIS), shown


@pytest.mark.parametrize("step", **some("console"))
async def test_every_command_prints_what_the_page_says(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTING_FILE", "routing.json")
    Path("routing.json").write_text(step.routing)
    Path("lead.json").write_text(step.lead)
    if step.draft:
        Path("draft.json").write_text(step.draft)
    ids = await decide(json.loads(step.leads), Settings(_env_file=None)) if step.leads != "[]" else []
    for command, wanted in re.findall(r"^\$ app\.py (.*)\n((?:(?!\$ ).*\n)*)", step.block.text, re.MULTILINE):
        words = [ids[int(word[4:]) - 1] if word.startswith("LEAD") else word for word in shlex.split(command)]
        main(words)
        captured = capsys.readouterr()
        printed = captured.out + captured.err
        for number, lead_id in enumerate(ids, 1):
            printed = printed.replace(lead_id, f"LEAD{number}")
        assert _SAME(re.sub(r"\n\.\.\.\n\Z", "\n...", wanted), printed, doctest.ELLIPSIS), printed
