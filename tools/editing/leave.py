"""Leave with a cover, written into the routing file as a person would: recorded, checked, merged and guarded like any edit.

A new leave takes the place of those of the same person that it overlaps. Says what came of it in sentences for the person;
decides nothing about leads: who gets them meanwhile follows from the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from graph.domain.table import Person, RoutingTable
from graph.domain.working import Leave
from graph.rules.wording import first_name
from tools.editing.days import spoken
from tools.editing.editor import Editor
from tools.editing.results import Edit, Refused, Result
from tools.routing_file.findings import closest
from tools.routing_file.shapes import Json
from tools.routing_file.writer import delete, insert, put, set_value, value_at

LONGEST: Final = timedelta(days=366)
Days: TypeAlias = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it. done: it is live, or was so already; changed: something was written."""

    done: bool
    sentence: str
    changed: bool = False


class NoLeave(Exception):
    """It cannot be asked for like this; the text says what to do."""


def planned(person: Person, today: date) -> list[Leave]:
    """Leave that is not over, in the order of the days."""
    found = [each for each in person.leave if _days(each)[1] >= today]
    return sorted(found, key=_days)


def cover_of(words: str, table: RoutingTable) -> str:
    """The address of who covers: an id of the file's people, an address, or a first name that only one has. Raises
    NoLeave."""
    told = words.strip().lstrip("@").lower()
    if "@" in told:
        return told
    people = [one for one in table.people.values() if one.active]
    by_id = [one.email for one in people if one.id.lower() == told]
    found = by_id or [one.email for one in people if first_name(one.email).lower() == told]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoLeave(f"Several people are called {told}: write the address of the one who covers.")
    hint = closest(told, table.people)
    raise NoLeave(
        f'Nobody in the routing file is called "{_plain(words)}"{f", did you mean {hint}?" if hint else "."} '
        "Write a name, an id of the file or an e-mail address."
    )


class Leaves:
    """editor: of the routing file. Blocking: an edit plans the last leads anew, which takes seconds for many."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def table(self) -> RoutingTable:
        """What is live. Raises Refused for a file that cannot be used."""
        return self._editor.reconcile()

    def away(self, email: str, days: Days, cover: str | None, today: date, where: str) -> Told:
        """days: first and last, both away; cover: words as `cover_of` reads them. Raises NoLeave for what is no leave."""
        try:
            table = self.table()
        except Refused as refused:
            return Told(False, _refused(refused.result))
        person, (first, last) = _person(email, table), days
        if last < first:
            raise NoLeave(f"The last day, {spoken(last)}, is before the first, {spoken(first)}.")
        if last < today:
            raise NoLeave(f"{spoken(last)} is over already.")
        if last - first > LONGEST:
            raise NoLeave("A leave of more than a year is written into the routing file by hand.")
        who = None if cover is None else cover_of(cover, table)
        if who is not None:
            _can_cover(who, email, days, table)
        text = _with(table.text, person, days, _id_of(who, table))
        told = f"You are away from {spoken(first)} until {spoken(last)}, the last day; {_meanwhile(who)}"
        return self._apply(text, table, email, f"Away until {last.isoformat()}{_covered(who)}, said in {where}.", told)

    def asked_with_a_pass(self, email: str, last: date, today: date, where: str) -> str:
        """Who passes a lead on to be covered until a day is away until then. A sentence on what came of it."""
        try:
            return self.away(email, (today, last), None, today, where).sentence
        except NoLeave as error:
            return f"No leave was written: {error}"

    def back(self, email: str, today: date, where: str, starts: date | None = None) -> Told:
        """Ends the leave that holds today, or takes back the one that begins on `starts`. Raises NoLeave."""
        try:
            table = self.table()
        except Refused as refused:
            return Told(False, _refused(refused.result))
        person = _person(email, table)
        coming = planned(person, today)
        ends = [each for each in coming if _days(each)[0] == starts or (starts is None and _days(each)[0] <= today)]
        if not ends:
            raise NoLeave(_none_to_end(coming, starts))
        first, _ = _days(ends[0])
        path = ("people", person.id, "ooo", first.isoformat())
        if first < today:
            text = set_value(table.text, (*path, "until"), (today - timedelta(days=1)).isoformat())
            told = "Welcome back: leads come to you again from today."
        else:
            text = delete(table.text, path)
            told = f"The leave from {spoken(first)} is taken back."
        return self._apply(text, table, email, f"Back, said in {where}.", told)

    def _apply(self, text: str, live: RoutingTable, email: str, reason: str, told: str) -> Told:
        result = self._editor.apply(Edit(text, email, reason, base=live.digest))
        match result.outcome:
            case "applied":
                return Told(True, f"{told} (routing file: change {result.change})", changed=True)
            case "unchanged":
                return Told(True, told)
            case "proposed":
                return Told(False, f"It is not live yet. {result.message}", changed=True)
            case _:
                return Told(False, _refused(result))


def zone_of(email: str, table: RoutingTable, told: str | None = None) -> ZoneInfo:
    """The zone in which a person says "friday": the one they told, of their hours, else the file's."""
    person = table.people_by_email.get(email)
    spans = person.hours.spans if person is not None else ()
    for name in (told, spans[0].zone if spans else None, table.timezone):
        try:
            if name:
                return ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # a name that this machine does not know
            continue
    return ZoneInfo("UTC")


def today_of(email: str, table: RoutingTable, now: datetime, told: str | None = None) -> date:
    return now.astimezone(zone_of(email, table, told)).date()


def _person(email: str, table: RoutingTable) -> Person:
    person = table.people_by_email.get(email)
    if person is None:
        raise NoLeave(
            f"{email} is none of the people of the routing file, so that no leave can be kept: RevOps adds you there."
        )
    return person


def _can_cover(cover: str, email: str, days: Days, table: RoutingTable) -> None:
    if cover == email:
        raise NoLeave("Nobody covers for themselves: name somebody else.")
    person = table.people_by_email.get(cover)
    if person is None:
        return
    if not person.active:
        raise NoLeave(f"{first_name(cover)} is marked as gone in the routing file: name somebody else.")
    for leave in person.leave:
        first, last = _days(leave)
        if first <= days[1] and days[0] <= last:  # covers are not chained: nobody would get the leads on those days
            raise NoLeave(f"{first_name(cover)} is away from {spoken(first)} until {spoken(last)}: name somebody else.")


def _with(text: str, person: Person, days: Days, cover: str | None) -> str:
    """The text with the leave, and without those that it overlaps."""
    first, last = days
    path = ("people", person.id, "ooo")
    for leave in person.leave:
        begins, ends = _days(leave)
        if begins <= last and first <= ends:
            text = delete(text, (*path, begins.isoformat()))
    entry: Json = {"from": first.isoformat(), "until": last.isoformat()}
    if cover is not None:
        entry = {**entry, "cover": cover}  # type: ignore[dict-item]
    return put(text, path, [entry]) if value_at(text, path) is None else insert(text, path, entry)


def _days(leave: Leave) -> Days:
    """Both are written: the file has no leave without an end."""
    assert leave.window.from_day is not None  # the parser has checked it
    assert leave.window.until_day is not None
    return leave.window.from_day, leave.window.until_day


def _id_of(email: str | None, table: RoutingTable) -> str | None:
    person = None if email is None else table.people_by_email.get(email)
    return person.id if person is not None else email


def _meanwhile(cover: str | None) -> str:
    if cover is None:
        return "nobody covers, so that your leads go to whom the file names next."
    return f"{first_name(cover)} gets your leads meanwhile."


def _covered(cover: str | None) -> str:
    return f", {first_name(cover)} covers" if cover else ""


def _none_to_end(coming: list[Leave], starts: date | None) -> str:
    if starts is not None and not coming:
        return f"No leave of yours begins on {spoken(starts)}."
    if not coming:
        return "You are not away, and no leave is planned."
    said = ", ".join(f"{spoken(_days(each)[0])} to {spoken(_days(each)[1])}" for each in coming)
    first = _days(coming[0])[0].isoformat()
    return f"You are not away now. Planned: {said}. Take one back by the day on which it begins: back {first}."


def _refused(result: Result) -> str:
    more = [*(str(stop) for stop in result.stops), *result.findings, *result.conflicts]
    return " ".join((result.message, *more[:3]))


def _plain(words: str) -> str:
    return "".join(char for char in words[:40] if char.isalnum() or char in " .-_'")
