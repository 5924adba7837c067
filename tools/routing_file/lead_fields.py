"""The lead of a test in the file, as a person types it, as the facts that routing asks for, and the other way round.
`null` is unknown."""

from __future__ import annotations

from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Tier
from graph.domain.table import RoutingTable
from graph.rules.countries import country_code
from graph.rules.domains import host_of, mailbox_type, registrable
from graph.rules.places import written_country
from graph.rules.states import state_code
from tools.routing_file.fields import Draft, Field
from tools.routing_file.findings import RoutingFileError
from tools.routing_file.reader import Source, read
from tools.routing_file.team import Team, email_of

_KEYS: Final = (
    "email", "domain", "family", "country", "state", "postal", "industry", "employees", "revenue", "source", "product",
    "score", "tier", "opportunity_owner", "account_owner", "parent_owner",
)  # fmt: skip
_MOST: Final = 10**15


def read_lead(text: str, table: RoutingTable) -> RoutingFacts:
    """The facts of a lead written as a test of the file writes it; RoutingFileError lists what is wrong with it."""
    draft = Draft(Source(text))
    team = Team(ZoneInfo(table.timezone), table.people, table.people_by_email, frozenset(table.pools))
    facts = parse_lead(Field(draft, read(draft.source), "", 0), team)
    if draft.findings:
        raise RoutingFileError(draft.findings)
    return facts


def lead_json(facts: RoutingFacts) -> dict[str, Any]:
    """The facts as a test of the file writes its lead. What is unknown is left out."""
    found: dict[str, Any] = {
        "domain": facts.host or facts.domain,
        "family": list(facts.family),
        "revenue": facts.revenue_usd,
        **{name: getattr(facts, name) for name in _KEYS if name not in ("email", "domain", "family", "revenue")},
    }
    return {name: found[name] for name in _KEYS if found.get(name) not in (None, [])}


def parse_lead(field: Field, team: Team) -> RoutingFacts:
    found = {key: item for key, item in field.settings(_KEYS).items() if item.node.kind != "null"}
    country = _country(found.get("country"))
    email = found.get("email")
    host = _host(found["domain"]) if "domain" in found else _mail_host(email)
    if email is not None and "domain" in found:
        email_of(email)
    return RoutingFacts(
        country=country,
        state=_state(found.get("state"), country),
        postal=_postal(found.get("postal")),
        industry=_text(found.get("industry")),
        employees=_whole(found.get("employees")),
        revenue_usd=_whole(found.get("revenue")),
        source=_text(found.get("source")),
        product=_text(found.get("product")),
        score=_score(found.get("score")),
        tier=found["tier"].choice(get_args(Tier)) if "tier" in found else None,
        host=host,
        domain=registrable(host) if host else None,
        family=tuple(_host(item) or "" for item in found["family"].items()) if "family" in found else (),
        opportunity_owner=_owner(found.get("opportunity_owner"), team),
        account_owner=_owner(found.get("account_owner"), team),
        parent_owner=_owner(found.get("parent_owner"), team),
    )


def _text(field: Field | None) -> str | None:
    return None if field is None else field.text()


def _whole(field: Field | None) -> int | None:
    return None if field is None else field.whole(0, _MOST)


def _owner(field: Field | None, team: Team) -> str | None:
    return None if field is None else team.owner(field).email


def _country(field: Field | None) -> str | None:
    if field is None:
        return None
    text = field.text()
    code = written_country(text.upper())
    if text and code is None:
        field.fail(f'"{text}" is not the code of a country', country_code(text))
    return code


def _state(field: Field | None, country: str | None) -> str | None:
    if field is None:
        return None
    text = field.text()
    code = state_code(text, country)
    if text and code is None:
        of = "write it as US-CA, or give the country too" if country is None else f"it is none of {country}"
        field.fail(f'"{text}" is not a subdivision; {of}')
    return code


def _postal(field: Field | None) -> str | None:
    if field is not None and field.number_written():
        field.fail("a postal code is a text in quotes; as a number it loses its zeros")
        return None
    return _text(field)


def _score(field: Field | None) -> float | None:
    if field is None:
        return None
    value = field.node.value
    if not isinstance(value, int | float) or not field.number_written():
        field.fail(f"expected a number from 0 to 1, found {field.node.kind}")
        return None
    if not 0 <= value <= 1:
        meant = f"{value / 100:g}" if 1 < value <= 100 else None
        field.fail("a score in this file is from 0 to 1, which is the score that people see divided by 100", meant)
    return float(value)


def _host(field: Field) -> str | None:
    text = field.text()
    host = host_of(text)
    if text and host is None:
        field.fail(f'"{text}" is not a domain')
    return host


def _mail_host(field: Field | None) -> str | None:
    """The host of the company behind an address; a free mail provider says nothing of the company."""
    if field is None:
        return None
    host = host_of(email_of(field).rpartition("@")[2])
    return None if host is None or mailbox_type(host) == "free" else host
