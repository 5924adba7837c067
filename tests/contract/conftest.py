"""Servers from npm that the suites run over: one process of each for a session, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.aimock_server import Aimock
from tests.servers.emulate_server import Emulate, EmulatedSlack
from tests.servers.npm_servers import or_skip
from tests.servers.openai_rules import fault_of

PEOPLE, CHANNELS = ("dee@us.example", "eli@us.example"), ("team",)


@pytest.fixture(scope="session")
def aimock_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with Aimock(or_skip(), tmp_path_factory.mktemp("aimock")) as running:
        yield running


@pytest.fixture
def aimock(aimock_process: Aimock) -> Iterator[Aimock]:
    """Whatever a test asked it is held against OpenAI's rules when the test is over."""
    aimock_process.forget()
    yield aimock_process
    faults = [fault_of(entry["path"], entry["body"]) for entry in aimock_process.journal()]
    assert [fault for fault in faults if fault] == []


@pytest.fixture(scope="session")
def emulate_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulate]:
    with Emulate(or_skip(), tmp_path_factory.mktemp("emulate"), PEOPLE, CHANNELS) as running:
        yield running


@pytest.fixture
def emulated_slack(emulate_process: Emulate) -> Iterator[EmulatedSlack]:
    with EmulatedSlack(emulate_process) as relay:
        yield relay
        relay.empty()
