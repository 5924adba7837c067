"""Turns one decision into what its owner reads: a headline, a deadline, and bullets in a fixed order.

    Who · Same person · Company · Asked for · Did · Score · Account · Looks like · Why you · Next step · Not known · Note

A bullet without a fact is left out, never filled. Every number, name and date comes from the arguments, which all stand
in the decision record; a writer's note that says more than the bullets is dropped. Nothing here is escaped: the channel
that draws the brief does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from graph.domain.account import CompanyProfile, CrmAccount, SimilarAccount
from graph.domain.brief import Brief, Bullet, Part
from graph.domain.lead import Lead, Path
from graph.domain.person import KnownPerson
from graph.domain.routing import Assignment
from graph.domain.scoring import AccountScore, Judgement, Score
from graph.domain.values import evolve
from graph.rules import account_bullets, bullets
from graph.rules.bullets import OPENER, Told, cut, moment, person_of, signs_of
from graph.rules.local_time import named_zone
from graph.rules.note import says_no_more
from graph.rules.wording import duration, plain

NOTE = 600
"""Characters of a writer's note: the 80 words it may have, at most."""


def brief_of(
    *,
    lead: Lead,
    profile: CompanyProfile | None,
    crm: CrmAccount | None,
    score: Score,
    account: AccountScore | None,
    judgement: Judgement | None,
    similar: tuple[SimilarAccount, ...],
    assignment: Assignment,
    path: Path,
    note: str | None,
    unavailable: tuple[str, ...],
    received_at: datetime,
    now: datetime,
    routing_digest: str,
    routing_version: int | None,
    public_url: str,
    lead_id: str,
    assignment_number: int,
    receipt: str,
    timezone: str = "UTC",
    person: KnownPerson | None = None,
    did: str = "",
) -> Brief:
    """What the owner of this assignment reads.

    similar: nearest first. unavailable: names of the reads that did not answer (`profile`, `crm`, ...). public_url: of
    this service, without a slash at its end; empty leaves out the link. timezone: IANA name, for readers whose channel
    cannot show their own. person: who wrote before under another key, or may have. did: what the
    person did before, in our words (`graph.rules.activity`).
    Raises ZoneInfoNotFoundError for a timezone that does not exist.
    """
    zone = named_zone(timezone)
    company, parent = _company_name(lead, profile), _parent_name(profile, account)
    told = Told(
        lead, profile, crm, score, account, judgement, similar, assignment, path, company, parent, now, zone,
        person, public_url,
    )  # fmt: skip
    due = assignment.accept_due_at
    due = due if due is not None and due > now else None  # one that went by is nobody's deadline
    deadline = moment(due, now, zone) if due is not None else None
    brief = Brief(
        lead_id=lead_id,
        assignment=assignment_number,
        receipt=receipt,
        owner=assignment.owner,
        slack=assignment.slack,
        path=path,
        header=_header(told),
        summary=_summary(told, deadline),
        deadline=deadline,
        wait=duration(assignment.accept_s) if due is not None and assignment.accept_s is not None else "",
        clock=assignment.clock,
        asked=_asked(told),
        received=moment(received_at, now, zone),
        bullets=_bullets(told, did, unavailable, routing_digest, routing_version),
        crm_url=f"{public_url}/inbox/crm/{lead_id}" if public_url else "",
    )
    return with_note(brief, note) if note else brief


def _bullets(
    told: Told, did: str, unavailable: tuple[str, ...], digest: str, version: int | None
) -> tuple[Bullet, ...]:
    ordered = (
        bullets.who(told),
        bullets.same_person(told),
        bullets.company(told),
        bullets.asked_for(told),
        Bullet("Did", (Part("own", did),)) if did else None,
        bullets.score(told),
        account_bullets.account(told),
        account_bullets.looks_like(told),
        bullets.why_you(told, digest, version),
        bullets.next_step(told),
        bullets.not_known(unavailable),
    )
    return tuple([bullet for bullet in ordered if bullet is not None])


def _company_name(lead: Lead, profile: CompanyProfile | None) -> str:
    """Enrichment's name, the one typed, the domain; empty when there is none of them."""
    return cut((profile.name if profile else None) or lead.company or lead.domain or "")


def _parent_name(profile: CompanyProfile | None, account: AccountScore | None) -> str:
    """The ultimate parent's name or domain; empty where there is none, or the company is its own."""
    if profile is None or profile.parent_domain is None or profile.parent_domain == profile.domain:
        return ""
    return cut(profile.parent_name or (account.parent_name if account else None) or profile.parent_domain)


def _kind(score: Score) -> str:
    return "lead" if score.temperature == "dead" else f"{score.temperature} lead"


def _header(told: Told) -> str:
    name = told.company or person_of(told.lead) or "somebody without a name"
    if told.path == "manual_review":
        return (
            f"Please check: {name} ({'the score is unsure' if told.score.unsure else signs_of(told.lead, told.score)})"
        )
    family = f" ({told.parent} family)" if told.parent and told.parent != name else ""
    kind = "For nurturing" if told.path == "nurture" else _kind(told.score).capitalize()
    return f"{kind}: {name}{family}"


def _summary(told: Told, deadline: Part | None) -> str:
    words = [person_of(told.lead), cut(told.lead.title or "")]
    whom = ", ".join([word for word in words if word]) or "somebody"
    at = f" at {told.company}" if told.company else ""
    opening = "Please check a lead" if told.path == "manual_review" else f"New {_kind(told.score)} for you"
    until = f" Accept by {deadline.text}." if deadline else ""
    return f"{opening}: {whom}{at}.{until}"


def _asked(told: Told) -> str:
    """How the lead came: the form's source, else what the message reads as."""
    if told.lead.source:
        return cut(plain(told.lead.source), 40)
    judged = told.judgement
    return plain(judged.intent) if judged and judged.intent != "other" else "form"


def facts_of(brief: Brief) -> dict[str, str]:
    """The bullets as label -> plain text: what a writer may use for its note."""
    return {
        label: parts[0].text if len(parts) == 1 else "".join([part.text for part in parts])
        for label, parts in brief.bullets
    }


def with_note(brief: Brief, note: str, facts: Mapping[str, str] | None = None) -> Brief:
    """The brief with the writer's note as its last bullet, in the place of the opener that the next step proposes; as
    it was where the note says more than the bullets do. facts: `facts_of` this brief, for those who have them."""
    text = " ".join(note.split())
    facts = facts_of(brief) if facts is None else facts
    if not text or not says_no_more(text, " ".join([brief.header, brief.summary, *facts.values()])):
        return brief
    told = [_without_opener(bullet) if bullet.label == "Next step" else bullet for bullet in brief.bullets]
    return evolve(brief, bullets=(*told, Bullet("Note", (Part("text", cut(text, NOTE)),))))


def _without_opener(bullet: Bullet) -> Bullet:
    return Bullet(bullet.label, tuple([part for part in bullet.parts if not part.text.startswith(OPENER)]))
