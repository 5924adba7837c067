"""A value of the file together with where it stands: reads what is expected, notes what is not, and goes on.

A reader that finds something else notes a finding and returns a harmless value of the right type, so that all errors of
a file are found in one pass; the parser uses nothing of a file that has findings.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tools.routing_file.findings import Finding, closest
from tools.routing_file.reader import Node, Source, read_text

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(slots=True)
class Draft:
    """The text being parsed, where the files that it names come from, and what is wrong with it so far.

    base: the folder it lies in; given: the texts of the files by name, instead of a folder; files: those that it named.
    """

    source: Source
    base: Path | None = None
    given: Mapping[str, str] | None = None
    files: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def text_beside(self, name: str) -> str:
        """The text of a file that this one names, read once. LookupError, OSError, or RoutingFileError where it is no text."""
        if name not in self.files:
            if self.given is None and self.base is None:
                raise LookupError(name)
            self.files[name] = self.given[name] if self.given is not None else self._read(name)
        return self.files[name]

    def _read(self, name: str) -> str:
        folder = (self.base or Path()).resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise PermissionError(errno.EACCES, "a link leads out of the folder of the routing file")
        return read_text(path)

    def note(self, offset: int, path: str, message: str, suggestion: str | None = None) -> None:
        line, column = self.source.position(offset)
        self.findings.append(Finding(path.strip(), line, column, message, suggestion))


@dataclass(frozen=True, slots=True)
class Field:
    """path: as errors show it; key_start: where its key stands, or the value where it has none."""

    draft: Draft
    node: Node
    path: str
    key_start: int
    key: str = ""

    @property
    def line(self) -> int:
        return self.draft.source.position(self.key_start)[0]

    @property
    def position(self) -> tuple[int, int]:
        return self.draft.source.position(self.node.start)

    def fail(self, message: str, suggestion: str | None = None, *, at_key: bool = False) -> None:
        self.draft.note(self.key_start if at_key else self.node.start, self.path, message, suggestion)

    def labelled(self, label: str) -> Field:
        """The same field with a name behind its number: `rules[2] us-west-ent`, whose keys are ` .to`."""
        return replace(self, path=f"{self.path} {label} ") if label else self

    def as_text(self) -> Field:
        """The key itself as a text value, for keys that say something."""
        node = Node(self.key_start, self.key_start, self.key)
        return replace(self, node=node)

    def entries(self) -> list[Field]:
        """The members of an object, without those that repeat a key."""
        if self.node.members is None:
            self.fail(f"expected an object {{...}}, found {self.node.kind}")
            return []
        found: dict[str, Field] = {}
        for member in self.node.members:
            path = f"{self.path}.{member.key}" if self.path else member.key
            entry = Field(self.draft, member.node, path, member.key_start, member.key)
            if member.key in found:
                entry.fail(f"the key stands twice, first in line {found[member.key].line}", at_key=True)
            else:
                found[member.key] = entry
        return list(found.values())

    def settings(self, known: Collection[str], *, needed: Collection[str] = ()) -> dict[str, Field]:
        """The members of an object whose keys are fixed."""
        found = {}
        for entry in self.entries():
            if entry.key in known:
                found[entry.key] = entry
            else:
                entry.fail("unknown key", closest(entry.key, known), at_key=True)
        for key in needed:
            if key not in found and self.node.members is not None:
                self.fail(f'"{key}" is missing')
        return found

    def items(self) -> list[Field]:
        """The items of a list that may not be empty."""
        if self.node.items is None:
            self.fail(f"expected a list [...], found {self.node.kind}")
            return []
        if not self.node.items:
            self.fail("the list is empty")
        return [Field(self.draft, node, f"{self.path}[{at}]", node.start) for at, node in enumerate(self.node.items)]

    def one_or_many(self) -> list[Field]:
        return [self] if self.node.items is None else self.items()

    def text(self) -> str:
        if isinstance(self.node.value, str) and self.node.value.strip():
            return self.node.value.strip()
        self.fail("expected a text, found " + ("an empty one" if self.node.value == "" else self.node.kind))
        return ""

    def name(self) -> str:
        """A text that serves as a name: letters, digits, - and _."""
        text = self.text()
        if text and not _NAME.fullmatch(text):
            self.fail(f'"{text}" is not a name; a name has letters, digits, - and _ only')
        return text

    def key_name(self) -> str:
        if not _NAME.fullmatch(self.key):
            self.fail(f'"{self.key}" is not a name; a name has letters, digits, - and _ only', at_key=True)
        return self.key

    def whole(self, low: int, high: int) -> int:
        value = self.node.value
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        shown = value if self.number_written() else self.node.kind
        self.fail(f"expected a whole number from {low} to {high}, found {shown}")
        return low

    def number_written(self) -> bool:
        return isinstance(self.node.value, int | float) and not isinstance(self.node.value, bool)

    def flag(self) -> bool:
        if isinstance(self.node.value, bool):
            return self.node.value
        self.fail(f"expected true or false, found {self.node.kind}")
        return False

    def choice(self, known: Sequence[str]) -> str:
        text = self.text()
        if text and text not in known:
            self.fail(f'"{text}" is none of {", ".join(known)}', closest(text, known))
        return text if text in known else known[0]
