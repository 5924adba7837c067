"""What company facts cost by day and source, how often each source fills a field, and which are switched off."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `app.py --help` reads no settings
    from tools.enrichment.switch import Switch
    from tools.settings import Settings
    from tools.store.enriching import Spent


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=7, help="so many days, today (UTC) included (default: 7)")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.editing import store_of
    from tools.enrichment.ledger import switch_of
    from tools.store.enriching import day_of, source_rows, spending

    if arguments.days < 1:
        raise SystemExit("costs: --days is 1 or more")
    now = datetime.now(UTC)
    with store_of(settings) as engine:
        spent = spending(engine, day_of(now - timedelta(days=arguments.days - 1)))
        switches = {name: switch_of(row, now) for name, row in source_rows(engine).items()}
    if arguments.json:
        told = {"days": spent, "sources": switches, "ceilings": _ceilings(settings)}
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return 0
    print(_days(spent))
    print()
    print(_sources(switches, settings, now))
    return 0


def _days(spent: Sequence[Spent]) -> str:
    if not spent:
        return "No source was asked for money in these days."
    lines = [f"{'day':10}  {'source':20} {'questions':>9} {'US cents':>10} {'filled':>7} {'empty':>7} {'failed':>7}"]
    lines += [
        f"{row.day}  {row.source[:20]:20} {row.questions:9,} {row.cents:10,.2f} "
        f"{row.filled:7,} {row.empty:7,} {row.failed:7,}"
        for row in spent
    ]
    lines.append(f"{'all':10}  {'':20} {sum(r.questions for r in spent):9,} {sum(r.cents for r in spent):10,.2f}")
    return "\n".join(lines)


def _sources(switches: Mapping[str, Switch], settings: Settings, now: datetime) -> str:
    from tools.enrichment.switch import new

    ceilings = _ceilings(settings)
    lines = []
    for name in dict.fromkeys((*(n for n in settings.providers if n != "bundled"), *switches)):
        switch = switches.get(name, new(now))
        rates = [
            f"{text} {rate:.0%}"
            for text, rate in (("fills lately", switch.recent_rate), ("before", switch.past_rate))
            if rate is not None
        ]
        state = switch.state if switch.by == "rule" else f"{switch.state} (by hand)"
        until = f" until {switch.until:%Y-%m-%d %H:%M} UTC" if switch.until else ""
        why = f": {switch.reason}" if switch.reason else ""
        lines.append(f"{name:20} {state}{until}{why}")
        more = [*rates, *(f"{key} {value:g}" for key, value in ceilings.get(name, {}).items() if value is not None)]
        if more:
            lines.append(f"{'':20} {', '.join(more)}")
    for key, text in (("all", "all sources, a day"), ("lead", "a lead")):
        for unit, value in ceilings[key].items():
            if value is not None:
                lines.append(f"{text}: at most {value:g} {unit}")
    return "\n".join(lines) if lines else "No source costs money: ENRICHMENT is embedded."


def _ceilings(settings: Settings) -> dict[str, dict[str, Any]]:
    """By source; `all` and `lead` are those of all sources."""
    terms = {**settings.enrichment_terms, **settings.described_providers}
    return {
        **{
            name: {
                "price_cents": one.price_cents,
                "daily_questions": one.daily_questions,
                "daily_cents": one.daily_cents,
            }
            for name, one in terms.items()
        },
        "all": {"cents": settings.enrichment_daily_cents},
        "lead": {"cents": settings.enrichment_lead_cents},
    }
