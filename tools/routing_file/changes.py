"""What differs between two routing files in what they say, whatever their comments and layout: each change by name.

Both texts must be JSON as the file has it (else RoutingFileError); they need not be valid, so that a draft can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tools.routing_file.reader import Node, Source, read
from tools.routing_file.shapes import (
    Child,
    Json,
    Path,
    children,
    comparable,
    meaning,
    name_key,
    ordered,
    plain,
    section_of,
    shown,
    stayed,
    value_shown,
)

Kind: TypeAlias = Literal["added", "removed", "changed", "moved"]

_NOUNS: Final[Mapping[str, str]] = {
    "rules": "rule",
    "tests": "test",
    "regions": "region",
    "segments": "segment",
    "people": "person",
    "pools": "pool",
    "accounts": "account",
    "slas": "SLA",
}


@dataclass(frozen=True, slots=True)
class Change:
    """path: as errors show it, by name instead of number; steps: the same for programs and for the writer.

    before, after: the values, None where there is none; of a move: the name of the sibling before it, None for the first.
    line_a, line_b: from 1, None where there is nothing. section: the top-level key, `map` for the capital ones.
    An item of a list without names (a place of a region) has the path of its list.
    """

    path: str
    steps: Path
    kind: Kind
    before: Json
    after: Json
    line_a: int | None
    line_b: int | None
    section: str
    sentence: str


def diff(a_text: str, b_text: str) -> tuple[Change, ...]:
    """Every change from A to B, in the order of A with what is new behind; none where both say the same."""
    a, b = Source(a_text), Source(b_text)
    return tuple(_Diff(a, b).values((), Child(0, read(a)), Child(0, read(b))))


def describe_changes(changes: tuple[Change, ...], a_text: str, b_text: str) -> str:
    """A sentence a line, or why there is none."""
    if changes:
        return "\n".join(f"{change.sentence} ({_lines(change)})" for change in changes)
    if a_text == b_text:
        return "no change: the texts are the same"
    return "no change in what the file says: only comments, layout or an order without meaning differ"


def _lines(change: Change) -> str:
    if change.line_a is None or change.line_b is None:
        return f"line {change.line_a or change.line_b}"
    return f"line {change.line_a} before, {change.line_b} now"


class _Diff:
    def __init__(self, a: Source, b: Source) -> None:
        self._a, self._b = a, b

    def values(self, path: Path, a: Child, b: Child) -> Iterator[Change]:
        if meaning(a.node, path) == meaning(b.node, path):
            return
        one, two = children(a.node, path), children(b.node, path)
        if one is None or two is None or not comparable((a.node, b.node), path):
            yield self._change("changed", path, a, b)
        else:
            yield from self._parts(path, one, two, unnamed=_unnamed(path, a.node, b.node))

    def _parts(self, path: Path, one: dict[str, Child], two: dict[str, Child], *, unnamed: bool) -> Iterator[Change]:
        order = list(two)
        for name, child in one.items():
            at = path if unnamed else (*path, name)
            if name not in two:
                yield self._change("removed", at, child, None, item=unnamed)
            elif not unnamed:
                yield from self.values(at, child, two[name])
        for name, child in two.items():
            if name not in one:
                place = f", {_behind(_before(order, name))}" if ordered(path) else ""
                yield self._change("added", path if unnamed else (*path, name), None, child, place, item=unnamed)
        if ordered(path):
            yield from self._moves(path, one, two)

    def _moves(self, path: Path, one: dict[str, Child], two: dict[str, Child]) -> Iterator[Change]:
        was, now = list(one), list(two)
        kept = stayed(was, now)
        for name in now:
            if name in one and name not in kept:
                before, after = _before(was, name), _before(now, name)
                subject = _subject((*path, name))
                yield Change(
                    path=shown((*path, name)),
                    steps=(*path, name),
                    kind="moved",
                    before=before,
                    after=after,
                    line_a=self._line(self._a, one[name]),
                    line_b=self._line(self._b, two[name]),
                    section=section_of(path),
                    sentence=f"{subject} moved: {_behind(after)} now, was {_behind(before)}",
                )

    def _change(
        self, kind: Kind, path: Path, a: Child | None, b: Child | None, place: str = "", *, item: bool = False
    ) -> Change:
        before = None if a is None else plain(a.node)
        after = None if b is None else plain(b.node)
        return Change(
            path=shown(path),
            steps=path,
            kind=kind,
            before=before,
            after=after,
            line_a=None if a is None else self._line(self._a, a),
            line_b=None if b is None else self._line(self._b, b),
            section=section_of(path),
            sentence=_sentence(path, kind, before, after, whole=not item and len(path) == 2 and path[0] in _NOUNS)
            + place,
        )

    @staticmethod
    def _line(source: Source, child: Child) -> int:
        return source.position(child.start)[0]


def _unnamed(path: Path, *nodes: Node) -> bool:
    """Are the parts items that go by their value?"""
    return name_key(path) is None and all(node.members is None for node in nodes)


def _before(names: list[str], name: str) -> str | None:
    at = names.index(name)
    return names[at - 1] if at else None


def _behind(name: str | None) -> str:
    return "first" if name is None else f"after {name}"


def _subject(path: Path) -> str:
    """`rule us-smb`, `rule us-smb: to`, `pool us-smb: members.ana`, `US`."""
    noun = _NOUNS.get(str(path[0]))
    if noun is None or len(path) == 1:
        return ".".join(map(str, path))
    name = f'"{path[1]}"' if noun == "test" else str(path[1])
    return f"{noun} {name}" + (": " + ".".join(map(str, path[2:])) if path[2:] else "")


def _sentence(path: Path, kind: Kind, before: Json, after: Json, *, whole: bool) -> str:
    """whole: is it a thing with a name of its own that comes or goes?"""
    subject = _subject(path)
    if kind == "changed":
        return f"{subject} is {value_shown(after)}, was {value_shown(before)}"
    if kind == "added":
        return f"{subject} is new: {value_shown(after)}" if whole else f"{subject}: {value_shown(after)} is new"
    return f"{subject} is gone" if whole else f"{subject}: {value_shown(before)} is gone"
