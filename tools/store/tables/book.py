"""The book of known accounts: what each source told, and what follows for families.

A row holds from the version `since` up to, not including, the version `until`. What a version says is never changed, only
ended: a reader of the version before goes on reading it while the next one is written, and an import can be taken back.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from tools.store.tables.common import UtcTime, metadata

OPEN_END = 2**31 - 1
"""`until` of a row that still holds."""

book_state = Table(
    "book_state",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),  # the only row is 1
    Column("version", Integer, nullable=False),  # the version that is read; a higher one is being written
    Column("sources", Text, nullable=False),  # their order when families were worked out, highest first, by commas
    Column("writer", String(80)),  # who is writing the next version
    Column("writer_at", UtcTime),  # last sign of life of the writer
)

book_changes = Table(
    "book_changes",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),  # that it made
    Column("source", String(40), nullable=False),
    Column("kind", String(10), nullable=False),  # import, sync, undo, order
    Column("name", Text, nullable=False),  # of the file, or of the CRM
    Column("digest", String(64)),  # of the file
    Column("by", String(320), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("replaced", Boolean, nullable=False),  # the source said nothing else than this
    Column("undoes", Integer),  # the version that it takes back
    Column("figures", Text, nullable=False),  # JSON: how many new, changed, gone, ...
)
Index("ix_book_changes_source", book_changes.c.source, book_changes.c.version)

book_told = Table(
    "book_told",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("until", Integer, nullable=False),
    Column("name", Text),
    Column("name_key", String(255)),  # of its name, to find it by
    Column("country", String(2)),
    Column("parents", Text),  # JSON: [[parent as it was said, share in percent or null], ...]
    Column("also", Text),  # JSON: further names (as keys, `name:...`) and domains
    Column("told", Text, nullable=False),  # JSON: every field that was told
    Column("told_in", Integer, nullable=False),  # the version of the change that told it
)
Index("ix_book_told_key", book_told.c.key)
Index("ix_book_told_name", book_told.c.name_key)

book_lines = Table(
    "book_lines",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("until", Integer, nullable=False),
    Column("account", String(300)),  # the account that a name without a domain means; then nothing else is here
    Column("parent", String(300)),
    Column("ultimate", String(300)),  # itself where nobody is above
    Column("state", String(10), nullable=False),  # '', disputed, circle
    Column("name", Text),  # of a parent that is no account itself, as it was said
    Column("links", Text),  # JSON: what a family does not show: disputes, minority shares, what was outranked
)
Index("ix_book_lines_account", book_lines.c.account)
Index("ix_book_lines_parent", book_lines.c.parent)
Index("ix_book_lines_ultimate", book_lines.c.ultimate, book_lines.c.key)
