"""Says which known account a company is: `accounts match --domain acme.de --name "Acme GmbH"`, or a CSV file of companies,
line by line, with the columns key, code, confidence, why, rivals behind its own. Never guesses: `none` and `rivals` are
answers, and say why."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from graph.domain.evidence import AccountMatch
    from tools.accounts.known import Matcher
    from tools.settings import Settings

ANSWER = ("key", "code", "confidence", "why", "rivals")
AT_ONCE = 512
SHOWN = 20
_LONGEST_CELL = 1_000_000


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--domain", help="acme.com, a host below it, or a link")
    parser.add_argument("--email", help="of somebody there; at a free provider the name is only claimed")
    parser.add_argument("--name", help="as typed")
    for name, text in (
        ("country", "DE or Germany"),
        ("state", "CA with its country, or US-CA"),
        ("city", "as written"),
    ):
        parser.add_argument(f"--{name}", help=text)
    for name, text in (("postal", "as written"), ("street", "with its number"), ("phone", "+14155550100")):
        parser.add_argument(f"--{name}", help=text)
    parser.add_argument(
        "--file", type=Path, metavar="FILE.csv", help="companies with a header, instead of one; - reads stdin"
    )
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=HEADER", help="which column is which")
    parser.add_argument("--out", type=Path, metavar="OUT.csv", help="where the answers go (default: standard output)")
    parser.add_argument("--json", action="store_true", help="one company's answer as JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: answered, also with `none`; 1: the book cannot be read, or a column not be understood; 2: no such file, or
    nothing to ask."""
    from tools.accounts.matching.asking import FIELDS

    given = {name: value for name in FIELDS if (value := getattr(arguments, name)) is not None}
    if bool(given) == bool(arguments.file):
        print("accounts match: say what is known (--domain, --name, ...) or name a --file, not both", file=sys.stderr)
        return 2
    from tools.cli.accounts.changes import changing, indexed

    with changing(settings) as (engine, outcome):
        indexed(engine, settings)
    if outcome.code:
        return outcome.code
    from time import monotonic

    from tools.accounts.matching import LiveMatcher

    matcher = LiveMatcher(settings.match_index, monotonic)
    if matcher.fault:
        print(f"accounts match: {matcher.fault}", file=sys.stderr)
        return 1
    return _file(arguments, matcher) if arguments.file else _one(given, matcher, as_json=arguments.json)


def _one(given: dict[str, str], matcher: Matcher, *, as_json: bool) -> int:
    from tools.accounts.matching.asking import ask_of
    from tools.planning.showing import plain

    ask, problems = ask_of(given)
    if problems:
        print("\n".join(f"accounts match: {plain(problem, 300)}" for problem in problems), file=sys.stderr)
        return 2
    [match] = matcher.match([ask])
    if as_json:
        print(json.dumps({name: getattr(match, name) for name in ANSWER}, ensure_ascii=False))
        return 0
    print(f"{plain(match.key, 200) if match.key else match.code}  ({match.code}, confidence {match.confidence:.2f})")
    print(f"  {plain(match.why, 500)}")
    return 0


def _file(arguments: argparse.Namespace, matcher: Matcher) -> int:
    from tools.accounts.columns import ColumnError

    try:
        with _reading(arguments.file) as file:
            answers = _answers(file, arguments.column, matcher)
            if arguments.out is None:
                _write(answers, sys.stdout)
                return 0
            with arguments.out.open("w", newline="", encoding="utf-8") as out:
                _write(answers, out)
    except ColumnError as error:
        print(f"{arguments.file}: line 1: {error}", file=sys.stderr)
        return 1
    except UnicodeDecodeError:
        print(f"{arguments.file} is not text in UTF-8; save it as CSV UTF-8", file=sys.stderr)
        return 1
    except csv.Error as error:
        print(f"{arguments.file}: {error}; save it as CSV UTF-8", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _reading(path: Path) -> TextIO:
    """Standard input is left open for whoever gave it."""
    return open(
        sys.stdin.fileno() if str(path) == "-" else path, newline="", encoding="utf-8-sig", closefd=str(path) != "-"
    )  # noqa: PTH123 - a Path has no descriptor


def _answers(file: TextIO, said: list[str], matcher: Matcher) -> Iterator[list[str]]:
    """The header, then a row for each row. Raises ColumnError before anything is written."""
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(file)
    header = next(rows, [])
    fields = _fields(header, said)
    yield [*header, *(f"match_{name}" if name in header else name for name in ANSWER)]
    left_out = 0
    while block := list(islice(rows, AT_ONCE)):
        block = [row for row in block if any(row)]
        asks = []
        for row in block:
            ask, problems = _ask(row, fields)
            asks.append(ask)
            left_out = _told(problems, rows.line_num, left_out)
        for row, match in zip(block, matcher.match(asks), strict=True):
            yield [*row[: len(header)], *[""] * (len(header) - len(row)), *_cells(match)]
    if left_out > SHOWN:
        print(f"{left_out - SHOWN} more values were not understood and left out", file=sys.stderr)


def _fields(header: list[str], said: list[str]) -> dict[str, int]:
    """Place of each field. A header that is near one and not it is said."""
    from tools.accounts.columns import ColumnError, columns_of
    from tools.accounts.matching.asking import FIELDS
    from tools.planning.showing import plain

    told = {name.strip(): column.strip() for name, _, column in (one.partition("=") for one in said)}
    emails = [at for at, title in enumerate(header) if title.strip().casefold() in ("email", "e-mail", "email address")]
    own = (
        {"email": header.index(told.pop("email"))}
        if told.get("email") in header
        else {"email": emails[0]}
        if emails
        else {}
    )
    rest = ["" if at in own.values() else title for at, title in enumerate(header)]
    try:
        columns = columns_of(rest, told)
    except ColumnError:
        if not own or told:
            raise
        return own
    for title, meant in columns.ignored:
        if meant in FIELDS:
            print(
                f"column {plain(title)!r} is not read; did you mean {meant}? Then say --column {meant}={plain(title)!r}",
                file=sys.stderr,
            )
    return own | {name: at for name, at in columns.at.items() if name in FIELDS}


def _ask(row: list[str], fields: dict[str, int]):  # noqa: ANN202 - as ask_of
    from tools.accounts.matching.asking import ask_of

    return ask_of({name: row[at] for name, at in fields.items() if at < len(row)})


def _told(problems: list[str], line: int, before: int) -> int:
    from tools.planning.showing import plain

    for problem in problems[: max(0, SHOWN - before)]:
        print(f"up to line {line}: {plain(problem, 300)}; left out", file=sys.stderr)
    return before + len(problems)


def _cells(match: AccountMatch) -> list[str]:
    return [match.key or "", match.code, f"{match.confidence:.3f}", match.why, " ".join(match.rivals)]


def _write(rows: Iterator[list[str]], out: TextIO) -> None:
    from tools.planning.showing import cell

    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([cell(text) for text in row])
