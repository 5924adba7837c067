"""A decision explained: what gave the lead away, whose turn it was, and the smallest changes that give another owner."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.values import value

EditKind: TypeAlias = Literal["add", "widen", "move", "drop"]


@value(frozen=True)
class Outcome:
    """Who gets a lead, by which line. to: `pool:smb` where a turn in a pool decides, else the owner's address; owner: who
    it is with the ledgers given."""

    to: str
    owner: str
    rule: str
    line: int | None


@value(frozen=True)
class FactChange:
    """One fact before and after; None is unknown. field: as `RoutingFacts` names it; note: what else would do as well."""

    field: str
    before: str | float | None
    after: str | float | None
    note: str = ""


@value(frozen=True)
class OtherFacts:
    """Facts that give another owner. count: facts changed (country, state and postal code are one fact, the place)."""

    changes: tuple[FactChange, ...]
    count: int
    facts: RoutingFacts
    gives: Outcome


@value(frozen=True)
class Edit:
    """A change of the file. path: what is changed (`rules.us-smb`, `accounts.acme.com`, `map.US`); line: where it stands.

    add: `value` into the list `key` of the rule; widen: the range `old` of `key` becomes `value`; move: the rule goes before
    the rule `value`; drop: the entry goes.
    """

    kind: EditKind
    path: str
    line: int
    key: str = ""
    value: str = ""
    old: str = ""


@value(frozen=True)
class OtherFile:
    """An edit that gives another owner. patch: the lines it takes away (`- ...`) and brings (`+ ...`), where it was made in
    the text; breaks: the names of the file's tests that would then fail."""

    edit: Edit
    gives: Outcome
    patch: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()


@value(frozen=True)
class Standing:
    """A member of the pool at one turn. owed, entitled: leads (1.0 is a whole one): what the member had coming before, and
    what this turn brings them, 0 where they may not take it; turns: taken before; counts: what caps count, in words; now:
    whether they work, in words; passed: gave this lead back; took: has the turn."""

    email: str
    owed: float
    entitled: float
    turns: int
    counts: tuple[str, ...]
    now: str
    passed: bool
    took: bool


@value(frozen=True)
class Explanation:
    """line_text: the line of the file that decided; digest, version: of the file; at: the clock's reading; sequence: the
    nurture sequence of a lead that gets one instead of an alert; turn: the pool's members in the order of the file, empty
    without a pool; all_tried: False where a large file had more places or pairs of facts than were tried."""

    assignment: Assignment
    line_text: str | None
    digest: str
    version: int
    at: datetime
    facts: RoutingFacts
    sequence: str | None
    turn: tuple[Standing, ...]
    other_facts: tuple[OtherFacts, ...]
    other_files: tuple[OtherFile, ...]
    all_tried: bool
