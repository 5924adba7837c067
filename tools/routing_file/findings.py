"""What is wrong with a routing file, said so that a person can mend it: where it stands, the fault, a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils


@dataclass(frozen=True, slots=True)
class Finding:
    """path: `rules[2] us-west-ent .to`, items counted from 0, empty for the file as a whole; line, column: from 1."""

    path: str
    line: int
    column: int
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        hint = f', did you mean "{self.suggestion}"?' if self.suggestion else ""
        return f"{where}{self.message}{hint} (line {self.line}, column {self.column})"


class RoutingFileError(ValueError):
    """A file that cannot be used. findings: all that was found, in the order of the file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings), key=lambda item: (item.line, item.column, item.path, item.message)))
        super().__init__("\n".join(map(str, self.findings)))


def closest(written: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, None when nothing is near."""
    names = list(dict.fromkeys(known))
    found = process.extractOne(written, names, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=60)
    return None if found is None else str(found[0])


def describe(findings: Sequence[Finding]) -> str:
    """A line for each finding, and the count."""
    lines = [str(finding) for finding in findings]
    return "\n".join([*lines, f"{len(lines)} error{'' if len(lines) == 1 else 's'}"])


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 rule", "2 rules", "3 people", "1,000 leads"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
