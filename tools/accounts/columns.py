"""Which column of a file means which field: the spellings that people and CRMs use, and what the command line says.

A header that is not known is named with what it may be, and not read; nothing is guessed from the cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graph.rules.spelling import clear_meaning
from graph.rules.text import fold

_SPELLINGS: Final = {
    "name": "company; company name; account; account name; organisation; organization; organisation name; "
    "organization name; legal name; subsidiary; subsidiary name; entity; entity name; customer; customer name; firma; "
    "unternehmen; company / account",
    "domain": "website; web site; url; company domain; company domain name; website url; domain name; email domain; "
    "web; homepage; account domain; primary domain",
    "parent": "parent account; parent company; parent name; parent account name; parent company name; subsidiary of; "
    "owned by; belongs to; holding; parent organisation; parent organization",
    "parent_domain": "parent website; parent company domain; domain of parent; parent url",
    "parent_id": "parent account id; parent company id; associated parent company id; parentid; hs_parent_company_id",
    "ownership_pct": "ownership; ownership %; ownership percent; ownership percentage; share; share %; stake; "
    "percent owned; % owned; owned pct; shareholding",
    "owner": "account owner; company owner; owner email; account owner email; ae; account executive; rep; sales rep; "
    "account manager; assigned to; owner name; hubspot owner",
    "domains": "other domains; further domains; additional domains; more domains; all domains",
    "aliases": "other names; also known as; aka; dba; trade names; trading as; doing business as; former names; alias",
    "country": "billing country; hq country; country/region; country code; headquarters country; land; shipping country; "
    "country name",
    "state": "billing state; state/province; province; state/region; region; billing state/province; hq state; "
    "bundesland; state code",
    "city": "billing city; hq city; town; ort; headquarters city",
    "postal": "postal code; zip; zip code; zipcode; postcode; billing zip/postal code; billing postal code; billing zip; "
    "plz; zip/postal code",
    "street": "address; street address; billing street; address line 1; billing address; billing address line 1",
    "phone": "phone number; telephone; main phone; company phone; tel; account phone",
    "employees": "number of employees; employee count; headcount; head count; company size; size; no. of employees; "
    "# employees; mitarbeiter; numberofemployees",
    "revenue_usd": "revenue; annual revenue; annualrevenue; turnover; sales; umsatz; annual revenue (usd)",
    "industry": "sector; industry name; branche; vertical",
    "technologies": "technology; tech stack; techstack; tools used",
    "hiring": "open positions; open roles; job titles",
    "funding_stage": "funding; funding round; stage of funding; last round",
    "job_posts": "job postings; jobs",
    "id": "account id; company id; record id; crm id; salesforce id; hubspot id; accountid; external id; account number",
}
COLUMNS: Final = tuple(_SPELLINGS)
_KNOWN: Final = {
    fold(spelling): name for name, said in _SPELLINGS.items() for spelling in (name, *said.split(";"))
}  # fmt: skip
_NAMES: Final = {spelling.strip(): name for name, said in _SPELLINGS.items() for spelling in (name, *said.split(";"))}


class ColumnError(ValueError):
    """A header that cannot be used; the message says the way out."""


@dataclass(frozen=True, slots=True)
class Columns:
    """at: place of each field. read_as: (header, field) where the header is not the field's own name; ignored: (header,
    the field that it may be)."""

    at: Mapping[str, int]
    read_as: tuple[tuple[str, str], ...] = ()
    ignored: tuple[tuple[str, str | None], ...] = ()
    width: int = field(default=0)


def columns_of(header: Sequence[str], said: Mapping[str, str]) -> Columns:
    """said: field -> header, as the command line has it; a blank header means that the field is not read.

    Raises ColumnError."""
    titles = [title.strip() for title in header]
    at, ruled_out = _told(titles, said)
    taken = set(at.values())
    fits: dict[str, list[int]] = {}
    ignored: list[tuple[str, str | None]] = []
    for place, title in enumerate(titles):
        if place in taken or not title:
            continue
        name = _KNOWN.get(fold(title))
        if name is None:
            ignored.append((title, clear_meaning(title, _NAMES)))
        elif name in at or name in ruled_out:
            ignored.append((title, None))
        else:
            fits.setdefault(name, []).append(place)
    for name, places in fits.items():
        own = [place for place in places if fold(titles[place]) == fold(name)]
        if len(places) > 1 and len(own) != 1:
            these = " and ".join(repr(titles[place]) for place in places)
            raise ColumnError(
                f"{these} are both read as {name}; say which it is: --column {name}={titles[places[0]]!r}"
            )
        at[name] = own[0] if own else places[0]
        ignored += [(titles[place], None) for place in places if place != at[name]]
    if "name" not in at and "domain" not in at:
        raise ColumnError(
            f"no column is read as name or domain (there are {', '.join(map(repr, titles[:20]))}); "
            "say which one it is: --column name=HEADER"
        )
    read_as = tuple((titles[place], name) for name, place in at.items() if titles[place] != name)
    return Columns(at, read_as, tuple(ignored), len(header))


def _told(titles: Sequence[str], said: Mapping[str, str]) -> tuple[dict[str, int], set[str]]:
    at: dict[str, int] = {}
    for name, header in said.items():
        if name not in _SPELLINGS:
            meant = clear_meaning(name, {known: known for known in COLUMNS})
            hint = f"; did you mean {meant}?" if meant else f"; there are {', '.join(COLUMNS)}"
            raise ColumnError(f"--column {name}: no field is called so{hint}")
        if not header:
            continue
        exact = [place for place, title in enumerate(titles) if title == header]
        alike = exact or [place for place, title in enumerate(titles) if fold(title) == fold(header)]
        if not alike:
            raise ColumnError(
                f"--column {name}={header}: the file has no such column; it has {', '.join(map(repr, titles[:20]))}"
            )
        at[name] = alike[0]
    return at, {name for name, header in said.items() if not header}
