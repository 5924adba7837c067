"""What embedders made of past accounts, under the id of each: vectors of two never meet. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Engine, and_, delete, or_, select, update

from tools.account_metadata import OUTCOMES
from tools.store.past_reading import Change, change_of, with_vectors
from tools.store.past_rows import GONE, next_number, packed
from tools.store.tables import (
    account_vectors,
    past_accounts,
)
from tools.store.upsert import upsert


def without_vector(
    engine: Engine, embedder: str, limit: int, *, after: int = -1, elsewhere: bool = False
) -> list[Change]:
    """Closed accounts, changed after this number, of which this embedder has made nothing yet. elsewhere: where vectors are
    kept together with what is told of their accounts, so that every change goes there, the end of an account included."""
    missing: ColumnElement[bool] = account_vectors.c.vector.is_(None)
    fits: ColumnElement[bool] = past_accounts.c.outcome.in_(OUTCOMES)
    if elsewhere:
        missing = or_(missing, account_vectors.c.number != past_accounts.c.number)
        fits = or_(fits, and_(past_accounts.c.outcome == GONE, account_vectors.c.vector.is_not(None)))
    later = past_accounts.c.number > after
    wanted = with_vectors(embedder).where(missing, fits, later).order_by(past_accounts.c.number).limit(limit)
    with engine.connect() as connection:
        return [change_of(row) for row in connection.execute(wanted)]


def keep_vectors(
    engine: Engine, embedder: str, made: Sequence[tuple[Change, NDArray[np.float32] | None]], now: datetime
) -> int:
    """Keep what an embedder made of accounts as they were read; one that changed meanwhile is left for the next time.
    None: it is kept elsewhere, or is nowhere any more. Returns how many were kept."""
    if not made:
        return 0
    with engine.execution_options(immediate=True).begin() as connection:
        number = next_number(connection, now)  # first: from here on no other writer changes an account
        of = past_accounts.c
        seen = {change.key: change.number for change, _ in made}
        as_read = select(of.account_key, of.number).where(of.account_key.in_(seen))
        standing = {row.account_key for row in connection.execute(as_read) if row.number == seen[row.account_key]}
        rows = [
            {
                "embedder": embedder,
                "account_key": change.key,
                "number": change.number if vector is None else number,
                "vector": b"" if vector is None else packed(vector),
            }
            for change, vector in made
            if change.key in standing
        ]
        upsert(connection, account_vectors, rows, ["embedder", "account_key"])
        if any(vector is not None for _, vector in made):
            connection.execute(update(past_accounts).where(of.account_key.in_(standing)).values(number=number))
    return len(rows)


def forget_vectors(engine: Engine, except_of: str) -> int:
    """Drop the vectors of all embedders but one."""
    with engine.execution_options(immediate=True).begin() as connection:
        return connection.execute(delete(account_vectors).where(account_vectors.c.embedder != except_of)).rowcount
