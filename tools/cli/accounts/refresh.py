"""Forget what sources said of a company, so that the next lead of it asks them again. Processes that run keep what they
hold in memory until it is out of time or they are restarted."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain", help="the company's domain")
    parser.add_argument("--source", default=None, help="this source alone")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: forgotten, or nothing was kept; 2: no domain."""
    from graph.rules.domains import host_of
    from tools.cli.rules.editing import store_of
    from tools.store.enriching import forget

    domain = host_of(arguments.domain)
    if domain is None:
        print(f"{arguments.domain}: no domain; write it as acme.com", file=sys.stderr)
        return 2
    with store_of(settings) as engine:
        count = forget(engine, arguments.source, domain)
    print(f"{domain}: {count} answers forgotten.")
    return 0
