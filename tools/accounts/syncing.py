"""Brings the companies of a CRM into the book as what the CRM tells now. Nobody can mend a CRM line by line from here: a cell
that cannot be used is left out and named, the rest counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from tools.accounts.changing import SHOWN, Change, Refused, Result, change_book
from tools.accounts.scratch import Scratch
from tools.accounts.understanding import Understanding
from tools.store.tables import crm_companies

CRM: Final = "crm"


def sync(
    engine: Engine,
    companies: Iterable[Mapping[str, str]],
    name: str,
    by: str,
    order: Sequence[str],
    *,
    understanding: Understanding | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
    wait_s: float = 60.0,
) -> Result:
    """companies: all of them, each as texts by field; one that the CRM no longer has leaves the book. name: of the CRM.

    Raises Refused where there is none: an empty answer is rather a wrong key than a CRM without companies. Busy."""
    understanding = understanding or Understanding(revenue_unit=1)
    understanding.lenient = True
    with Scratch() as scratch:
        for number, texts in enumerate(companies, 1):
            entry = understanding.entry(texts, number)
            if entry is not None:
                scratch.add(entry)
        scratch.close_up()
        if not scratch.count:
            raise Refused([f"{name} named no company that can be used; the book keeps what it was told before"])
        change = Change(CRM, "sync", name, by, replace=True, lenient=True)
        result = change_book(engine, scratch, change, order, dry_run=dry_run, now=now, wait_s=wait_s)
    faults = [f"{fault.column} {fault.typed[:60]!r} {fault.what}" for fault in understanding.faults]
    result.dropped = [*faults[:SHOWN], *result.dropped]
    return result


def embedded_companies(engine: Engine) -> Iterator[dict[str, str]]:
    """The companies of the CRM that we bring along."""
    names = {"parent_domain": "parent_domain", "company_id": "id"}
    wanted = (
        "company_id",
        "domain",
        "name",
        "country",
        "state",
        "city",
        "industry",
        "employees",
        "parent_domain",
        "owner",
    )
    query = select(*(crm_companies.c[name] for name in wanted)).order_by(crm_companies.c.company_id)
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=2_000).execute(query):
            yield {
                names.get(name, name): str(value) for name, value in zip(wanted, row, strict=True) if value is not None
            }
