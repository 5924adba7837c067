"""Brings outcomes from outside, such as a CRM's export: what became of leads, when, and what they are worth.

A CSV file with a header: lead_id or email; outcome (won, lost, no_show, not_a_fit); closed_at; contract_usd (a year) and
reason (in words) may be blank. A line that cannot be used is named with its reason, and then nothing is kept. The lead's
account counts as won or lost from then on (`app.py accounts similar`).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tools.settings import Settings
    from tools.store.learning import Told

SHOWN = 20


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csv")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: kept; 1: lines that cannot be used, nothing kept; 2: no such file, or no header that fits."""
    from tools.cli.rules.editing import store_of
    from tools.store.learning import keep_outcomes

    try:
        rows = list(_rows(arguments.file))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        print(f"{arguments.file}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 2
    with store_of(settings) as engine:
        told, faults = usable(engine, rows)
        if faults:
            print("\n".join(faults[:SHOWN]), file=sys.stderr)
            more = f", {len(faults) - SHOWN} of them not shown" if len(faults) > SHOWN else ""
            print(f"{len(faults)} of {len(rows)} lines cannot be used{more}; nothing was kept", file=sys.stderr)
            return 1
        kept = keep_outcomes(engine, told, arguments.file.name, datetime.now(UTC))
    print(f"{kept} outcomes kept")
    return 0


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, fields). Raises ValueError for a header that lacks something."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        names = {(name or "").strip().lower() for name in reader.fieldnames or ()}
        if not names & {"lead_id", "email"} or not {"outcome", "closed_at"} <= names:
            raise ValueError(
                "the header needs lead_id or email, outcome and closed_at; contract_usd and reason may follow"
            )
        for row in reader:
            yield (
                reader.line_num,
                {
                    (name or "").strip().lower(): (value or "").strip()
                    for name, value in row.items()
                    if isinstance(value, str)
                },
            )


def usable(engine: Engine, rows: list[tuple[int, dict[str, str]]]) -> tuple[list[Told], list[str]]:
    """What can be kept, and a sentence for each line that cannot. Of one lead the last line counts."""
    from tools.store.learning import known_leads, leads_by_email

    by_email = leads_by_email(engine, [row["email"] for _, row in rows if row.get("email")])
    known = known_leads(engine, [row["lead_id"] for _, row in rows if row.get("lead_id")])
    told: dict[str, Told] = {}
    faults: list[str] = []
    for line, row in rows:
        lead_id = row.get("lead_id") or by_email.get(row.get("email", "").lower())
        if lead_id is None or (row.get("lead_id") and lead_id not in known):
            named = (row.get("lead_id") or row.get("email") or "")[:60]
            faults.append(f"line {line}: no lead {named!r} was decided here")
            continue
        try:
            told[lead_id] = _told(lead_id, row)
        except ValueError as error:
            faults.append(f"line {line}: {error}")
    return list(told.values()), faults


def _told(lead_id: str, row: dict[str, str]) -> Told:
    from graph.rules.message_states import OUTCOMES
    from graph.rules.text import line
    from tools.planning.period import moment
    from tools.store.learning import Told

    outcome = row["outcome"].lower().replace(" ", "_").replace("-", "_")
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome {row['outcome'][:40]!r} is none of {', '.join(OUTCOMES)}")
    contract = None
    if typed := row.get("contract_usd"):
        try:
            contract = float(typed.replace(",", "").removeprefix("$"))
        except ValueError:
            raise ValueError(f"contract_usd {typed[:40]!r} is no number") from None
        if not 0 < contract < 1e12:
            raise ValueError(f"contract_usd {typed[:40]!r} is no amount of dollars; leave it blank where it is unknown")
    return Told(lead_id, outcome, moment(row["closed_at"]), contract, line(row.get("reason")))
