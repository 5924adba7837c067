"""Brings the companies of the CRM into the book, with their parents and owners, as source `crm`. What the CRM no longer has
leaves the book; what it says and cannot be used is left out and named."""

from __future__ import annotations

import argparse
import getpass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", choices=("crm",), metavar="crm")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    parser.add_argument("--by", default=None, help="who asks for it (default: your login)")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done; 1: refused or the CRM does not answer, nothing written."""
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
