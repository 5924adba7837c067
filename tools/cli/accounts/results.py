"""What an import, a sync or an undo came to, as text and JSON. Names in it are strangers' text: printed without what a
terminal would obey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tools.planning.showing import plain

if TYPE_CHECKING:
    from tools.accounts.changing import Result
    from tools.accounts.columns import Columns
    from tools.accounts.understanding import Understanding

SHOWN = 20
LONGEST = 80


def counted(number: int, what: str) -> str:
    several = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else several}"


def told_columns(columns: Columns) -> list[str]:
    lines = []
    if columns.read_as:
        lines.append("read as: " + ", ".join(f"{plain(title)} -> {name}" for title, name in columns.read_as))
    if columns.ignored:
        lines.append("not read: " + ", ".join(_ignored(title, meant) for title, meant in columns.ignored[:SHOWN]))
    return lines


def _ignored(title: str, meant: str | None) -> str:
    return plain(title) + (f" (did you mean {meant}? --column {meant}={plain(title)!r})" if meant else "")


def told_understanding(understanding: Understanding, unit: str = "line") -> list[str]:
    unknown = sorted(understanding.unknown.values(), key=lambda one: (-one.count, one.first_line))
    lines = [
        f"not understood, kept as typed: {one.column} {plain(one.typed)!r} in {counted(one.count, unit)} "
        f"(first: {unit} {one.first_line}){f'; {one.fix}' if one.fix else ''}"
        for one in unknown[:SHOWN]
    ]
    if len(unknown) > SHOWN:
        lines.append(f"... and {counted(len(unknown) - SHOWN, 'spelling')} more")
    return lines


def told_result(result: Result, *, dry_run: bool = False, unit: str = "line") -> list[str]:
    found = result.derived
    would = "would be " if dry_run else ""
    lines = [
        f"{counted(result.new + result.changed + result.same, 'account')} in {counted(result.lines, unit)}: "
        f"{would}{result.new:,} new, {result.changed:,} changed, {result.same:,} the same"
        + (f"; {result.gone:,} {would}gone" if result.gone else ""),
        told_families(found),
    ]
    lines += [
        f"disputed: {plain(key, LONGEST)} has no parent; it may be {_either(who)}"
        for key, who in found.disputes[:SHOWN]
    ]
    if found.disputed > SHOWN:
        lines.append(f"... and {found.disputed - SHOWN:,} more disputed (app.py accounts families --disputed)")
    if found.own_parents:
        named = ", ".join(plain(key, LONGEST) for key in found.own_parent_keys[:SHOWN])
        rest = ", ..." if found.own_parents > SHOWN else ""
        lines.append(
            f"named as its own parent, so read as having none: {counted(found.own_parents, 'account')} ({named}{rest})"
        )
    lines += [f"left open: {circle_said(ring)}" for ring in found.circles[:SHOWN]]
    lines += [f"left out: {plain(one, 200)}" for one in result.dropped[:SHOWN]]
    return lines


def told_families(found: Any) -> str:
    return (
        f"{counted(found.families, 'family')} with {counted(found.links, 'link')}, {found.disputed:,} disputed, "
        f"{counted(found.minority, 'minority share')}"
    )


def circle_said(ring: list[tuple[str, str, str]]) -> str:
    members = [plain(one, LONGEST) for one, _, _ in ring[:SHOWN]]
    return f"a circle of {len(ring)}: {' -> '.join([*members, members[0]])}; none of them has a parent"


def _either(who: tuple[str, ...]) -> str:
    return " or ".join(plain(one, LONGEST) for one in who)


def told_version(result: Result, *, dry_run: bool = False) -> str:
    if result.version is not None:
        return f"version {result.version} of the book; app.py accounts import --undo {result.version} takes it back"
    return "nothing was written: a dry run" if dry_run and result.anything else "nothing changed"


def told_undo(result: Result, undone: int) -> str:
    return (
        f"change {undone} was taken back in version {result.version}: {result.gone:,} accounts less, {result.new:,} again, "
        f"{result.changed:,} as before"
    )


def told_index(count: int) -> str:
    return f"match index built of {counted(count, 'account')}"


def as_json(result: Result, **more: Any) -> str:
    found = result.derived
    told = {
        "version": result.version,
        **result.figures(),
        "own_parents": found.own_parents,
        "disputes": [{"account": key, "claimed": list(who)} for key, who in found.disputes],
        "open_circles": [[one for one, _, _ in ring] for ring in found.circles],
        "left_out": result.dropped,
        **more,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
