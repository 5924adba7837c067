"""Whether the address of the settings is free, asked before anything is started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.cli import address
from tools.cli.address import taken
from tools.settings import Settings

APP = Path(__file__).parents[3] / "app.py"


def given(**changed: object) -> Settings:
    return Settings(_env_file=None, **changed)  # type: ignore[arg-type]


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_told(busy: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(address, "PATIENCE_S", 0.2)
    assert taken(given(port=busy)) == (
        f"PORT: {busy} on 127.0.0.1 is in use; stop what listens there, or set another PORT"
    )


def test_a_port_that_is_left_soon_is_waited_for(capsys: pytest.CaptureFixture[str]):
    """A router whose supervisor was killed goes on for a moment."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    leaving = threading.Timer(0.5, listening.close)
    leaving.start()
    assert taken(given(port=port)) is None
    leaving.join()
    assert capsys.readouterr().err == f"127.0.0.1:{port} is in use; waiting 8 s for it\n"


def test_a_port_that_was_left_a_moment_ago_is_free():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as calling, listening.accept()[0]:
            calling.shutdown(socket.SHUT_WR)
    assert taken(given(port=port)) is None


@pytest.mark.parametrize(
    ("host", "why"), [("192.0.2.1", "cannot be listened on"), ("no.such.invalid", "is no address")]
)
def test_a_host_that_is_not_ours_is_told(host: str, why: str):
    assert (said := taken(given(host=host, port=8000)) or "").startswith(f"HOST: {host} {why}")
    assert said.endswith("127.0.0.1 or 0.0.0.0 will do")


def test_no_port_at_all_is_told():
    assert (taken(given(port=0)) or "").startswith("PORT: 0 is no port")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "BUSY", "settings: PORT: "),
        ("DATA_DIR", str(APP), "settings: DATA_DIR: "),
        ("WEBHOOK_SECRETS", "x", "settings: WEBHOOK_SECRETS: it cannot be read; infra/env.example shows"),
        ("WEBHOOK_SECRETS", '{"a": "b"}', "settings: WEBHOOK_SECRETS: the secret of 'a'"),
        ("FORM_OPEN", "nope", "settings: FORM_OPEN: there is no form vendor 'nope'"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/x", "settings: DATABASE_URL: the database cannot be used"),
    ],
)
def test_a_wrong_setting_is_a_line_and_nothing_goes_on_running(
    tmp_path: Path, busy: int, name: str, value: str, said: str
):
    """Also where only a part finds it, after it was started."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    wrong = {name: str(busy) if value == "BUSY" else value}
    environment = os.environ | {"DATA_DIR": str(tmp_path), "PORT": str(port)} | wrong
    done = subprocess.run(
        [sys.executable, str(APP), "serve"], env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 2, done.stderr[-2000:]
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "is ready" not in done.stdout
