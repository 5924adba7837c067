"""Leads from a file, to plan with before there is a past: JSON lines, a JSON list, or CSV, each a lead as the file's tests
write one, and besides `id`, `at` (its time; now without it) and `company`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from tools.routing_file.fields import Draft, Field
from tools.routing_file.findings import RoutingFileError
from tools.routing_file.lead_fields import parse_lead
from tools.routing_file.reader import Node, Source, read
from tools.routing_file.team import Team
from tools.store.past import Given

OWN: Final = ("id", "at", "company")
_NUMBERS: Final = ("employees", "revenue", "score")


class LeadsError(ValueError):
    """A lead that cannot be read: the message says which and why."""


def leads_of(path: Path, table: RoutingTable, now: datetime) -> list[Given]:
    """The file's leads in the order of their time. Raises OSError, and LeadsError for the first lead that is not one."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LeadsError(f"{path.name} is not text in UTF-8") from None
    team = Team(ZoneInfo(table.timezone), dict(table.people), dict(table.people_by_email))
    found = [_given(label, lead, team, now) for label, lead in _entries(path, text)]
    return sorted(found, key=lambda given: given.decided_at)


def _entries(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """(where it stands, the lead as JSON)."""
    if path.suffix.lower() == ".csv":
        for number, record in enumerate(csv.DictReader(io.StringIO(text)), 2):
            if None in record or None in record.values():
                raise LeadsError(f"row {number}: it has not as many cells as the first row")
            yield (
                f"row {number}",
                json.dumps({key.strip(): _cell(key.strip(), value) for key, value in record.items() if value}),
            )
    elif text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError as error:
            raise LeadsError(f"{path.name}: {error}") from None
        for number, lead in enumerate(listed):
            yield f"lead [{number}]", json.dumps(lead)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield f"line {number}", line


def _cell(key: str, text: str) -> Any:
    if key in _NUMBERS:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text.split(";") if key == "family" else text


def _given(label: str, text: str, team: Team, now: datetime) -> Given:
    draft = Draft(Source(text))
    try:
        node = read(draft.source)
        own = {member.key: member.node.value for member in node.members or () if member.key in OWN}
        rest = Node(node.start, node.end, members=[m for m in node.members or () if m.key not in OWN])
        facts = _facts(draft, rest, team)
    except RoutingFileError as error:
        first = error.findings[0]
        hint = f', did you mean "{first.suggestion}"?' if first.suggestion else ""
        raise LeadsError(f"{label}: {f'{first.path}: ' if first.path else ''}{first.message}{hint}") from None
    name, company = own.get("id"), own.get("company")
    return Given(
        lead_id=label if name is None else str(name),
        decided_at=_time(label, own["at"], team) if own.get("at") else now,
        facts=facts,
        company=None if company is None else str(company),
    )


def _facts(draft: Draft, node: Node, team: Team) -> RoutingFacts:
    facts = parse_lead(Field(draft, node, "", 0), team)
    if draft.findings:
        raise RoutingFileError(draft.findings)
    return facts


def _time(label: str, value: Any, team: Team) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=team.zone)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise LeadsError(f'{label}: at: "{value}" is not a time; write it as 2026-01-14T15:00:00Z') from None
