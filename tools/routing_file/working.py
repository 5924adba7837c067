"""When people work and how much they take, as the file writes it: hours, holidays, leave, caps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, cast, get_args
from zoneinfo import ZoneInfo, available_timezones

from graph.domain.working import ALWAYS, Cap, Holidays, Hours, Leave, Span, Unit, Window
from graph.rules.places import subdivisions, written_country
from tools.routing_file.fields import Field
from tools.routing_file.findings import closest
from tools.routing_file.place_names import suggested_place
from tools.routing_file.team import DAY, Team, day_of

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_PART: Final = re.compile(r"(\S+)\s+(\S+)(?:\s+(\S+))?")
_CAP: Final = re.compile(r"([0-9]{1,6})\s*/\s*([a-z]+)")
_EXAMPLE: Final = "write it as mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-14:00"
_MIDNIGHT: Final = 1440


def parse_hours(field: Field | None, zone: ZoneInfo) -> Hours:
    """`mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-14:00`, or `always`. zone: the file's, for parts without one."""
    if field is None:
        return ALWAYS
    text = field.text()
    if not text or text == "always":
        return ALWAYS
    return Hours(tuple(span for part in text.split(";") for span in _spans(field, part.strip(), zone)), text)


def _spans(field: Field, part: str, zone: ZoneInfo) -> Iterator[Span]:
    match = _PART.fullmatch(part)
    if match is None:
        field.fail(f'"{part}" is not a part of working hours; {_EXAMPLE}')
        return
    days, times, named = _days(field, match[1]), _minutes(field, part, match), _zone(field, match[3], zone)
    if days and times and named:
        yield Span(days, *times, named)


def _days(field: Field, text: str) -> tuple[int, ...]:
    """`mon-fri`, `sat` or `mon,wed-fri`; a range may run over the end of the week."""
    found: list[int] = []
    for item in text.lower().split(","):
        first, _, last = item.partition("-")
        for name in (first, last or first):
            if name not in _DAYS:
                field.fail(f'"{name}" is not a day of the week', closest(name[:3], _DAYS))
                return ()
        begin = _DAYS.index(first)
        found += [(begin + step) % 7 for step in range((_DAYS.index(last or first) - begin) % 7 + 1)]
    return tuple(sorted(set(found)))


def _minutes(field: Field, part: str, match: re.Match[str]) -> tuple[int, int] | None:
    times = _TIMES.fullmatch(match[2])
    start, end = (int(times[1]) * 60 + int(times[2]), int(times[3]) * 60 + int(times[4])) if times else (0, 0)
    if times is None or start >= _MIDNIGHT or end > _MIDNIGHT or int(times[2]) > 59 or int(times[4]) > 59:
        field.fail(f'"{match[2]}" is not a range of times; {_EXAMPLE}')
        return None
    if start == end:
        field.fail(f'"{part}" ends when it begins; a whole day is 00:00-24:00')
        return None
    if start > end:
        field.fail(f'"{part}" runs over midnight; write it as two parts', _two_parts(match, times))
        return None
    return start, end


def _two_parts(match: re.Match[str], times: re.Match[str]) -> str | None:
    """The same hours up to midnight, and after it on the days that follow."""
    names = re.split("([,-])", match[1].lower())
    if any(name not in (*_DAYS, ",", "-") for name in names):
        return None
    after = "".join(_DAYS[(_DAYS.index(name) + 1) % 7] if name in _DAYS else name for name in names)
    zone = f" {match[3]}" if match[3] else ""
    before = f"{match[1]} {times[1]}:{times[2]}-24:00{zone}"
    return before if (times[3], times[4]) == ("00", "00") else f"{before}; {after} 00:00-{times[3]}:{times[4]}{zone}"


def _zone(field: Field, text: str | None, usual: ZoneInfo) -> str | None:
    if text is None or text == usual.key:
        return usual.key
    known = available_timezones()
    if text in known:
        return text
    field.fail(f'"{text}" is not a time zone', closest(text, sorted(known)))
    return None


def parse_holidays(field: Field | None) -> Holidays:
    """An ISO country or subdivision, a day, or a list of them."""
    codes, days = [], []
    for item in [] if field is None else field.one_or_many():
        text = item.text()
        if DAY.fullmatch(text):
            days.append(day_of(item))
        elif text:
            codes.append(_code(item, text))
    return Holidays(tuple(code for code in codes if code), tuple(day for day in days if day))


def _code(item: Field, text: str) -> str | None:
    country, _, part = text.partition("-")
    iso = written_country(country)
    if iso is None:
        item.fail(f'"{text}" is neither a day nor the code of a country', suggested_place(text, {}))
        return None
    code = f"{iso}-{part}" if part else iso
    if part and code not in subdivisions():
        own = [name for name in subdivisions() if name[:2] == iso]
        item.fail(f'"{text}" is not a subdivision of {iso} in ISO 3166-2', closest(code, own))
        return None
    return code


def parse_leave(field: Field | None, team: Team, person: str) -> tuple[Leave, ...]:
    """The days away of the person of this id, in the order of the file; two that overlap are a finding."""
    found: list[Leave] = []
    for entry in [] if field is None or field.node.items == [] else field.items():
        settings = entry.settings(("from", "until", "cover"), needed=("from", "until"))
        window = team.window(settings)
        cover = _cover(settings["cover"], team, person) if "cover" in settings else None
        if window is None or window.from_day is None or window.until_day is None:
            continue
        for other in found:
            if _overlap(window, other.window):
                entry.fail(f"the leave overlaps the one in line {other.line}")
        found.append(Leave(window, cover, entry.line))
    return tuple(found)


def _overlap(one: Window, other: Window) -> bool:
    days = one.from_day, one.until_day, other.from_day, other.until_day
    first, last, since, to = cast("tuple[date, date, date, date]", days)
    return first <= to and since <= last


def _cover(field: Field, team: Team, person: str) -> str | None:
    email = team.owner(field).email or None
    if email is not None and email == team.people[person].email:
        field.fail("nobody covers for themselves")
    return email


def parse_caps(field: Field | None) -> tuple[Cap, ...]:
    """`8/day`, `40/open`, `30/week`, or a list of them with different units."""
    caps: dict[str, Cap] = {}
    for item in [] if field is None else field.one_or_many():
        text = item.text()
        match = _CAP.fullmatch(text.lower())
        units = get_args(Unit)
        if match is None or match[2] not in units or not int(match[1]):
            meant = closest(match[2], units) if match and int(match[1]) else None
            hint = f"{int(match[1])}/{meant}" if match and meant else None
            if text:
                item.fail(f'"{text}" is not a cap; write it as 8/day, 30/week or 40/open', hint)
        elif match[2] in caps:
            item.fail(f"there is a cap by {match[2]} already: {caps[match[2]].count}/{match[2]}")
        else:
            caps[match[2]] = Cap(int(match[1]), cast("Unit", match[2]))
    return tuple(caps.values())
