"""An object or a list of the file as its text has it: each part with its comments, so that parts can come, go and move.

A comment belongs to a part when it stands in the lines directly above it or at the end of its last line; the block at the
very top of the file's object belongs to the file. Everything else between two parts belongs to nobody and stays.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from tools.routing_file.reader import Node
from tools.routing_file.shapes import Json

_TO_COMMA: Final = re.compile(r"((?:[ \t\r\n]|//[^\n]*\n)*),")
_END_OF_LINE: Final = re.compile(r"[ \t]*//[^\n]*?(?=\r?\n)")
_AT_NEW_LINE: Final = re.compile(r"[ \t]*\r?\n")
_WIDTH: Final = 100


@dataclass(slots=True)
class Part:
    """above: space and comments of nobody; block: its own comment lines; body: the value, with its key; before: what
    stands between it and its comma; after: the comment at the end of its line."""

    above: str
    block: str
    body: str
    before: str = ""
    after: str = ""


@dataclass(slots=True)
class Container:
    """opening: the bracket and a comment behind it; closing: from the last part on; trailing: a comma after the last."""

    opening: str
    parts: list[Part]
    closing: str
    trailing: bool
    newline: str

    def text(self) -> str:
        pieces, in_comment = [self.opening], "//" in self.opening
        for at, part in enumerate(self.parts):
            comma = "," if self.trailing or at < len(self.parts) - 1 else ""
            pieces += self._lead(part.above + part.block, in_comment), part.body, part.before, comma, part.after
            in_comment = bool(part.after)
        return "".join([*pieces, self._lead(self.closing, in_comment)])

    def _lead(self, lead: str, in_comment: bool) -> str:
        """A comment ends with its line, whatever comes to stand behind it."""
        return self.newline + lead.lstrip(" \t") if in_comment and not _AT_NEW_LINE.match(lead) else lead

    def take(self, at: int) -> Part:
        """Takes a part out, with its comments; those of nobody stay."""
        part = self.parts.pop(at)
        if at < len(self.parts):
            self.parts[at].above = _joined(part.above, self.parts[at].above)
        elif "//" in part.above:
            closing = self.closing if _AT_NEW_LINE.match(self.closing) else self.newline + self.closing
            self.closing = part.above.rstrip() + closing
        elif not self.parts and len(self.opening) == len(self.closing.strip()) == 1:
            self.closing = self.closing.strip()
        return part

    def put(self, at: int, part: Part) -> None:
        """Puts a part in, spaced like its neighbours."""
        part.above = self.space(at)
        if part.block and "\n" not in part.above:
            part.above = self.newline + part.block.rpartition("\n")[2]
        if at == 0 and self.parts:
            part.above, self.parts[0].above = self.parts[0].above, part.above
        self.parts.insert(at, part)

    def space(self, at: int) -> str:
        """What stands before a part that comes new to this place: one space, or a line break and the indent."""
        if not self.parts:
            indent = self.closing[:-1].rpartition("\n")[2]
            return self.newline + indent + "  " if "\n" in self.closing or "//" in self.opening else ""
        beside = self.parts[max(at - 1, 1)] if len(self.parts) > 1 else self.parts[0]
        lead = beside.above + beside.block
        return self.newline + lead.rpartition("\n")[2] if "\n" in lead else " "


def taken_apart(text: str, node: Node, *, top: bool = False) -> Container:
    """The object or list text[node.start:node.end]. top: is it the file's own object?"""
    members = [(member.key_start, member.node.end) for member in node.members or ()]
    spans = members or [(item.start, item.end) for item in node.items or ()]
    newline = "\r\n" if "\r\n" in text else "\n"
    first = spans[0][0] if spans else node.end - 1
    behind = _END_OF_LINE.match(text, node.start + 1, first)
    cut = behind.end() if behind else node.start + 1
    container = Container(text[node.start : cut], [], "", False, newline)
    for at, (start, end) in enumerate(spans):
        last = at == len(spans) - 1
        until = node.end - 1 if last else spans[at + 1][0]
        above, block = _split(text[cut:start])
        if at == 0 and top:
            above, block = above + block, ""
        comma = _TO_COMMA.match(text, end, until)
        rest = comma.end() if comma else end
        behind = _END_OF_LINE.match(text, rest, until)
        cut = behind.end() if behind else rest
        part = Part(above, block, text[start:end], comma[1] if comma else "", behind[0] if behind else "")
        container.parts.append(part)
        container.trailing = last and comma is not None
    container.closing = text[cut : node.end]
    return container


def _split(lead: str) -> tuple[str, str]:
    """Space and comments before a part: those of nobody, and the block directly above it."""
    lines = lead.split("\n")
    at = len(lines) - 1
    while at > 1 and lines[at - 1].lstrip().startswith("//"):
        at -= 1
    own = "\n".join(lines[at:])
    block = own.lstrip(" \t") if at < len(lines) - 1 else ""
    return lead[: len(lead) - len(block)], block


def _joined(above: str, following: str) -> str:
    """What stands above a part once the one before it is gone: comments of nobody stay, of two gaps the wider one."""
    head = above.rstrip()
    space = above[len(head) :]
    if following.strip():
        return head + following
    return head + max(space, following, key=lambda text: text.count("\n"))


def written(value: Json, indent: str = "", newline: str = "\n") -> str:
    """A value in the style of the file: on one line where that is short, else a part a line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        keys = [json.dumps(key, ensure_ascii=False) for key in value]
        parts = [f"{key}: {written(item, deeper, newline)}" for key, item in zip(keys, value.values(), strict=True)]
    else:
        parts = [written(item, deeper, newline) for item in value]
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    inside = f",{newline}".join(deeper + part for part in parts)
    return f"{opened}{newline}{inside}{newline}{indent}{closed}"
