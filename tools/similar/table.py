"""Past accounts in a CSV file: the table that ships with the product, and what people export from a CRM.

`ExactSimilar` searches such a file alone, in memory, with no store behind it: the twin for tests and comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from graph.domain.account import SimilarAccount
from graph.domain.facts import Absent, Fact, Found
from graph.ports import AccountQuery
from tools.account_metadata import ANY, OUTCOMES, PastAccount, Wanted, similar_of
from tools.embedded.csv_table import Cells, TableError, read_table
from tools.similar.blocks import Growing
from tools.similar.searching import REACH, nearest_each
from tools.vectors import vector

COLUMNS = (
    "account_id", "name", "domain", "industry", "country", "employees", "revenue_usd", "technologies", "outcome",
    "reason", "deal_usd", "days_to_close", "closed_on",
)  # fmt: skip
LARGEST = 2**53
"""A greater number of employees or dollars is a mistake."""


def past_accounts(path: Path, *, columns: Sequence[str] = COLUMNS) -> Iterator[PastAccount]:
    """Every closed account of a CSV file (UTF-8, COLUMNS; a blank outcome is an account that is open: it is passed
    over). Raises TableError, which names the line, the field and the fix."""
    seen: dict[str, str] = {}
    for cells in read_table(path, columns):
        account_id, outcome = cells.needed("account_id"), cells.text("outcome")
        if outcome is None:
            continue
        outcome = outcome.lower().replace(" ", "_").replace("-", "_")
        code = next((one for one in OUTCOMES if one == outcome), None)
        if code is None:
            raise TableError(
                f"{cells.where}: outcome {outcome[:40]!r} is none of {', '.join(OUTCOMES)}, nor blank (open)"
            )
        past = PastAccount(
            account_id,
            AccountQuery(
                _lower(cells.text("domain")),
                cells.text("name"),
                cells.text("industry"),
                _country(cells),
                _number(cells, "employees"),
                _number(cells, "revenue_usd"),
                cells.listed("technologies"),
            ),
            code,
            cells.text("reason"),
            _number(cells, "deal_usd"),
            _number(cells, "days_to_close"),
            _day(cells),
        )
        for name, key in (("account_id", account_id), ("domain", past.key)):
            if seen.setdefault(f"{name} {key}", cells.where) != cells.where:
                raise TableError(f"{cells.where}: {name} {key} is there twice; keep one line")
        yield past


class ExactSimilar:
    """Implements `SimilarAccounts` over a CSV file."""

    source = "bundled"

    def __init__(self, csv_path: Path) -> None:
        """Raises TableError."""
        self._accounts = Growing()
        for past in past_accounts(csv_path):
            self._accounts.put(past.key, past, vector(past.account))

    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime, wanted: Wanted = ANY
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]:
        """The k nearest closed accounts of each query within REACH, nearest first; among them a lost and a won one
        where there is one within REACH (and k is at least 2). Absent where nothing is that near."""
        facts: list[Fact[tuple[SimilarAccount, ...]]] = []
        directions = [vector(query) for query in queries]
        each = nearest_each((self._accounts,), directions, k, wanted=wanted, reach=REACH)
        for query, hits in zip(queries, each, strict=True):
            found = tuple(similar_of(query, hit.past, hit.distance) for hit in hits)
            facts.append(Found(found, self.source, now) if found else Absent(self.source, now))
        return facts


def _lower(text: str | None) -> str | None:
    return text and text.lower()


def _country(cells: Cells) -> str | None:
    text = cells.text("country")
    if text is not None and not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise TableError(f"{cells.where}: country {text[:40]!r} is no ISO code of two letters, such as DE")
    return text and text.upper()


def _number(cells: Cells, name: str) -> int | None:
    number = cells.number(name)
    limit = 40_000 if name == "days_to_close" else LARGEST
    if number is not None and number > limit:
        raise TableError(f"{cells.where}: {name} {number} is more than {limit}; correct it, or leave it blank")
    return number


def _day(cells: Cells) -> date | None:
    text = cells.text("closed_on")
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise TableError(f"{cells.where}: closed_on {text!r} is no day such as 2026-04-30") from None
