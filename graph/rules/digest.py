"""What one person reads twice a day: their leads since the last time, and what waits for them. Pure; reads no store.

    header · since when · new leads · what waits · what left · one line for each person whom they manage

Hot leads have had a message of their own, and are in it all the same: a digest is whole. Nothing to tell is no digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from graph.domain.values import value
from graph.rules.blocks import NAME, Message, escaped, moment_text, one_line, sections, small
from graph.rules.bullets import moment
from graph.rules.message_states import OUTCOMES
from graph.rules.wording import clock_time, counted, first_name
from graph.rules.working import Calendar

LISTED: Final = 10
"""Leads that are listed under one heading; the rest is counted."""


@value(frozen=True)
class DigestLead:
    """One assignment to the reader. state, outcome: as of the assignment; ended_at: when it passed, moved or was closed;
    number: of the assignment."""

    lead_id: str
    number: int
    name: str
    tier: str
    score: float
    path: str
    state: str
    offered_at: datetime
    accept_due_at: datetime | None = None
    touch_due_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    holder: str | None = None


@value(frozen=True)
class TeamCount:
    """One person of the reader's team: new leads, leads that wait for an answer, leads not accepted in time."""

    owner: str
    new: int
    waiting: int
    missed: int


def part_of(calendar: Calendar, zone: tzinfo, hours: Sequence[int], now: datetime) -> str | None:
    """The digest that is due at this moment, named by day and hour on the reader's clock: the latest hour of today, while
    they work. Nobody is written to at rest: what falls due then comes at their opening."""
    if not hours or not calendar.works(now):
        return None
    local = now.astimezone(zone)
    passed = [hour for hour in hours if hour <= local.hour]
    return f"{local:%Y-%m-%d}T{max(passed):02}" if passed else None


def digest_of(
    leads: Sequence[DigestLead],
    team: Sequence[TeamCount],
    *,
    since: datetime,
    now: datetime,
    zone: tzinfo,
    public_url: str,
) -> Message | None:
    """The body of chat.postMessage without the channel. leads: the reader's open assignments, and those that ended since
    then; team: whom they manage. None when there is nothing to tell."""
    new = [lead for lead in leads if lead.offered_at > since and lead.ended_at is None]
    waiting = [lead for lead in leads if lead.ended_at is None and lead.path != "nurture" and lead.state != "touched"]
    gone = [lead for lead in leads if lead.ended_at is not None]
    busy = [one for one in team if one.new or one.waiting or one.missed]
    if not (new or waiting or gone or busy):
        return None
    lines = [
        *_listed("New", [_new(lead, public_url) for lead in new]),
        *_listed("Waits for you", [_waits(lead, public_url, now, zone) for lead in waiting]),
        *_listed("No longer with you", [_gone(lead, public_url) for lead in gone]),
        *_listed("Your team", [_member(one) for one in busy]),
    ]
    told = f"Your leads: {len(new)} new, {counted(len(waiting), 'waits', 'wait')} for you, {len(gone)} gone"
    began = small([f"since {moment_text(moment(since, now, zone))}{_inbox(public_url)}"])
    return {
        "text": told,
        "unfurl_links": False,
        "metadata": {"event_type": "lead_digest", "event_payload": {"leads": len(new) + len(waiting) + len(gone)}},
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": f"Your leads at {clock_time(now, zone)}"}},
            *began,
            *sections(lines),
        ],
    }


def _listed(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"• and {counted(len(lines) - LISTED, 'other', 'others')}"] if len(lines) > LISTED else []
    return [f"*{title}*", *lines[:LISTED], *more]


def _name(lead: DigestLead, public_url: str) -> str:
    text = escaped(one_line(lead.name, 80), NAME) or lead.lead_id
    url = f"{public_url}/inbox/crm/{lead.lead_id}"
    return f"<{url.replace('&', '&amp;')}|{text}>" if public_url and len(url) < NAME else text


def _new(lead: DigestLead, public_url: str) -> str:
    way = {"nurture": "in a sequence of mails", "manual_review": "to be looked at"}.get(lead.path, lead.state)
    return f"• {_name(lead, public_url)}, {escaped(lead.tier, 20)}, {lead.score:.0f} in 100, {way}"


def _waits(lead: DigestLead, public_url: str, now: datetime, zone: tzinfo) -> str:
    what, due = ("accept", lead.accept_due_at) if lead.state == "offered" else ("first touch", lead.touch_due_at)
    late = "*late*, " if due is not None and due <= now else ""
    by = f" by {moment_text(moment(due, now, zone))}" if due is not None else ""
    return f"• {_name(lead, public_url)}: {late}{what}{by}"


def _gone(lead: DigestLead, public_url: str) -> str:
    if lead.state == "closed":
        return f"• {_name(lead, public_url)}: {OUTCOMES.get(lead.outcome or '', 'closed').lower()}"
    to = f", now with {escaped(first_name(lead.holder), NAME)}" if lead.holder else ""
    said = {"missed": "not accepted in time", "passed": "passed on"}.get(lead.state, "moved")
    return f"• {_name(lead, public_url)}: {said}{to}"


def _member(one: TeamCount) -> str:
    counts = [f"{one.new} new", counted(one.waiting, "waits", "wait"), f"{one.missed} missed"]
    return f"• {escaped(first_name(one.owner), NAME)}: {', '.join(counts)}"


def _inbox(public_url: str) -> str:
    return f", <{public_url}/inbox|all of them>" if public_url else ""
