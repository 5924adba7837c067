"""What the file promises and allows: SLAs, nurture, guards, and the order in which owners are asked."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, cast, get_args

from graph.domain.table import PRECEDENCE, Clock, Guards, Nurture, Sla, Step
from tools.routing_file.conditions import Names, parse_condition
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest
from tools.routing_file.team import Team

_DURATION: Final = re.compile(r"(?:([0-9]{1,4})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,4})m)?(?:([0-9]{1,4})s)?")
_SECONDS: Final = (86_400, 3_600, 60, 1)
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*%")
_RUNGS: Final = ("next", "manager", "DEFAULT")


def duration_s(field: Field) -> int:
    """Seconds of `5m`, `4h`, `2d`, `1h30m`."""
    text = field.text()
    match = _DURATION.fullmatch(text)
    seconds = sum(int(part or 0) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True)) if match else 0
    if text and not seconds:
        field.fail(f'"{text}" is not a duration; write 30s, 5m, 4h, 2d or 1h30m')
    return seconds


def share(field: Field) -> float:
    """0..1 of a percentage."""
    text = field.text()
    match = _PERCENT.fullmatch(text)
    if match and float(match[1]) <= 100:
        return float(match[1]) / 100
    if text:
        field.fail(f'"{text}" is not a share; write it as 5%')
    return 0.0


def parse_slas(field: Field | None, team: Team) -> dict[str, Sla]:
    found = {}
    for entry in [] if field is None else field.entries():
        settings = entry.settings(("accept", "touch", "clock", "remind", "then"))
        accept_s = duration_s(settings["accept"]) if "accept" in settings else None
        touch_s = duration_s(settings["touch"]) if "touch" in settings else None
        if accept_s is None and touch_s is None:
            entry.fail('an SLA needs "accept" or "touch"', at_key=True)
        elif accept_s and touch_s and accept_s > touch_s:
            settings["touch"].fail("the first touch would be due before the acceptance")
        if "remind" in settings and accept_s is None:
            settings["remind"].fail('a reminder is a share of "accept", which is missing')
        found[entry.key] = Sla(
            name=entry.key_name(),
            accept_s=accept_s,
            touch_s=touch_s,
            clock=cast("Clock", settings["clock"].choice(get_args(Clock))) if "clock" in settings else "business",
            remind=share(settings["remind"]) if "remind" in settings else None,
            then=tuple(_rung(item, team) for item in settings["then"].items()) if "then" in settings else _RUNGS,
            line=entry.line,
        )
    return found


def _rung(field: Field, team: Team) -> str:
    text = field.text()
    if not text or text in _RUNGS:
        return text
    if "@" in text or text in team.people:
        return team.owner(field).email or ""
    meant = closest(text, [*_RUNGS, *team.people])
    field.fail(f'"{text}" is neither next, manager, DEFAULT nor a person', meant)
    return ""


def sla_name(field: Field | None, slas: dict[str, Sla]) -> str | None:
    """A reference to an SLA."""
    if field is None:
        return None
    text = field.text()
    if text and text not in slas:
        field.fail(f'sla "{text}" does not exist', closest(text, slas))
    return text


def parse_nurture(field: Field | None, names: Names) -> Nurture | None:
    if field is None:
        return None
    settings = field.settings(("if", "unless", "sequence"), needed=("if", "sequence"))
    if "if" not in settings or "sequence" not in settings:
        return None
    return Nurture(
        when=parse_condition(settings["if"], names, empty=False),
        unless=parse_condition(settings["unless"], names, empty=False) if "unless" in settings else None,
        sequence=settings["sequence"].name(),
        line=field.line,
    )


def parse_guards(field: Field | None, sections: Collection[str]) -> Guards:
    """sections: the names under which an edit may need approvals; a misspelt one would ask for none."""
    if field is None:
        return Guards()
    settings = field.settings(("max_default_share", "max_moved", "approvals"))
    approvals = settings["approvals"].entries() if "approvals" in settings else []
    for entry in approvals:
        if entry.key not in sections:
            entry.fail(f'"{entry.key}" is no section of the file', closest(entry.key, sections), at_key=True)
    return Guards(
        max_default_share=share(settings["max_default_share"]) if "max_default_share" in settings else None,
        max_moved=share(settings["max_moved"]) if "max_moved" in settings else None,
        approvals=tuple((entry.key, entry.whole(0, 100)) for entry in approvals),
    )


def parse_precedence(field: Field | None, used: dict[Step, Field]) -> tuple[Step, ...]:
    """The order written, else the usual one. used: the steps that the file says something about, which it must name."""
    if field is None:
        return PRECEDENCE
    found: list[Step] = []
    for item in field.items():
        text = item.text()
        if text in found:
            item.fail(f'"{text}" is named twice')
        elif text in PRECEDENCE:
            found.append(text)
        elif text:
            item.fail(f'"{text}" is none of {", ".join(PRECEDENCE)}', closest(text, PRECEDENCE))
    for step, owner in used.items():
        if step not in found:
            field.fail(f'"{step}" is missing, so that line {owner.line} would never be asked')
    return tuple(found)


def parse_if_inactive(field: Field | None, precedence: tuple[Step, ...]) -> Step | None:
    """Where to go on when the owner of an account, a parent or an opportunity is gone."""
    settings = {} if field is None else field.settings(("if_inactive",))
    if "if_inactive" not in settings:
        return None
    item = settings["if_inactive"]
    text = item.text()
    if text not in precedence:
        if text:
            item.fail(f'"{text}" is not in "precedence"', closest(text, precedence))
        return None
    if "account_owner" in precedence and precedence.index(text) <= precedence.index("account_owner"):
        item.fail(f'"{text}" does not come after "account_owner" in "precedence"')
    return text
