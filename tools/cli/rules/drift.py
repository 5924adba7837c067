"""What changed in the leads, and what nobody understood: each line's share of the leads, unknown facts, values as typed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tools.settings import Settings

if TYPE_CHECKING:
    from graph.rules.control_limits import Share
    from tools.drift import Drift, Value

WIDTH = 110  # columns
HELP = "what changed in the leads, and what was not understood"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", default="30d", metavar="30d", help="so many days (d), hours (h), weeks (w)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--apply", type=int, metavar="N", help="write proposal N into the draft --file")
    parser.add_argument(
        "--file", type=Path, help="the draft for --apply; a copy of the routing file where there is none"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    import orjson

    from tools.cli.rules.alias import write_aliases
    from tools.cli.rules.reading import Unusable

    if arguments.apply is not None and arguments.file is None:
        print("--apply needs --file DRAFT, the draft to write the alias into", file=sys.stderr)
        return 2
    try:
        drift = _watched(arguments.last, settings)
    except Unusable as error:
        return error.told()
    if arguments.apply is not None:
        proposed = [value for value in drift.values if value.proposal is not None]
        if not 1 <= arguments.apply <= len(proposed):
            print(f"there is no proposal {arguments.apply}; there are {len(proposed)}", file=sys.stderr)
            return 2
        chosen = proposed[arguments.apply - 1]
        return write_aliases([(chosen.field, chosen.typed or "", chosen.proposal or "")], arguments.file, settings)
    if arguments.json:
        print(orjson.dumps(_as_json(drift), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    else:
        print("\n".join(_sentences(drift)))
    return 0


def _watched(period: str, settings: Settings) -> Drift:
    from tools.cli.rules.editing import store_of
    from tools.cli.rules.reading import Unusable, usable
    from tools.drift import watch
    from tools.planning.period import last
    from tools.store.past import Chosen, past_decisions

    table, now = usable(settings.routing_file), datetime.now(UTC)
    try:
        length = last(period)
    except ValueError as error:
        raise Unusable(str(error)) from None
    with store_of(settings) as engine:
        return watch(past_decisions(engine, Chosen(since=now - 2 * length)), table, now - length, now)


def _as_json(drift: Drift) -> dict[str, Any]:
    shares = {
        part: {name: _share_json(share) for name, share in getattr(drift, part).items()}
        for part in ("lines", "unknown")
    }
    return asdict(drift) | shares


def _share_json(share: Share) -> dict[str, Any]:
    return asdict(share) | {"now": share.now, "before": share.before, "shifted": share.shifted}


def _sentences(drift: Drift) -> Iterator[str]:
    yield (
        f"{_leads(drift.leads)} since {drift.since:%Y-%m-%d %H:%M} UTC, {drift.leads_before} in the same time before."
        " * is outside of what chance explains (3 sigma)."
    )
    yield "Share of the leads, by line of the file:"
    yield from _table(drift.lines)
    yield "Leads without the fact:"
    yield from _table(drift.unknown)
    proposals = 0
    if drift.values:
        yield "Not understood, as typed:"
    for value in drift.values:
        proposals += value.proposal is not None
        yield f"  {_said(value, proposals)}"


def _table(shares: dict[str, Share]) -> Iterator[str]:
    """A row for each that some lead had, then the names of the others together."""
    absent = [name for name, share in shares.items() if not share.hits and not share.hits_before]
    for name, share in shares.items():
        if name in absent:
            continue
        limits = f"expected {share.low:.1%} to {share.high:.1%}" if share.judged else "too few leads to judge"
        mark = "*" if share.shifted else " "
        yield f"  {mark} {name:28} {share.now:6.1%}  before {share.before:6.1%}  {limits}"
    if absent:
        yield from wrap(
            f"none, and none before: {', '.join(absent)}",
            WIDTH,
            initial_indent="    ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )


def _said(value: Value, number: int) -> str:
    if value.typed is None:
        return f"{_leads(value.leads)}: {value.field} (personal, not shown)"
    text = f"{_leads(value.leads)} {'says' if value.leads == 1 else 'say'} {value.field} '{value.typed[:60]}'"
    if value.unmatched:
        text += f", {value.unmatched} of them matched nothing"
    if value.proposal is None:
        return text
    return f"{text}; add an alias for {value.proposal}? (--apply {number})"


def _leads(number: int) -> str:
    return f"{number} lead{'' if number == 1 else 's'}"
