"""What is known of an account: each field with who says it and who says otherwise, the line of its parents, its daughters,
shares of half or less, and what is disputed. Named by its name, a domain or a key."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.accounts.viewing import Link, View
    from tools.settings import Settings

LONGEST = 80


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", metavar="NAME|DOMAIN")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: shown; 1: nobody, or several, are meant."""
    import orjson

    from tools.accounts.finding import find, near
    from tools.accounts.viewing import view_of
    from tools.cli.accounts.changes import changing
    from tools.planning.showing import plain
    from tools.store.book import state_of

    with changing(settings) as (engine, outcome), engine.connect() as connection:
        state = state_of(connection)
        found = find(connection, state, arguments.account)
        if len(found) == 1:
            view = view_of(connection, state, found[0])
            if arguments.json:
                print(orjson.dumps(_told(view), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
            else:
                print("\n".join(_lines(view)))
            return outcome.code
        near_by = found or near(connection, state, arguments.account)
        what = "several accounts are meant" if found else "no account is called so"
        shown = f": {', '.join(plain(key, LONGEST) for key in near_by[:10])}" if near_by else ""
        print(f"{plain(arguments.account)}: {what}{shown if found else shown and '; near' + shown}", file=sys.stderr)
        return 1


def _lines(view: View) -> list[str]:
    from tools.cli.accounts.results import counted
    from tools.planning.showing import plain, table

    lines = [f"{plain(view.name, LONGEST)} ({plain(view.key, LONGEST)})" if view.name else plain(view.key, LONGEST)]
    if view.account is None:
        lines.append("only named as a parent: nobody told of it as an account")
    else:
        if others := view.account.names[1:]:
            lines.append(f"also called: {'; '.join(plain(name, LONGEST) for name in others)}")
        if further := [domain for domain in view.account.domains if domain != view.key]:
            lines.append(f"further domains: {', '.join(further)}")
        rows = [("", "", "says", "when (UTC)", "others say")]
        for one in view.values:
            others = "; ".join(f"{source}: {_value(said)}" for source, said in one.others)
            rows.append(
                (one.field, _value(one.value), f"{one.source} ({plain(one.by)})", f"{one.at:%Y-%m-%d %H:%M}", others)
            )
        lines += ["", *table(rows)]
        lines += [
            f"{name} {plain(typed)!r} was not understood ({told.source})"
            for told in view.account.tellings
            for name, typed in told.fields.get("typed", {}).items()
        ]
    if view.above:
        lines += ["", "belongs to " + " -> ".join(_link(link) for link in view.above)]
    if view.state == "disputed":
        lines += [
            "",
            f"disputed: it has no parent, for it may belong to {' or to '.join(_link(one) for one in view.disputed)}",
        ]
    if view.state == "circle":
        circle = [plain(one, LONGEST) for one in view.circle]
        lines += ["", f"in a circle, and so without a parent: {' -> '.join([*circle, circle[0]])}"]
    lines += [f"{_link(one)} was said as well, and is less believed" for one in view.outranked]
    lines += [f"a share without control: {_link(one)} holds {one.share:g}% of it" for one in view.owned_by]
    lines += [f"a share without control: it holds {one.share:g}% of {_link(one, share=False)}" for one in view.holds]
    if view.below_count:
        lines += [
            "",
            f"{counted(view.below_count, 'daughter')} of its own:",
            *(f"  {_link(one)}" for one in view.below),
        ]
        if view.below_count > len(view.below):
            lines.append(f"  ... app.py accounts list --parent {plain(view.key, LONGEST)} lists the whole family")
    return lines


def _link(link: Link, *, share: bool = True) -> str:
    from tools.planning.showing import plain

    name = f"{plain(link.name, LONGEST)} ({plain(link.key, LONGEST)})" if link.name else plain(link.key, LONGEST)
    told = [f"{link.share:g}%"] if share and link.share is not None else []
    told += [f"says {link.source}"] if link.source else []
    return f"{name} [{', '.join(told)}]" if told else name


def _value(said: Any) -> str:
    from tools.planning.showing import plain

    if isinstance(said, int):
        return f"{said:,}"
    if isinstance(said, list):
        return plain("; ".join(str(one[0]) if isinstance(one, list) else str(one) for one in said), 60)
    return plain(str(said), 60)


def _told(view: View) -> dict[str, Any]:
    """As JSON."""
    account = view.account
    links = ("above", "below", "disputed", "outranked", "owned_by", "holds")
    return {
        "key": view.key,
        "name": view.name,
        "account": account is not None,
        "names": account.names if account else [],
        "domains": account.domains if account else [],
        "owner": account.fields.get("owner") if account else None,
        "fields": {
            one.field: {
                "value": one.value,
                "source": one.source,
                "at": one.at,
                "by": one.by,
                "others": dict(one.others),
            }
            for one in view.values
        },
        "told": [
            {"source": one.source, "key": one.key, "at": one.at, "by": one.by, **one.fields}
            for one in (account.tellings if account else ())
        ],
        "state": view.state or None,
        "circle": view.circle,
        "below_count": view.below_count,
        **{
            name: [
                {"key": one.key, "name": one.name, "source": one.source, "ownership_pct": one.share}
                for one in getattr(view, name)
            ]
            for name in links
        },
    }
