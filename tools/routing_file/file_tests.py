"""The tests that live in a routing file: read with it, run on every check, with a frozen clock and empty pools.

They go through the same `route` as a real lead. A test that fails makes the file invalid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.table import Expect, FileTest, RoutingTable
from graph.rules.nurture import sequence_for
from graph.rules.routing import route
from tools.routing_file.fields import Field
from tools.routing_file.findings import Finding
from tools.routing_file.lead_fields import parse_lead
from tools.routing_file.team import Team

TESTS_AT: Final = datetime(2026, 1, 14, 15, tzinfo=UTC)
_EXPECTED: Final = ("owner", "pool", "by", "sla", "nurture", "owners")
_MOST_REPEATS: Final = 1_000


@dataclass(frozen=True, slots=True)
class TestResult:
    """problems: what came out otherwise than expected, one sentence each; none for a test that passed."""

    __test__ = False  # not a test case of pytest

    test: FileTest
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems

    def findings(self) -> list[Finding]:
        test = self.test
        return [Finding(test.path, test.line, test.column, f"the test fails: {problem}") for problem in self.problems]


def parse_tests(field: Field | None, at: Field | None, team: Team) -> tuple[FileTest, ...]:
    """at: the file's `tests_at`, for tests without a time of their own."""
    usual = TESTS_AT if at is None else _instant(at, team)
    entries = [] if field is None or field.node.items == [] else field.items()
    return tuple(_parse_test(entry, usual, team) for entry in entries)


def _parse_test(entry: Field, usual: datetime, team: Team) -> FileTest:
    named = next((member.node.value for member in entry.node.members or () if member.key == "name"), None)
    item = entry.labelled(f'"{named}"' if isinstance(named, str) else "")
    settings = item.settings(("name", "lead", "at", "repeat", "expect"), needed=("name", "lead", "expect"))
    repeat = settings["repeat"].whole(1, _MOST_REPEATS) if "repeat" in settings else 1
    line, column = entry.position
    return FileTest(
        name=settings["name"].text() if "name" in settings else "",
        path=item.path.strip(),
        facts=parse_lead(settings["lead"], team) if "lead" in settings else RoutingFacts(),
        at=_instant(settings["at"], team) if "at" in settings else usual,
        repeat=repeat,
        expect=_expect(settings["expect"], repeat, team) if "expect" in settings else Expect(()),
        line=line,
        column=column,
    )


def _instant(field: Field, team: Team) -> datetime:
    """A time with a zone; without one it is in the file's."""
    text = field.text()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        if text:
            field.fail(f'"{text}" is not a time; write it as 2026-01-14T15:00:00Z')
        return TESTS_AT
    return (at if at.tzinfo else at.replace(tzinfo=team.zone)).astimezone(UTC)


def _expect(field: Field, repeat: int, team: Team) -> Expect:
    """`null` expects that there is none: no pool, no SLA, no sequence."""
    settings = field.settings(_EXPECTED)
    if field.node.members == []:
        field.fail(f"a test expects something: {', '.join(_EXPECTED)}")
    owners: list[tuple[str, int]] = []
    if "owners" in settings:
        for entry in settings["owners"].entries():
            email = team.owner(entry.as_text()).email or ""
            owners.append((email, entry.whole(0, repeat)))
        if settings["owners"].node.members is not None and sum(count for _, count in owners) != repeat:
            settings["owners"].fail(f'the counts must add up to "repeat", which is {repeat}')
    return Expect(
        given=tuple(settings),
        owner=team.owner(settings["owner"]).email if "owner" in settings else None,
        pool=_text_or_none(settings.get("pool")),
        by=settings["by"].text() if "by" in settings else None,
        sla=_text_or_none(settings.get("sla")),
        nurture=_text_or_none(settings.get("nurture")),
        owners=tuple(owners),
    )


def _text_or_none(field: Field | None) -> str | None:
    return None if field is None or field.node.kind == "null" else field.text()


def run_tests(table: RoutingTable) -> list[TestResult]:
    """Every test of the file, in its order, each with pools in which nobody had a turn yet."""
    return [TestResult(test, tuple(_problems(test, table))) for test in table.tests]


def _problems(test: FileTest, table: RoutingTable) -> Iterator[str]:
    pools: dict[str, PoolState] = {}
    opened: Counter[str] = Counter()
    assignments = []
    sequence = sequence_for(test.facts, table)
    for _ in range(test.repeat):
        assignment = route(test.facts, table, pools, test.at, open_leads=opened)
        if assignment.turn is not None:
            pools[assignment.turn.pool] = assignment.turn.after
        # A lead in a sequence is nobody's to answer in time, nor to work on.
        opened[assignment.owner] += sequence is None
        assignments.append(assignment if sequence is None else replace(assignment, sla=None))
    for key in test.expect.given:
        if key == "owners":
            yield from _wrong_counts(dict(test.expect.owners), Counter(found.owner for found in assignments))
        elif key == "nurture":
            if sequence != test.expect.nurture:
                yield f"nurture is {_shown(sequence)}, expected {_shown(test.expect.nurture)}"
        else:
            yield from _wrong_values(key, getattr(test.expect, key), assignments)


_READ: Final[Mapping[str, Callable[[Assignment], str | None]]] = {
    "owner": lambda found: found.owner,
    "pool": lambda found: found.pool,
    "by": lambda found: found.rule,
    "sla": lambda found: found.sla,
}


def _wrong_values(key: str, expected: str | None, assignments: list[Assignment]) -> Iterator[str]:
    """The first lead that differs; the others would say the same."""
    for number, assignment in enumerate(assignments, 1):
        found = _READ[key](assignment)
        if found != expected:
            which = f"lead {number}: " if len(assignments) > 1 else ""
            through = f" (by {assignment.rule}, line {assignment.line})" if key != "by" else ""
            yield f"{which}{key} is {_shown(found)}{through}, expected {_shown(expected)}"
            return


def _wrong_counts(expected: dict[str, int], found: Counter[str]) -> Iterator[str]:
    for owner in sorted({*expected, *found}):
        if expected.get(owner, 0) != found[owner]:
            yield f"{owner} got {found[owner]} leads, expected {expected.get(owner, 0)}"


def _shown(value: str | None) -> str:
    return "none" if value is None else value
