"""How numbers, money, times and reasons are said to people. One wording everywhere; nothing here is escaped or cut."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from operator import attrgetter

from graph.domain.scoring import Contribution


def money(usd: float) -> str:
    """US dollars, short: 950 -> "$950", 1,500 -> "$1.5k", 140,400 -> "$140k", 1,240,000 -> "$1.2M"."""
    if usd < 1_000:
        return f"${usd:,.0f}"
    if usd < 9_950:
        return f"${usd / 1e3:.1f}k".replace(".0k", "k")
    if usd < 999_500:
        return f"${usd / 1e3:.0f}k"
    return f"${usd / 1e6:,.1f}M".replace(".0M", "M")


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def counted(count: int, singular: str, plural: str) -> str:
    return f"{count:,} {singular if count == 1 else plural}"


def duration(seconds: float) -> str:
    """The two largest units that say it: "45 s", "1 min 12 s", "5 min", "1 h 30 min", "3 days"."""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3_600:
        return _two(total, 60, "min", "s")
    if total < 172_800:
        return _two(total // 60, 60, "h", "min")
    return f"{round(total / 86_400)} days"


def _two(total: int, size: int, large: str, small: str) -> str:
    whole, rest = divmod(total, size)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"


def clock_time(at: datetime, zone: tzinfo) -> str:
    """ "10:07 EDT" """
    return _clock(at.replace(second=0, microsecond=0), zone)


@lru_cache(1024)
def _clock(at: datetime, zone: tzinfo) -> str:
    """One for all that is due in the same minute."""
    local = at.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02} {local.tzname()}"


@lru_cache(1024)
def day_and_time(at: datetime, zone: tzinfo) -> str:
    """ "Tue 7 Apr 10:07 EDT", in English whatever the machine's locale."""
    local = at.astimezone(zone)
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day} {local.day} {month} {local.hour:02}:{local.minute:02} {local.tzname()}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(4096)
def first_name(email: str) -> str:
    """How a colleague is called: `dee@company.com` -> "Dee"; a team's address or an odd one is said as it is."""
    name = email.partition("@")[0].partition(".")[0]
    return name.capitalize() if name.isalpha() else email


@lru_cache(1024)
def plain(code: str) -> str:
    """`demo_request` -> "demo request"."""
    return code.replace("_", " ")


# What a feature says of a lead. Coded features by their label; others by (above zero, zero); "" by itself is unknown.
_LABELS: dict[str, dict[str, str]] = {
    "emailDomainType": {
        "free": "free e-mail address", "edu": "university e-mail", "government": "government e-mail",
        "corporate": "company e-mail", "": "unclear e-mail domain",
    },
    "titleSeniority": {
        "individual": "individual contributor", "manager": "manager", "director": "director", "vp": "VP",
        "c_level": "C-level", "": "rank unknown",
    },
    "titleFunctionFit": {
        "education": "works in education", "other": "role far from the product", "related": "role near the product",
        "technical": "technical role", "": "role unknown",
    },
    "sourceIntent": {
        "newsletter": "came by the newsletter", "content": "came by content", "event": "came by an event",
        "contact": "came by the contact form", "referral": "came by referral", "pricing": "came by the pricing page",
        "demo": "demo request", "": "source unknown",
    },
    "companySizeEstimate": {
        "startup": "startup size", "smb": "small company", "mid_market": "mid-size company",
        "enterprise": "enterprise size", "": "company size unknown",
    },
    "industryGroup": {
        "other": "industry", "education": "education sector", "public": "public sector",
        "industrial": "industrial company", "consumer": "consumer business", "health": "health sector",
        "finance": "financial sector", "software": "software industry", "": "industry unknown",
    },
    "fundingStage": {
        "seed": "seed funding", "early": "early funding", "growth": "growth funding",
        "private_equity": "private equity", "public": "listed company", "": "funding unknown",
    },
}  # fmt: skip
_NUMBERS: dict[str, tuple[str, str, str]] = {  # above zero, zero, unknown; {} is the number
    "hasCompany": ("company named", "no company", ""),
    "hasTitle": ("title given", "no title", ""),
    "hasPhone": ("phone given", "no phone", ""),
    "hasFullName": ("full name given", "no full name", ""),
    "reviewFlags": ("looks like a bot", "no sign of a bot", ""),
    "logEmployees": ("head-count", "head-count", "head-count unknown"),
    "logParentEmployees": ("head-count of the group", "head-count of the group", "no larger group known"),
    "logRevenue": ("revenue", "revenue", "revenue unknown"),
    "isSubsidiary": ("part of a group", "stands alone", "group unknown"),
    "technologyCount": ("technologies known: {}", "no technologies known", "technologies unknown"),
    "stackFit": ("fitting technologies: {}", "no fitting technology", "technologies unknown"),
    "usesCompetitor": ("uses a competitor", "uses no competitor", "competitor use unknown"),
    "hiringCount": ("open positions: {}", "no open positions", "open positions unknown"),
    "hiringReliability": ("SRE or DevOps hiring", "no SRE or DevOps hiring", "hiring unknown"),
    "hiringLeadership": ("hiring a technical leader", "no leader wanted", "hiring unknown"),
    "hiringVelocityDevOps": ("hires DevOps", "hires no DevOps", "hiring unknown"),
    "hiringVelocitySRE": ("hires SRE", "hires no SRE", "hiring unknown"),
    "hiringVelocitySecOps": ("hires SecOps", "hires no SecOps", "hiring unknown"),
    "jobPostKeywords": ("job posts name observability", "job posts name no observability", "hiring unknown"),
    "jobPostCompetitor": ("job posts name a competitor", "job posts name no competitor", "hiring unknown"),
    "emailOpenCount": ("mails opened: {}", "no mail opened", ""),
    "emailClickCount": ("links followed: {}", "no link followed", ""),
    "pageViewCount": ("pages viewed: {}", "no page viewed", ""),
    "formSubmitCount": ("earlier forms: {}", "no earlier form", ""),
    "meetingCount": ("meetings: {}", "no meeting", ""),
    "callCount": ("calls: {}", "no call", ""),
    "activityVelocity": ("active lately", "no prior activity", ""),
    "channelDiversity": ("channels used: {}", "no channel used before", ""),
    "highValueActionCount": ("meetings, calls and forms: {}", "no meeting, call or form", ""),
    "daysSinceCreated": ("days known: {}", "new to us", ""),
    "daysSinceLastActivity": ("days since last action: {}", "active just now", "no prior visit"),
    "recencyScore": ("recent activity", "no recent activity", ""),
    "activityBurst": ("burst of activity", "no burst of activity", ""),
    "dayPattern": ("sent on a working day", "sent at a weekend", ""),
    "timePattern": ("hour it was sent", "hour it was sent", ""),
    "quarterEndProximity": ("days to quarter end: {}", "last day of the quarter", ""),
    "emailOpenRate": ("opens our mails", "opens no mails", "no mail sent yet"),
    "emailClickRate": ("follows our links", "follows no links", "no mail sent yet"),
    "sequenceEngagement": ("answers the sequence", "ignores the sequence", "in no sequence"),
    "avgResponseTime": ("time to answer", "answers at once", "never answered yet"),
    "isInActiveSequence": ("in a sequence", "in no sequence", ""),
    "judgement": ("the message", "the message", "the message"),
    "messageLength": ("length of the message", "no message", ""),
    "asksDemo": ("asks for a demo", "asks for no demo", ""),
    "asksPricing": ("asks for prices", "asks for no prices", ""),
    "namesTimeline": ("names a time", "names no time", ""),
    "namesPain": ("names a problem", "names no problem", ""),
    "namesStack": ("names fitting technology", "names no fitting technology", ""),
    "namesCompetitor": ("names a competitor", "names no competitor", ""),
    "namesScale": ("names a size", "names no size", ""),
    "lowIntentWords": ("words of low intent", "no words of low intent", ""),
    "familyOpenOpportunities": ("open opportunities: {}", "no open opportunity", "no open opportunity known"),
    "priorSubmissions": ("earlier requests: {}", "first request", ""),
}
_TEXTS = {"judgement": "message reads as {}"}


@lru_cache(8192)
def said(feature: str, value: float | str | None) -> str:
    """What a contribution is about: ("titleSeniority", "vp") -> "VP", ("hasPhone", 0.0) -> "no phone".

    value None is unknown. A feature that is not listed is said by its own name, so that nothing is hidden.
    """
    labels = _LABELS.get(feature)
    if labels is not None:
        return labels.get("" if value is None else str(value)) or _spelt(feature)
    if isinstance(value, str):
        return _TEXTS.get(feature, f"{_spelt(feature)}: {{}}").replace("{}", plain(value))
    above, zero, unknown = _NUMBERS.get(feature, (f"{_spelt(feature)} {{}}", f"no {_spelt(feature)}", ""))
    if value is None:
        return unknown or f"{_spelt(feature)} unknown"
    return above.replace("{}", f"{round(value, 1):g}") if value else zero


def _spelt(feature: str) -> str:
    """`hasPhone` -> "has phone"."""
    return plain("".join(f" {c.lower()}" if c.isupper() else c for c in feature)).strip()


def reasons(contributions: tuple[Contribution, ...], intent: str | None, up: int = 3, down: int = 2) -> tuple[str, str]:
    """The largest reasons for and against with the points (of 100) that each moved the score: ("VP +9", "no phone -3").

    intent: what the message was judged to be. What moved the score by less than half a point is no reason, nor is the
    sum of small ones. Of equal ones the earlier comes first.
    """
    large = [c for c in contributions if not -0.5 < c.points < 0.5 and c.feature != "other"]
    ordered = sorted(large, key=_points)
    rising, falling = [c for c in ordered[-up:] if c.points > 0], [c for c in ordered[:down] if c.points < 0]
    return (
        ", ".join([_reason(c, intent) for c in sorted(rising, key=_points, reverse=True)]),
        ", ".join([_reason(c, intent) for c in falling]),
    )


_points = attrgetter("points")


def _reason(c: Contribution, intent: str | None) -> str:
    value = c.value
    if c.feature == "judgement":
        value = intent if intent != "other" else None
    elif value is not None and value != value:  # noqa: PLR0124 - not a number: unknown
        value = None
    return f"{said(c.feature, value)} {c.points:+.0f}"
