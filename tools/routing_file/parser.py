"""From the text of a routing file to its RoutingTable, or to everything that is wrong with it at once.

Opens nothing but the files that the text names, and runs no test:  `file_tests` says whether the file keeps its own promises.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from graph.domain.table import Condition, MapEntry, RoutingTable, Rule, Sla, Step, Target
from tools.routing_file.aliases import conditions_of, parse_aliases
from tools.routing_file.conditions import Names, parse_condition, parse_segments
from tools.routing_file.fields import Draft, Field
from tools.routing_file.file_tests import parse_tests
from tools.routing_file.findings import Finding, RoutingFileError, closest
from tools.routing_file.people import parse_accounts, parse_people, parse_pools
from tools.routing_file.place_names import suggested_place
from tools.routing_file.promises import (
    parse_guards,
    parse_if_inactive,
    parse_nurture,
    parse_precedence,
    parse_slas,
    sla_name,
)
from tools.routing_file.reader import Source, read
from tools.routing_file.regions import parse_map, parse_regions
from tools.routing_file.team import Team

SETTINGS: Final = (
    "$schema", "version", "timezone", "regions", "segments", "people", "pools", "accounts", "precedence",
    "account_owner", "slas", "rules", "default_sla", "nurture", "guards", "tests", "tests_at",
    "aliases",
)  # fmt: skip
_NAMED_FILE: Final = re.compile(r'"[ \t]*@([^"\n]+?)[ \t]*"')
SECTIONS: Final = (*(key for key in SETTINGS if key not in ("$schema", "version")), "map")
"""What an edit can touch, by name: a key of the file, or `map` for its places."""
_NO_DEFAULT: Final = '"DEFAULT" is missing; add "DEFAULT": "somebody@company.com", so that every lead has an owner'


def parse(text: str, base: Path | None = None, files: Mapping[str, str] | None = None) -> RoutingTable:
    """The table of a valid text; RoutingFileError lists every error of another.

    base: the folder of the file, for places kept in files beside it; files: their texts by name, instead of the folder.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = Source(text).position(error.start)
        raise RoutingFileError([Finding("", line, column, "the text holds half of a character")]) from None
    draft = Draft(Source(text), base, files)
    top = Field(draft, read(draft.source), "", 0)
    settings, places = _sorted_keys(top)
    table = _table(top, settings, places)
    if draft.findings:
        raise RoutingFileError(draft.findings)
    return table


def digest_of(text: str, files: Mapping[str, str]) -> str:
    """SHA-256 in hexadecimal: of the text where it names no files, else of its digest and of each file's name and digest."""
    own = hashlib.sha256(text.encode()).hexdigest()
    if not files:
        return own
    lines = [own, *(f"{hashlib.sha256(files[name].encode()).hexdigest()} {name}" for name in sorted(files))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def named_files(text: str) -> tuple[str, ...]:
    """The files that a text may name, valid or not, in its order."""
    return tuple(dict.fromkeys(_NAMED_FILE.findall(text)))


def _sorted_keys(top: Field) -> tuple[dict[str, Field], dict[str, Field]]:
    """The small keys, which are settings, and the capital ones, which are places."""
    settings: dict[str, Field] = {}
    places: dict[str, Field] = {}
    entries = top.entries()
    regions = next((entry.node.members or [] for entry in entries if entry.key == "regions"), [])
    names = dict.fromkeys(member.key for member in regions)
    for entry in entries:
        key = entry.key
        if key in SETTINGS:
            settings[key] = entry
        elif key == key.upper() and key != key.lower():
            places[key] = entry
        elif key.upper() == "DEFAULT" or suggested_place(key, {}) or key.upper() in names:
            meant = "DEFAULT" if key.upper() == "DEFAULT" else suggested_place(key, names)
            entry.fail("a place is written in capitals", meant, at_key=True)
        else:
            entry.fail("unknown key", closest(key, SETTINGS), at_key=True)
    return settings, places


def _table(top: Field, settings: Mapping[str, Field], places: dict[str, Field]) -> RoutingTable:
    zone = _zone(settings.get("timezone"))
    regions = parse_regions(settings.get("regions"))
    names = Names(regions, parse_segments(settings.get("segments"), regions))
    team = Team(zone)
    parse_people(settings.get("people"), team)
    pools = parse_pools(settings.get("pools"), team)
    slas = parse_slas(settings.get("slas"), team)
    default = _default(top, places.pop("DEFAULT", None), team)
    targets = {key: team.target(field) for key, field in places.items()}
    precedence = parse_precedence(settings.get("precedence"), _steps_used(settings, places))
    rules = _rules(settings.get("rules"), names, team, slas)
    nurture = parse_nurture(settings.get("nurture"), names)
    if "$schema" in settings:
        settings["$schema"].text()
    return RoutingTable(
        digest=digest_of(top.draft.source.text, top.draft.files),
        text=top.draft.source.text,
        version=settings["version"].whole(1, 1_000_000_000) if "version" in settings else 1,
        timezone=zone.key,
        default=default,
        map=tuple(parse_map(places, targets, regions)),
        regions=regions,
        segments=dict(names.segments),
        people=team.people,
        people_by_email=team.by_email,
        pools=pools,
        accounts=parse_accounts(settings.get("accounts"), team),
        precedence=precedence,
        precedence_line=settings["precedence"].line if "precedence" in settings else None,
        if_inactive=parse_if_inactive(settings.get("account_owner"), precedence),
        rules=rules,
        slas=slas,
        default_sla=sla_name(settings.get("default_sla"), slas),
        nurture=nurture,
        guards=parse_guards(settings.get("guards"), SECTIONS),
        tests=parse_tests(settings.get("tests"), settings.get("tests_at"), team),
        files=dict(top.draft.files),
        aliases=parse_aliases(settings.get("aliases"), conditions_of(names.segments, rules, nurture)),
    )


def _zone(field: Field | None) -> ZoneInfo:
    if field is None:
        return ZoneInfo("UTC")
    text = field.text()
    try:
        return ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # an unknown zone, a folder of zones, or no name of a zone at all
        if text:
            field.fail(f'"{text}" is not a time zone', closest(text, sorted(available_timezones())))
        return ZoneInfo("UTC")


def _default(top: Field, field: Field | None, team: Team) -> MapEntry:
    if field is None:
        top.fail(_NO_DEFAULT)
        return MapEntry("DEFAULT", (), Target(""), 1)
    owner = team.owner(field)
    person = team.by_email.get(owner.email or "")
    if person is not None and not person.active:
        field.fail(f"{person.id} is not active, and DEFAULT is the last who can own a lead")
    return MapEntry("DEFAULT", (), owner, field.line)


def _steps_used(settings: Mapping[str, Field], places: Mapping[str, Field]) -> dict[Step, Field]:
    used: dict[Step, Field] = {}
    if "accounts" in settings:
        used["accounts"] = settings["accounts"]
    if "account_owner" in settings:
        used["account_owner"] = settings["account_owner"]
    if "rules" in settings:
        used["rules"] = settings["rules"]
    if places:
        used["map"] = next(iter(places.values()))
    return used


def _rules(field: Field | None, names: Names, team: Team, slas: dict[str, Sla]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for entry in [] if field is None or field.node.items == [] else field.items():
        item = entry.labelled(_id_of(entry))
        settings = item.settings(("id", "if", "to", "sla", "why", "from", "until"), needed=("id", "to"))
        name = settings["id"].name() if "id" in settings else ""
        if name and name in rules:
            settings["id"].fail(f'rule "{name}" stands twice, first in line {rules[name].line}')
        rules[name] = Rule(
            id=name,
            condition=parse_condition(settings["if"], names) if "if" in settings else Condition(),
            to=team.target(settings["to"]) if "to" in settings else Target(""),
            sla=sla_name(settings.get("sla"), slas),
            why=settings["why"].text() if "why" in settings else None,
            window=team.window(settings),
            line=item.line,
        )
    return tuple(rules.values())


def _id_of(entry: Field) -> str:
    """The rule's name, read ahead, so that errors can show it."""
    for member in entry.node.members or ():
        if member.key == "id" and isinstance(member.node.value, str):
            return member.node.value
    return ""
