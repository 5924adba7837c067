"""Brings the companies of the CRM into the book, with their parents and owners, as source `crm`. What the CRM no longer has
leaves the book; what it says and cannot be used is left out and named.

With --deals its closed deals are brought instead: how accounts ended, for similar accounts, and the outcomes of our leads."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", choices=("crm",), metavar="crm")
    parser.add_argument("--deals", action="store_true", help="closed deals instead of companies")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    parser.add_argument("--by", default=None, help="who asks for it (default: your login)")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: refused or the CRM does not answer, nothing written."""
    if arguments.deals:
        return _deals(arguments, settings)
    from tools.accounts.syncing import sync
    from tools.accounts.understanding import Understanding
    from tools.cli.accounts import results
    from tools.cli.accounts.changes import changing, indexed
    from tools.cli.accounts.words import words_of

    with changing(settings) as (engine, outcome):
        aliases, owners = words_of(engine, settings)
        understanding = Understanding(1, aliases, owners)
        name, companies = _crm(engine, settings)
        by = arguments.by or getpass.getuser()
        options: dict[str, Any] = {"understanding": understanding, "dry_run": arguments.dry_run}
        result = sync(engine, companies, name, by, settings.source_order, **options)
        count = indexed(engine, settings)
        if arguments.json:
            print(results.as_json(result, crm=name, dry_run=arguments.dry_run))
        else:
            lines = [
                *results.told_understanding(understanding, "company"),
                *results.told_result(result, dry_run=arguments.dry_run, unit="company"),
                results.told_version(result, dry_run=arguments.dry_run),
            ]
            print("\n".join([*lines, *([results.told_index(count)] if count is not None else [])]))
    return outcome.code


def _crm(engine: Engine, settings: Settings) -> tuple[str, Iterable[dict[str, str]]]:
    if settings.crm == "live" and settings.hubspot_access_token is not None:
        from tools.hubspot.companies import companies

        return "hubspot", companies(settings.hubspot_access_token.get_secret_value(), settings.hubspot_base_url)
    from tools.accounts.syncing import embedded_companies

    return "the embedded CRM", embedded_companies(engine)


def _deals(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: there is no CRM with deals, or it does not answer: what was read so far is not kept."""
    if settings.crm != "live":
        print("CRM=embedded holds no deals; bring them as a file: accounts closed FILE.csv", file=sys.stderr)
        return 1
    from graph.ports import VendorError
    from tools.cli.rules.editing import store_of
    from tools.hubspot.deals import Deals
    from tools.store.learning import keep_outcomes
    from tools.store.past_accounts import keep
    from tools.stream.crm_changes import SOURCE, outcomes_of
    from tools.wiring import hubspot_calls

    try:
        deals = list(Deals(hubspot_calls(settings, retries=4), settings.hubspot_currency).every())
    except VendorError as error:
        print(f"the CRM does not answer: {error}; nothing was kept", file=sys.stderr)
        return 1
    past = {}
    for deal in sorted(deals, key=lambda one: (one.won, one.closed_at, one.deal_id)):  # a sale counts, else the last
        if (account := deal.past) is not None:
            past[account.key] = account
    with store_of(settings) as engine:
        told = outcomes_of(engine, deals)
        if arguments.dry_run:
            kept, alone = len(past), 0
        else:
            now = datetime.now(UTC)
            kept, alone = keep(engine, past.values(), "crm", now)
            keep_outcomes(engine, told, SOURCE, now)
    counts = {"deals": len(deals), "accounts": kept, "left_alone": alone, "outcomes": len(told)}
    if arguments.json:
        print(orjson.dumps(counts | {"dry_run": arguments.dry_run}).decode())
    else:
        would = "would be kept" if arguments.dry_run else "kept"
        left = f"; {alone:,} left as they are: a later day is known for them" if alone else ""
        print(f"{len(deals):,} closed deals: {kept:,} accounts and {len(told):,} outcomes of leads {would}{left}")
    return 0
