"""Reads the file of sequences and says what is wrong with it by line and field. A file that loads can be performed whole:
every name in it is there, every step can be reached, every path ends, and every mail can be filled in."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from graph.domain.sequence import Sequence
from graph.rules.sequences.mail_text import BadTemplate, read_template
from tools.routing_file.findings import Finding, RoutingFileError
from tools.routing_file.reader import Node, Source, read, read_text
from tools.sequence_file.checking import faults
from tools.sequence_file.making import sequence_of
from tools.sequence_file.shapes import EmailShape, FileShape, SequenceShape

FOLDER: Final = "mails"
LONGEST_MAIL: Final = 100_000


@dataclass(frozen=True, slots=True)
class SequenceFile:
    """sequences: by name; kept: what `restored` makes each of them from again, by name."""

    sequences: Mapping[str, Sequence]
    kept: Mapping[str, str]
    digest: str


def load(path: Path) -> SequenceFile:
    """Raises OSError, or RoutingFileError with everything that was found."""
    return parse(read_text(path), lambda name: mail_file(path.parent, name))


def mail_file(folder: Path, name: str) -> str:
    """Raises OSError, UnicodeError."""
    return (folder / FOLDER / f"{name}.md").read_bytes()[: LONGEST_MAIL + 1].decode("utf-8")


def parse(text: str, mail: Callable[[str], str]) -> SequenceFile:
    """mail: the content of a template by its name."""
    source = Source(text)
    if not text.strip():
        raise RoutingFileError([Finding("", 1, 1, 'the file is empty; the smallest one is {"sequences": {}}')])
    root = read(source)
    try:
        shape = FileShape.model_validate(_plain(root))
    except ValidationError as error:
        raise RoutingFileError([_finding(source, root, e["loc"], e["msg"]) for e in error.errors()]) from None
    findings: list[Finding] = []
    sequences, kept = {}, {}
    for name, one in shape.sequences.items():
        texts, contents = {}, {}
        for number, step in enumerate(one.steps):
            if isinstance(step, EmailShape):
                try:
                    contents[step.template] = mail(step.template)
                    texts[step.template] = read_template(contents[step.template])
                except (OSError, UnicodeError, BadTemplate) as error:
                    where = ("sequences", name, "steps", number, "template")
                    findings.append(_finding(source, root, where, _about_mail(step.template, error)))
        found = [_finding(source, root, ("sequences", name, *where), said) for where, said in faults(one)]
        findings += found
        if not findings:
            kept[name] = _kept(one, contents)
            sequences[name] = sequence_of(name, one, texts, _digest(kept[name]))
    if findings:
        raise RoutingFileError(findings)
    return _file_of(sequences, kept)


def restored_file(kept: Mapping[str, str]) -> SequenceFile:
    """Of versions as they were kept, by name; one that this release cannot read is left out."""
    sequences: dict[str, Sequence] = {}
    for name, content in kept.items():
        with contextlib.suppress(ValueError):
            sequences[name] = restored(name, content)
    return _file_of(sequences, {name: kept[name] for name in sequences})


def _file_of(sequences: Mapping[str, Sequence], kept: Mapping[str, str]) -> SequenceFile:
    return SequenceFile(sequences, kept, _digest(json.dumps(kept, sort_keys=True)))


def restored(name: str, kept: str) -> Sequence:
    """A version as it was kept. Raises ValueError for one that this release cannot read."""
    held = json.loads(kept)
    shape = SequenceShape.model_validate(held["sequence"])
    return sequence_of(name, shape, {n: read_template(t) for n, t in held["mails"].items()}, _digest(kept))


def _kept(shape: SequenceShape, contents: Mapping[str, str]) -> str:
    plain = shape.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps({"sequence": plain, "mails": dict(contents)}, sort_keys=True, ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _about_mail(name: str, error: Exception) -> str:
    if isinstance(error, BadTemplate):
        return f"{FOLDER}/{name}.md, {error}"
    if isinstance(error, FileNotFoundError):
        return f"there is no {FOLDER}/{name}.md"
    return f"{FOLDER}/{name}.md cannot be read ({type(error).__name__})"


def _plain(node: Node) -> Any:
    if node.members is not None:
        return {member.key: _plain(member.node) for member in node.members}
    if node.items is not None:
        return [_plain(item) for item in node.items]
    return node.value


def _finding(source: Source, root: Node, loc: tuple[int | str, ...], said: str) -> Finding:
    """The place of the deepest part of `loc` that is written in the file; a name of a kind of step is no part of it."""
    node, start, path = root, root.start, ""
    for part in loc:
        if isinstance(part, int) and node.items is not None and part < len(node.items):
            node = node.items[part]
            start, path = node.start, f"{path}[{part}]"
        elif node.members is not None:
            member = next((one for one in node.members if one.key == part), None)
            if member is not None:
                node, start = member.node, member.key_start
            elif part == loc[-1] or part not in _KINDS:
                path = f"{path}.{part}".lstrip(".")
                break
            else:
                continue
            path = f"{path}.{part}".lstrip(".")
    line, column = source.position(start)
    return Finding(path, line, column, _WORDS.get(said, said.removeprefix("Value error, ")))


_KINDS: Final = frozenset(("EMAIL", "SMS", "WAIT", "CONDITION", "TASK", "NOTIFICATION"))
_WORDS: Final = {
    "Field required": "is missing",
    "Extra inputs are not permitted": "is no key that this place knows",
}
