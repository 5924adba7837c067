"""Past accounts like this one: how they ended, why, for how much, after how many days, and what they share.

NAME is a domain, a name, an account's id, or a lead's id or address. With it, --industry, --country, --size, --outcome,
--min-deal, --max-deal and --since are conditions: only accounts that fit them are shown, and what is not known of an
account fits no condition. Without it, --industry, --country, --employees, --revenue and --technologies describe the
account that neighbours are wanted of. Among those shown are the nearest won and the nearest lost one, where there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.domain.account import SimilarAccount
    from graph.ports import AccountQuery
    from tools.account_metadata import Wanted
    from tools.settings import Settings
    from tools.wiring import Store

MOST = 100


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="a domain, a name, an account's or a lead's id")
    parser.add_argument("--k", type=int, default=10, help=f"how many (default: 10, at most {MOST})")
    parser.add_argument("--outcome", help="won, lost, no_decision; several with commas")
    parser.add_argument("--industry")
    parser.add_argument("--country", help="name or ISO code")
    parser.add_argument("--size", help="startup, smb, mid_market, enterprise, or a range of employees: 200-2000")
    parser.add_argument("--min-deal", type=int, metavar="USD")
    parser.add_argument("--max-deal", type=int, metavar="USD")
    parser.add_argument("--since", metavar="DAY", help="closed on this day (2026-04-30) or later")
    parser.add_argument("--employees", type=int, help="of the account described")
    parser.add_argument("--revenue", type=int, metavar="USD", help="of the account described, a year")
    parser.add_argument("--technologies", help="of the account described, with commas")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: shown, if only that none is near; 1: nobody, or more than one, has this name, or the search did not answer;
    2: a condition that cannot be read."""
    from tools.similar.conditions import ConditionError
    from tools.similar.seeding import seed
    from tools.store.migrate import migrate
    from tools.wiring import open_store

    try:
        described, wanted = _asked(arguments)
    except ConditionError as error:
        print(f"accounts similar: {error}", file=sys.stderr)
        return 2
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    try:
        migrate(store.engine)
        seed(store.engine, shown=settings.similar_bundled)
        return asyncio.run(_answer(arguments, settings, store, described, wanted))
    finally:
        store.close()


def _asked(arguments: argparse.Namespace) -> tuple[AccountQuery | None, Wanted]:
    """(the account described, None where one is named; conditions). Raises ConditionError."""
    from tools.similar.conditions import ConditionError, described, wanted_of

    if not 1 <= arguments.k <= MOST:
        raise ConditionError(f"--k is 1 to {MOST}")
    ends = {"outcome": arguments.outcome, "size": arguments.size, "since": arguments.since}
    ends |= {"min_deal": arguments.min_deal, "max_deal": arguments.max_deal}
    place = {"industry": arguments.industry, "country": arguments.country}
    facts = {"employees": arguments.employees, "revenue": arguments.revenue, "technologies": arguments.technologies}
    if arguments.name:
        if any(value is not None for value in facts.values()):
            raise ConditionError("--employees, --revenue and --technologies describe an account: leave out NAME")
        return None, wanted_of(**place, **ends)
    if not any(value is not None for value in (*place.values(), *facts.values())):
        raise ConditionError("name an account, or describe one by --industry, --country, --employees, --technologies")
    return described(**place, **facts), wanted_of(**ends)


async def _answer(
    arguments: argparse.Namespace, settings: Settings, store: Store, described: AccountQuery | None, wanted: Wanted
) -> int:
    import orjson

    from graph.domain.facts import Absent, Unavailable
    from tools.similar.describing import who
    from tools.wiring import company_facts, similar_accounts

    memory, now = similar_accounts(settings, store, look_every_s=0), datetime.now(UTC)
    try:
        if described is None:
            meant = await who(store.engine, company_facts(settings, store, free=True), arguments.name, now)
            if meant.account is None and not meant.rivals and len(keys := _in_book(store, arguments.name)) == 1:
                meant = await who(store.engine, company_facts(settings, store, free=True), keys[0], now)
            if meant.account is None:
                print(_nobody(arguments.name, meant.rivals), file=sys.stderr)
                return 1
            described = meant.account
            if not arguments.json:
                print(f"{_summary(described)}   (from {meant.found_in})")
        (fact,) = await memory.nearest([described], arguments.k, now, wanted)
    finally:
        await memory.aclose()
    if isinstance(fact, Unavailable):
        print(f"accounts similar: {fact.source} did not answer: {fact.reason}", file=sys.stderr)
        return 1
    found = () if isinstance(fact, Absent) else fact.value
    if arguments.json:
        for one in found:
            print(orjson.dumps(one).decode())
        return 0
    print(
        _table(found) if found else "No past account that fits is near. Tell of yours: app.py accounts closed FILE.csv"
    )
    return 0


def _in_book(store: Store, name: str) -> list[str]:
    """Keys of the known accounts that bear the name."""
    from tools.accounts.finding import find
    from tools.store.book import state_of

    with store.engine.connect() as connection:
        return find(connection, state_of(connection), name)


def _nobody(name: str, rivals: Sequence[str]) -> str:
    if rivals:
        return f"{name!r} may be any of {', '.join(rivals)}: say which by domain or id"
    return (
        f"nobody here knows {name!r}: give a domain, a name as it is written in the CRM, or describe it by --industry, "
        "--country, --employees, --technologies"
    )


def _summary(account: AccountQuery) -> str:
    size = f"{account.employees:,} employees" if account.employees else None
    known = (account.domain, account.industry, account.country, size, ", ".join(account.technologies[:5]) or None)
    return f"{account.name or account.domain}: {' · '.join(one for one in known if one) or 'nothing is known of it'}"


def _table(found: Sequence[SimilarAccount]) -> str:
    lines = [f"{'distance':>8}  {'account':32} {'outcome':12} {'deal USD':>11} {'days':>5}  reason; what they share"]
    for one in found:
        deal, days = _or_blank(one.deal_usd), _or_blank(one.days_to_close)
        story = "; ".join(part for part in (one.reason, *one.why) if part)
        lines.append(f"{one.distance:8.4f}  {one.name[:32]:32} {one.outcome:12} {deal:>11} {days:>5}  {story}")
    return "\n".join(lines)


def _or_blank(number: Any) -> str:
    return "" if number is None else f"{number:,}"
