"""JSON as people write it (`//` comments, trailing commas), read into a tree that knows where everything stands.

Offsets cover each value exactly, so that a writer can change one value and leave comments and layout alone. Nothing is
interpreted here; a file that is not JSON raises with the one place where reading ended.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from pathlib import Path
from typing import NoReturn, TypeAlias

from tools.routing_file.findings import Finding, RoutingFileError

Scalar: TypeAlias = str | int | float | bool | None

_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n]*)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"\w+")
_LITERALS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_DECODER = JSONDecoder()
_DEEPEST = 60
_LONGEST_NUMBER = 30


@dataclass(slots=True, eq=False)
class Node:
    """One value: text[start:end]. `members` of an object, `items` of a list, else `value`."""

    start: int
    end: int = 0
    value: Scalar = None
    items: list[Node] | None = None
    members: list[Member] | None = None

    @property
    def kind(self) -> str:
        if self.members is not None:
            return "an object {...}"
        if self.items is not None:
            return "a list [...]"
        if self.value is None:
            return "null"
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return "a text" if isinstance(self.value, str) else "a number"


@dataclass(slots=True, eq=False)
class Member:
    key: str
    key_start: int
    node: Node


@dataclass(slots=True)
class Source:
    """The text, and where its lines begin."""

    text: str
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(r"\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1; a column is a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def read_text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise RoutingFileError([Finding("", line, column, "the file is not text in UTF-8")]) from None


def read(source: Source) -> Node:
    """The file's one value. RoutingFileError says where the text stops being JSON."""
    return _Reader(source).whole()


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.at = 1 if source.text.startswith("\ufeff") else 0

    def whole(self) -> Node:
        self.blank()
        if self.at == len(self.text):
            self.fail('the file is empty; the smallest one is {"DEFAULT": "somebody@company.com"}')
        if not self.text.startswith("{", self.at):
            self.fail(f"this is not JSON with an object {{...}}: expected {{, found {self.found()}")
        node = self.value(0)
        self.blank()
        if self.at < len(self.text):
            self.fail("something follows after the end of the file's object")
        return node

    def value(self, depth: int) -> Node:
        if depth > _DEEPEST:
            self.fail("too deeply nested")
        node = Node(self.at)
        char = self.text[self.at : self.at + 1]
        if char == "{":
            node.members = list(self.members(depth))
        elif char == "[":
            node.items = list(self.items(depth))
        elif char == '"':
            node.value = self.string()
        else:
            node.value = self.number_or_word()
        node.end = self.at
        return node

    def members(self, depth: int) -> Iterator[Member]:
        for _ in self.until("}"):
            start = self.at
            if self.text[start : start + 1] != '"':
                self.fail(f"expected a key in double quotes, found {self.found()}")
            key = self.string()
            self.blank()
            if self.text[self.at : self.at + 1] != ":":
                self.fail(f'expected a colon after "{key}", found {self.found()}')
            self.at += 1
            self.blank()
            yield Member(key, start, self.value(depth + 1))

    def items(self, depth: int) -> Iterator[Node]:
        for _ in self.until("]"):
            yield self.value(depth + 1)

    def until(self, closing: str) -> Iterator[None]:
        """Yields where an item must begin, and steps over brackets and commas; a comma before the end is allowed."""
        opened = self.at
        self.at += 1
        self.blank()
        while not self.text.startswith(closing, self.at):
            yield
            ended = self.at
            self.blank()
            if self.text.startswith(",", self.at):
                self.at += 1
                self.blank()
            elif not self.text.startswith(closing, self.at):
                line, _ = self.source.position(opened)
                self.fail(
                    f"expected a comma or {closing} (opened in line {line}), found {self.found()}{self.forgotten(ended)}"
                )
        self.at += 1

    def forgotten(self, ended: int) -> str:
        """ended: where the item before ended. A comma that is missing there is seen only at the next item, lines later."""
        line, _ = self.source.position(ended)
        seen_later = self.at < len(self.text) and line < self.source.position(self.at)[0]
        return f"; is a comma missing at the end of line {line}?" if seen_later else ""

    def string(self) -> str:
        try:
            decoded, self.at = _DECODER.raw_decode(self.text, self.at)
        except JSONDecodeError as error:
            self.at = error.pos
            self.fail("a text in double quotes is not closed on its line, or holds a character that must be escaped")
        text = str(decoded)
        if any("\ud800" <= char <= "\udfff" for char in text):
            self.fail("the text before this holds half of a character")
        return text

    def number_or_word(self) -> Scalar:
        number = _NUMBER.match(self.text, self.at)
        if number is not None:
            if number.end() - self.at > _LONGEST_NUMBER or not isfinite(value := float(number[0])):
                self.fail("the number is too long")
            self.at = number.end()
            return value if number[1] or number[2] else int(number[0])
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in _LITERALS:
            self.fail(f"expected a value, found {self.found()}")
        self.at = word.end()
        return _LITERALS[word[0]]

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def found(self) -> str:
        if self.at >= len(self.text):
            return "the end of the file"
        if self.text.startswith("/*", self.at):
            return "/*; comments are written with // up to the end of the line"
        word = _WORD.match(self.text, self.at)
        return word[0][:40] if word else self.text[self.at]

    def fail(self, message: str) -> NoReturn:
        line, column = self.source.position(min(self.at, len(self.text)))
        raise RoutingFileError([Finding("", line, column, message)])
