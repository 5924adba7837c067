"""Days as people say them: "friday", "in 2 weeks", "24 dec", 2026-12-24. What can mean two days is asked back, never guessed."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

LONGEST: Final = 40
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_AND_MONTH: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]?(\d{2,4})?")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY: Final = re.compile(
    r"(?:(this|next|coming)\s+)?(mon|tue|wed|thu|fri|sat|sun|" + "|".join(_WEEKDAYS) + r"|tues|thur|thurs)"
)
_NAMED: Final = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|nesday|r|rs|rsday|urday)?\b")
_SURE: Final = re.compile(r"\d|today|tomorrow|\bin\b|\bday\b|\bweek\b")
_VAGUE: Final = re.compile(r"(?:the\s+)?(?:end|middle|start|beginning)\b.*|(?:this|next)\s+(?:week|month|year|quarter)")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Unclear(Exception):
    """The words name no day, or more than one; the text says what to write instead."""


def day_in_words(words: str, today: date) -> date:
    """The day that is meant by somebody for whom it is `today`: today or later, unless a date of the past is written out.
    Raises Unclear."""
    told = " ".join(words.lower().split()).removeprefix("on ").removeprefix("the ").strip(" .,!")
    if not told:
        raise Unclear('Say which day, such as "friday" or "2026-12-24".')
    if len(told) > LONGEST:
        raise Unclear('That is too long for a day. Write it as "friday" or "2026-12-24".')
    if _ISO.fullmatch(told):
        return _iso(told)
    if match := _WEEKDAY.fullmatch(told):
        return _weekday(match[1], match[2], today)
    if match := _DAY_AND_MONTH.fullmatch(told):
        return _numbers(match, told, today)
    if _VAGUE.fullmatch(told) or not _SURE.search(told) or told.isdigit() or ":" in told:
        raise _which(told)
    return _parsed(told, today)


def spoken(day: date) -> str:
    """ "Fri 10 April", in English whatever the machine's locale."""
    return f"{_WEEKDAYS[day.weekday()][:3].capitalize()} {day.day} {_MONTHS[day.month - 1]}"


def _iso(told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise Unclear(f'"{told}" is no day of the calendar.') from None


def _weekday(before: str | None, name: str, today: date) -> date:
    wanted = next(at for at, full in enumerate(_WEEKDAYS) if full.startswith(name[:3]))
    ahead = (wanted - today.weekday()) % 7
    coming = today + timedelta(days=ahead or 7)
    if ahead == 0 and before != "next":
        raise _either(today, coming)
    if before == "next" and coming.weekday() > today.weekday():  # later this week: "next" may mean either
        raise _either(coming, coming + timedelta(days=7))
    return coming


def _numbers(match: re.Match[str], told: str, today: date) -> date:
    """24.12. and 12/24 are one day; 3/4 is two."""
    first, second, year = int(match[1]), int(match[2]), match[3]
    pairs = {(d, m) for d, m in ((first, second), (second, first)) if m <= 12}
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [today.year, today.year + 1]
    found = []
    for day, month in sorted(pairs, key=lambda pair: pair[1]):
        made = [one for one in (_made(y, month, day) for y in years) if one and (year or one >= today)]
        found += made[:1]
    if len(found) == 2:
        raise _either(*found)
    if not found:
        raise _which(told)
    return found[0]


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _parsed(told: str, today: date) -> date:
    import dateparser  # noqa: PLC0415 - a quarter of a second, and few ask

    settings = {
        "RELATIVE_BASE": datetime.combine(today, time()),
        "PREFER_DATES_FROM": "future",
        "DATE_ORDER": "DMY",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    found = dateparser.parse(told, languages=["en"], settings=settings)
    named = _NAMED.search(told)
    if found is None or (named and _WEEKDAYS[found.weekday()][:3] != named[1]):  # "friday 18 april", a Saturday
        raise _which(told)
    day = found.date()
    return today if day == _made(today.year + 1, today.month, today.day) else day  # "7 april" said on 7 April


def _either(one: date, other: date) -> Unclear:
    both = f"{spoken(one)} ({one.isoformat()}) or {spoken(other)} ({other.isoformat()})"
    return Unclear(f"That can be {both}: write the one you mean.")


def _which(told: str) -> Unclear:
    shown = "".join(char for char in told if char.isalnum() or char in " .,:/-")
    return Unclear(f'"{shown}" is not clear enough for a day. Write it as "friday", "24 dec" or "2026-12-24".')
