"""The bullets of a brief: each states one kind of fact about a decision, or does not exist. Those about the account, its
deals and its likes are in `account_bullets`.

Nothing here is escaped; a name, title or company is cut to NAME characters so that none crowds out the rest.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from graph.domain.account import CompanyProfile, CrmAccount, SimilarAccount
from graph.domain.brief import Bullet, Part
from graph.domain.lead import Lead, Path
from graph.domain.person import KnownPerson
from graph.domain.routing import Assignment
from graph.domain.scoring import AccountScore, Judgement, Score
from graph.rules.local_time import hour_there
from graph.rules.matched import match_said
from graph.rules.people.matching import is_sure
from graph.rules.wording import clock_time, day_and_time, first_name, people, plain, reasons

NAME = 80
"""Characters of one name, title or company that are shown."""
SHOWN_ACCOUNTS = 3
CALL_HOURS = range(8, 18)
"""Hours of the lead's own clock in which one calls."""
HALF_A_DAY_S = 43_200
OPENER = ". Open with the "
"""How the last part of the next step begins, which a writer's note replaces."""
SOURCES = {
    "profile": "enrichment",
    "crm": "the CRM",
    "judgement": "the language model",
    "similar": "the similar accounts",
    "prior": "the history",
    "person": "the history of people",
}
"""The names of reads, as people know what is read."""
NOT_SALES = {
    "support": "reads as a support request: hand it to support, or accept and answer",
    "complaint": "reads as a complaint: answer it before anything is sold",
    "partnership": "reads as a partnership enquiry: hand it to partnerships, or accept and answer",
}


class Told(NamedTuple):
    """What bullets may tell from. company, parent: names as shown, empty when unknown; zone: for fallback times;
    public_url: of this service, for links."""

    lead: Lead
    profile: CompanyProfile | None
    crm: CrmAccount | None
    score: Score
    account: AccountScore | None
    judgement: Judgement | None
    similar: tuple[SimilarAccount, ...]
    assignment: Assignment
    path: Path
    company: str
    parent: str
    now: datetime
    zone: tzinfo
    person: KnownPerson | None = None
    public_url: str = ""


def cut(text: str, limit: int = NAME) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def moment(at: datetime, now: datetime, zone: tzinfo) -> Part:
    """A time within half a day is said by the clock alone, one further off with its day."""
    if abs((at - now).total_seconds()) < HALF_A_DAY_S:
        return Part("time", clock_time(at, zone), "", at)
    return Part("date", day_and_time(at, zone), "", at)


def person_of(lead: Lead) -> str:
    return cut(lead.full_name or lead.email or lead.phone or "")


def signs_of(lead: Lead, score: Score) -> str:
    """Why the lead has to be looked at: the findings as they stand on the lead, as one list, or what the score leaves open."""
    found = [flag.reason.rstrip(". ") for flag in lead.flags if flag.review]
    if score.unsure:
        found.append(score.unsure.rstrip(". "))
    return "; ".join([f"{reason[:1].lower()}{reason[1:]}" for reason in found])


def bullet_of(label: str, text: str) -> Bullet:
    return Bullet(label, (Part("text", text),))


def who(told: Told) -> Bullet | None:
    lead = told.lead
    words = [person_of(lead)]
    if lead.title:
        words.append(cut(lead.title) + (" (decision maker)" if lead.seniority in {"c_level", "vp"} else ""))
    text = ", ".join([word for word in words if word])
    return bullet_of("Who", text) if text else None


def same_person(told: Told) -> Bullet | None:
    """Somebody who wrote before under another key; what is not sure is said as a question."""
    person = told.person
    if person is None or not (ids := (person.match.lead_id,) if person.match.lead_id else person.match.rivals):
        return None
    sure = is_sure(person.match)
    parts = [Part("text", "Same person as " if sure else "May be the same person as ")]
    for place, lead_id in enumerate(ids[:SHOWN_ACCOUNTS]):
        parts += [Part("text", " or ")] if place else []
        name = cut(person.full_name or lead_id) if len(ids) == 1 else lead_id
        parts.append(
            Part("link", name, f"{told.public_url}/inbox/crm/{lead_id}") if told.public_url else Part("text", name)
        )
    parts.append(
        Part("text", _what_is_known(told, person) if person.match.lead_id else "; which of them, nobody can say")
    )
    if not sure:
        parts.append(Part("text", ". Nothing was changed: see the page Duplicates"))
    return Bullet("Same person", tuple(parts))


def _what_is_known(told: Told, person: KnownPerson) -> str:
    told_of = ", ".join(
        [cut(address) for address in person.emails[:SHOWN_ACCOUNTS]] or ([person.phone] if person.phone else [])
    )
    text = f", also wrote from {told_of}" if told_of else ""
    if person.open and person.owner:
        yours = person.owner == told.assignment.owner
        text += "; you have that lead too" if yours else f"; {first_name(person.owner)} has that lead"
    return text + f" ({person.match.why.rstrip('.')[:1].lower()}{person.match.why.rstrip('.')[1:]})"


def company(told: Told) -> Bullet | None:
    lead, profile = told.lead, told.profile
    facts = [told.company] if told.company else []
    if profile and profile.employees is not None:
        facts.append(people(profile.employees))
    elif lead.employees is not None:
        facts.append(f"{people(lead.employees)} by their own word")
    industry = (profile.industry if profile else None) or lead.industry
    if industry:
        facts.append(plain(cut(industry, 40)))
    seat = profile if profile and (profile.city or profile.country) else lead
    if seat.city or seat.country:
        facts.append(_place(seat.city, seat.state, seat.country))
    text = ", ".join(facts)
    if profile and told.parent:
        size = f", {people(profile.parent_employees)}" if profile.parent_employees is not None else ""
        text += f"; parent {told.parent}{size}"
    if profile and (how := match_said(profile.match, profile.domain)):
        text = f"{text}; {cut(how, 300)}" if text else how
    return bullet_of("Company", text) if text else None


def _place(city: str | None, state: str | None, country: str | None) -> str:
    """ "San Jose CA", "Berlin DE"; without a city "US-CA" or "DE"."""
    if not city:
        return state or country or ""
    region = state.partition("-")[2] if state and country in {"US", "CA", "AU"} else country
    return f"{cut(city, 40)} {region or ''}".rstrip()


def asked_for(told: Told) -> Bullet | None:
    parts: list[Part] = []
    if told.lead.message:
        parts.append(Part("quote", told.lead.message))
    if told.lead.product:
        parts.append(Part("text", f"{', ' if parts else ''}product: {cut(told.lead.product)}"))
    return Bullet("Asked for", tuple(parts)) if parts else None


def score(told: Told) -> Bullet:
    of = told.score
    up, down = reasons(of.contributions, told.judgement.intent if told.judgement else None)
    text = f"{of.points:.0f} in 100 (likely range {100 * of.low:.0f} to {100 * of.high:.0f})"
    return bullet_of("Score", text + (f". Up: {up}" if up else "") + (f". Down: {down}" if down else ""))


def why_you(told: Told, digest: str, version: int | None) -> Bullet:
    of = told.assignment
    file = f"routing.json v{version}" if version is not None else f"routing.json {digest[:8]}"
    line = f", line {of.line}" if of.line is not None else ""
    why = Part("text", cut(of.why.rstrip(". "), 300))
    return Bullet("Why you", (why, Part("own", f" ({file}, "), Part("code", of.rule), Part("own", f"{line})")))


def next_step(told: Told) -> Bullet:
    if told.path == "manual_review":
        signs = signs_of(told.lead, told.score)
        if told.score.unsure:
            return bullet_of("Next step", f"accept if it is worth an answer now, pass it on if not. {signs}")
        return bullet_of("Next step", f"accept if a person wrote this, pass it on if not. Signs: {signs}")
    if told.path == "nurture":
        return bullet_of("Next step", "nothing now: the sequence writes first, and you hear when the score rises")
    if told.judgement is not None and told.judgement.intent in NOT_SALES:
        return bullet_of("Next step", NOT_SALES[told.judgement.intent])
    parts = [Part("text", _contact(told))]
    if told.assignment.touch_due_at is not None:
        parts += [Part("own", ", first touch by "), moment(told.assignment.touch_due_at, told.now, told.zone)]
    won = next((near for near in told.similar if near.outcome == "won" and near.name != told.company), None)
    if won is not None:
        story = f" ({cut(plain(won.reason), 60)})" if won.reason else ""
        parts.append(Part("text", f"{OPENER}{cut(won.name)} win{story}"))
    return Bullet("Next step", tuple(parts))


def _contact(told: Told) -> str:
    """ "call now (their 10:02)"; where nobody may be called at that hour, or there is no number, "write"."""
    there = hour_there(told.now, told.lead.country, told.lead.state)
    callable_now = told.lead.phone and (there is None or there.hour in CALL_HOURS)
    words = ("call" if callable_now else "write") + (" now" if told.score.temperature == "hot" else "")
    if there is None:
        return words
    late = ", too early or late to call" if told.lead.phone and not callable_now else ""
    return f"{words} (their {there.hour:02}:{there.minute:02}{late})"


def not_known(unavailable: tuple[str, ...]) -> Bullet | None:
    if not unavailable:
        return None
    return bullet_of(
        "Not known", "; ".join([f"{SOURCES.get(name, plain(name))} did not answer" for name in unavailable])
    )
