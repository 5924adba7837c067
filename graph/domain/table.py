"""The routing file as typed values: who gets a lead, and why, exactly as RevOps wrote it.

Built only by the parser of the file, which has checked every reference, so nothing here can point at what does not
exist. These types hold no index and decide nothing; the rules compile what they need and remember it per table.
Lines are counted from 1. Every e-mail address is lower-case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from graph.domain.routing import RoutingFacts
from graph.domain.working import ALWAYS, NO_HOLIDAYS, Cap, Holidays, Hours, Leave, OffHours, Window

Step: TypeAlias = Literal["accounts", "open_opportunity", "account_owner", "parent_owner", "rules", "map"]
Clock: TypeAlias = Literal["business", "wall"]

PRECEDENCE: tuple[Step, ...] = ("accounts", "open_opportunity", "account_owner", "parent_owner", "rules", "map")


@dataclass(frozen=True, slots=True)
class Place:
    """A country, one of its subdivisions, or a range of postal prefixes inside either.

    country: ISO alpha-2; subdivision: ISO 3166-2 or None; low, high: first and last prefix, of the same length,
    both included, upper-case without spaces; None where the place is not postal.
    """

    country: str
    subdivision: str | None = None
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place reached from a written name. depth: regions walked through, 0 where the place itself was written."""

    place: Place
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Region:
    """members: places and regions as written; spots: the places it comes to in the end."""

    name: str
    members: tuple[str, ...]
    spots: tuple[Spot, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Where:
    """One item of a condition's `where`: the name as written and the places it means."""

    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from low to high. None is without bound; an open end leaves its bound out. text: as written."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False
    text: str = ""

    def holds(self, value: float) -> bool:
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return self.high is None or value < self.high or (value == self.high and not self.high_open)


@dataclass(frozen=True, slots=True)
class Condition:
    """Keys are AND, items are OR, an empty tuple is a key that was not written. score: 0..1; revenue: US dollars.

    `any_of` and `negated` are the keys `any` and `not`. A condition without any key matches every lead.
    """

    where: tuple[Where, ...] = ()
    segments: tuple[Segment, ...] = ()
    industry: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    employees: tuple[Range, ...] = ()
    revenue: tuple[Range, ...] = ()
    score: tuple[Range, ...] = ()
    any_of: tuple[Condition, ...] = ()
    negated: Condition | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    condition: Condition
    line: int


@dataclass(frozen=True, slots=True)
class Target:
    """Who gets the lead: one address, or a pool. person: the id in `people` where the address belongs to one."""

    email: str | None = None
    person: str | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """active: False for somebody who is gone. manager: an e-mail address. max_open: leads at once that pools may give."""

    id: str
    email: str
    slack: str | None
    manager: str | None
    active: bool
    line: int
    hours: Hours = ALWAYS
    holidays: Holidays = NO_HOLIDAYS
    leave: tuple[Leave, ...] = ()
    max_open: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """weight: whole number; only the ratio to the others counts, 0 gets no turns."""

    email: str
    weight: int
    active: bool = True
    person: str | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Members in the order of the file, which breaks ties. if_none: who gets the lead when nobody may take a turn.

    caps: each for every member; holidays: of all members besides their own; off_hours: what happens while nobody works;
    channel: id of the Slack channel that hears of their hot leads.
    """

    name: str
    members: tuple[Member, ...]
    if_none: Target | None = None
    line: int = 0
    caps: tuple[Cap, ...] = ()
    off_hours: OffHours = "next"
    holidays: Holidays = NO_HOLIDAYS
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A named account. domain: as written; registrable: what a company registers (`acme.com` of `labs.acme.com`)."""

    domain: str
    registrable: str
    owner: Target
    family: bool
    why: str | None
    window: Window | None
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    condition: Condition
    to: Target
    sla: str | None
    why: str | None
    window: Window | None
    line: int


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A capital key of the file. `DEFAULT` has no spots."""

    key: str
    spots: tuple[Spot, ...]
    to: Target
    line: int


@dataclass(frozen=True, slots=True)
class Sla:
    """accept_s, touch_s: seconds after the assignment. remind: share (0..1) of accept_s after which the owner is
    reminded. then: the ladder of escalation: `next`, `manager`, `DEFAULT`, or an e-mail address."""

    name: str
    accept_s: int | None
    touch_s: int | None
    clock: Clock
    remind: float | None
    then: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Nurture:
    """Which leads get a sequence instead of an alert: those that match `when`, unless they match `unless`."""

    when: Condition
    unless: Condition | None
    sequence: str
    line: int


@dataclass(frozen=True, slots=True)
class Guards:
    """What an edit may do at most; shares are 0..1. Carried along for those who apply edits; routing does not ask."""

    max_default_share: float | None = None
    max_moved: float | None = None
    approvals: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """What a test of the file expects. `given` names the keys written: an expected None is not the same as silence."""

    given: tuple[str, ...]
    owner: str | None = None
    pool: str | None = None
    by: str | None = None
    sla: str | None = None
    nurture: str | None = None
    owners: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FileTest:
    """One of the file's own tests. at: the frozen clock; repeat: leads routed one after the other."""

    name: str
    path: str
    facts: RoutingFacts
    at: datetime
    repeat: int
    expect: Expect
    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class RoutingTable:
    """A whole valid file. digest: SHA-256 of its exact text in hexadecimal (with the text of every file it names);
    version: the number RevOps gave it.

    map: the places in the order of the file, without DEFAULT. people_by_email: the people again, by address. files: the
    text of each file beside it that it names, by name. aliases: what people type, as compared, to what it means, by field.
    Compared by identity: two tables are the same version of the file when their digests are.
    """

    digest: str
    text: str
    version: int
    timezone: str
    default: MapEntry
    map: tuple[MapEntry, ...] = ()
    regions: dict[str, Region] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    people_by_email: dict[str, Person] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    precedence: tuple[Step, ...] = PRECEDENCE
    precedence_line: int | None = None
    if_inactive: Step | None = None
    rules: tuple[Rule, ...] = ()
    slas: dict[str, Sla] = field(default_factory=dict)
    default_sla: str | None = None
    nurture: Nurture | None = None
    guards: Guards = Guards()
    tests: tuple[FileTest, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
