"""Rows of a file, or leads of the store, as the normalised table that Splink compares: a Parquet file, written in batches.

place     row number, from 0
id        as people call it; the row number (from 1) where the file has no such column
full_name email phone company domain      normalised as at intake, None for blank
first last name_key                       the name taken apart; short forms written out
address   a personal e-mail address in the one spelling of all that reach it
mailbox   what stands before the @ of a company's address;  brand: what the company comes down to
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import polars as pl

from graph.domain.person import Who
from graph.rules.emails import read_address
from graph.rules.people.names import name_key
from graph.rules.people.traits import Traits, traits_of
from tools.ml.table.reading import Table, TableError
from tools.people.columns import Meaning
from tools.people.normalising import who_of

Progress: TypeAlias = Callable[[str, float], None]
TEXTS: Final = (
    "id", "full_name", "email", "phone", "company", "domain", "parent", "first", "last", "name_key", "address", "mailbox",
    "brand",
)  # fmt: skip
SCHEMA: Final = {"place": pl.Int64} | dict.fromkeys(TEXTS, pl.String)


def prepared(batches: Iterable[Iterable[Who]], out: Path) -> int:
    """Writes the table; answers how many rows it has."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - costs a second that other commands do not pay

    rows, writer = 0, None
    try:
        for batch in batches:
            frame = pl.DataFrame([_row(rows + n, who) for n, who in enumerate(batch)], SCHEMA, orient="row")
            rows += len(frame)
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(out, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _row(place: int, who: Who) -> tuple[Any, ...]:
    traits = traits_of(who)
    name = traits.name
    return (
        place, who.lead_id, who.full_name, who.email, who.phone, who.company, who.domain, who.parent_domain,
        (name.first or None) if name else None, (name.last or name.first) if name else None, name_key(name),
        _address(traits), None if traits.free else traits.mailbox, _brand(traits),
    )  # fmt: skip


def _address(traits: Traits) -> str | None:
    """A personal address in the one spelling that all of its spellings come down to."""
    address = read_address(traits.who.email) if traits.mailbox else None
    return address.person if address else None


def _brand(traits: Traits) -> str | None:
    """The company that a person stands for, in one word: of its typed name, else of its domain."""
    return traits.typed or next(iter(sorted(traits.labels)), None)


def rows_of(table: Table, meaning: Meaning, progress: Progress) -> Iterator[list[Who]]:
    """The file's rows as people. Raises TableError for an id that is blank or stands twice."""
    columns = meaning.columns
    wanted = list(dict.fromkeys(columns.values()))
    whole = _count(table)
    done, seen = 0, set[str]()
    for batch in table.batches(wanted):
        held = {field: batch[column].cast(pl.String).to_list() for field, column in columns.items()}
        people = [_person(held, n, done + n + 1) for n in range(len(batch))]
        if "id" in columns:
            _unique(table, columns["id"], people, seen, done)
        done += len(people)
        progress("reading names, addresses and phones", 0.3 * done / max(whole, 1))
        yield people


def _count(table: Table) -> int:
    return int(table.lazy.select(pl.len()).collect().item())


def _person(held: dict[str, list[str | None]], at: int, number: int) -> Who:
    def value(field: str) -> str | None:
        return held[field][at] if field in held else None

    name = value("full_name") or " ".join(part for part in (value("first_name"), value("last_name")) if part) or None
    identity = (value("id") or "").strip() if "id" in held else str(number)
    return who_of(
        identity, name, value("email"), value("phone"), value("company"), value("country"), value("domain")
    )  # fmt: skip


def _unique(table: Table, column: str, people: list[Who], seen: set[str], done: int) -> None:
    for number, who in enumerate(people, done + 1):
        if not who.lead_id:
            raise TableError(f'{table.path}: row {number} has no id in "{column}"; fill it, or --map id=COLUMN')
        if who.lead_id in seen:
            raise TableError(
                f'{table.path}: row {number}: the id {who.lead_id[:40]!r} in "{column}" stood before; ids must be unique, '
                "--map id=COLUMN names another column"
            )
        seen.add(who.lead_id)
