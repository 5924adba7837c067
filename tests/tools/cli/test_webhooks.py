"""Outgoing webhooks from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import main
from tests.fixtures.router import threads
from tests.fixtures.webhooks import Receiver, happened, make_due, passed
from tests.servers.base import Answer
from tools.outgoing.performing import outgoing
from tools.settings import Settings
from tools.store.engine import open_engine
from tools.stream.dispatcher import Dispatcher


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs `app.py webhooks ...` in a data folder of its own; answers exit code and what was printed."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WEBHOOKS_PRIVATE", "true")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        code = main(["webhooks", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def send(folder: Path) -> None:
    settings = Settings(data_dir=folder, webhooks_private=True, _env_file=None)
    engine = open_engine(settings.database)
    make_due(engine)
    with threads() as executor:
        held = outgoing(settings, engine, executor)

        async def drain() -> None:
            await Dispatcher(engine, executor, {}, "d", queues=held.queues).run(drain=True)
            await held.aclose()

        asyncio.run(drain())
    engine.dispose()


def test_from_the_first_endpoint_to_a_replay(say: Callable[..., tuple[int, str]], receiver: Receiver, tmp_path: Path):
    code, said = say("list")
    assert (code, "Nobody is told yet" in said) == (0, True)
    code, said = say("add", receiver.url + "/hook", "--events", "lead.passed,lead.decided")
    assert code == 0
    name, secret = said.split()[0], said.split()[-1]
    receiver.secrets = [secret]
    assert say("test", name)[0] == 0
    engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}")
    happened(engine, passed(part="1"), passed(part="2"))
    receiver.script(Answer(500, "busy \x1b[2J"))
    send(tmp_path)
    code, said = say("deliveries", name, "--outcome", "failed")
    (line,) = said.splitlines()
    assert "500" in line
    assert "\x1b" not in said
    message = line.split("\t")[1]
    assert say("send-again", name, message) == (0, "queued, under the same id\n")
    send(tmp_path)
    assert receiver.types == ["ping", "lead.passed", "lead.passed"]
    assert len(set(receiver.ids)) == 3
    code, said = say("replay", name, "--since", "2026-01-01")
    assert (code, said) == (0, "2 messages go out again, each under its own id\n")
    assert "2 waiting" in say("list")[1]
    assert say("pause", name) == (0, "paused\n")
    assert say("resume", name) == (0, "active\n")
    assert json.loads(say("show", name)[1])["waiting"] == 2
    code, said = say("rotate-secret", name)
    assert said.split()[-1].startswith("whsec_")
    assert said.split()[-1] != secret
    assert say("remove", name) == (0, f"{name} is removed; 2 waiting messages were dropped\n")
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "ftp://x.example", "--events", "all"), "url: "),
        (("add", "https://x.example/", "--events", "lead.won"), "there is no 'lead.won'"),
        (("add", "https://x.example/", "--events", "all", "--secret", "abc"), "secret: "),
        (("show", "ep_zzzzzzzz"), "there is no endpoint"),
        (("test", "ep_zzzzzzzz"), "there is no endpoint"),
        (("pause", "ep_zzzzzzzz"), "there is no endpoint"),
        (("remove", "ep_zzzzzzzz"), "there is no endpoint"),
        (("rotate-secret", "ep_zzzzzzzz"), "there is no endpoint"),
        (("deliveries", "ep_zzzzzzzz"), "there is no endpoint"),
        (("deliveries", "ep_zzzzzzzz", "--limit", "0"), "--limit"),
        (("send-again", "ep_zzzzzzzz", "msg_1"), "was sent no message"),
        (("replay", "ep_zzzzzzzz", "--since", "2026-01-01"), "there is no endpoint"),
        (("replay", "ep_zzzzzzzz", "--since", "yesterday"), "--since"),
        (("schema", "lead.won"), "there is no event"),
    ],
)
def test_what_cannot_be_done_says_why_and_exits_with_2(
    say: Callable[..., tuple[int, str]], words: tuple[str, ...], why: str
):
    code, said = say(*words)
    assert code == 2
    assert why in said


def test_a_ping_that_is_not_taken_exits_with_1(say: Callable[..., tuple[int, str]], receiver: Receiver):
    name = say("add", receiver.url, "--events", "all")[1].split()[0]
    code, said = say("test", name)
    assert (code, said.splitlines()[1]) == (1, "no signature fits")
    assert said.startswith("401 after")


def test_the_schema_of_each_event_can_be_printed(say: Callable[..., tuple[int, str]]):
    assert json.loads(say("schema")[1])["lead.decided"]["title"] == "lead.decided, version 1"
    assert json.loads(say("schema", "ping")[1])["properties"]["type"] == {"const": "ping"}
