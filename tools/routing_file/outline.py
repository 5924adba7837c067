"""Where things stand in the text of a valid routing file, for findings about a table that is parsed already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tools.routing_file.fields import Draft, Field
from tools.routing_file.findings import Finding
from tools.routing_file.reader import Source, read

Step: TypeAlias = str | int


class Outline:
    """The tree of the file. A way is a sequence of keys and numbers: `("rules", 2, "if")`."""

    def __init__(self, text: str) -> None:
        draft = Draft(Source(text))
        self.top = Field(draft, read(draft.source), "", 0)

    def at(self, *way: Step) -> Field:
        """The value there, or the last thing on the way that exists."""
        field = self.top
        for step in way:
            found = next((entry for name, entry in inner(field) if name == step), None)
            if found is None:
                return field
            field = found
        return field

    def finding(self, message: str, *way: Step) -> Finding:
        """A finding at the key of what stands there."""
        return finding_at(self.at(*way), message)


def finding_at(field: Field, message: str) -> Finding:
    line, column = field.draft.source.position(field.key_start)
    return Finding(field.path.strip(), line, column, message)


def inner(field: Field) -> Iterator[tuple[Step, Field]]:
    """The members of an object by their keys, the items of a list by their numbers; a rule and a test show their name."""
    if field.node.members is not None:
        for member in field.node.members:
            path = f"{field.path}.{member.key}" if field.path else member.key
            yield member.key, Field(field.draft, member.node, path, member.key_start, member.key)
    for at, node in enumerate(field.node.items or ()):
        item = Field(field.draft, node, f"{field.path}[{at}]", node.start)
        named = [member for member in node.members or () if member.key == "id"]
        yield at, item.labelled(str(named[0].node.value)) if named else item


def below(field: Field) -> Iterator[Field]:
    """The field and everything inside it."""
    yield field
    for _, entry in inner(field):
        yield from below(entry)
