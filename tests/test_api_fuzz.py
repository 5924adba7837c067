"""A schemathesis run over the OpenAPI document of a running router finds no 5xx."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.cli.demo import EMBEDDED, OWN, free_port, wait_until_ready

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "fuzz-token"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environment = os.environ | EMBEDDED | OWN
    environment |= {"ADMIN_TOKEN": TOKEN, "DATA_DIR": str(tmp_path), "PORT": str(port), "LOG_LEVEL": "ERROR"}
    router = subprocess.Popen([sys.executable, "app.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", router)
        yield f"http://127.0.0.1:{port}"
    finally:
        router.terminate()
        router.wait(30)


def test_no_input_that_the_document_allows_or_forbids_is_answered_with_a_server_error(
    address: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.json",
            "--checks", "not_a_server_error", "--header", f"Authorization: Bearer {TOKEN}",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--max-time", "40", "--seed", "1",
            "--request-timeout", "20", "--suppress-health-check", "all", "--continue-on-failure", "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 0, said[-4000:]
    generated = re.search(r"(\d+) generated", said)
    assert generated is not None, said[-2000:]
    assert int(generated[1]) > 200, "too few requests to say anything"
