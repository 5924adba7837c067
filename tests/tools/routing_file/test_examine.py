"""What lint and proof say about a valid file: the table is findings.txt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.routing_file import parse
from tools.routing_file.checking import Examined, examine

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE_LINE = '{"DEFAULT": "g@company.com", %s}'
CASES = [
    block.split("\n  ")
    for block in (Path(__file__).parent / "findings.txt").read_text(encoding="utf-8").strip().split("\n\n")[1:]
]


def said(found: Examined) -> list[str]:
    return [f"error: {item}" for item in found.errors] + [f"finding: {item}" for item in found.findings]


@pytest.mark.parametrize(("text", "messages"), [(case[1], case[2:]) for case in CASES], ids=[case[0] for case in CASES])
def test_a_file_says_what_is_wrong_with_it_where_and_what_to_do(text, messages):
    found = examine(parse(ONE_LINE % text), NOW)
    assert said(found) == [message for message in messages if not message.startswith("note: ")]
    notes = [f"note: {item}" for item in found.notes]
    for message in messages:
        assert not message.startswith("note: ") or message in notes
