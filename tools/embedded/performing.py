"""How an embedded twin performs effects: many orders in one short transaction, off the event loop.

A twin says what its orders change (`apply`); this says when it is written and what a failure means. Never decides
what an effect does, and never retries beyond finding the one order that a batch failed on.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar, TypeAlias, get_args

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from graph.domain.effects import Effect
from graph.ports import Order, Receipt, VendorError
from tools.clock import utc_now

Outcome: TypeAlias = Receipt | VendorError

_NAMES: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind) if field.name != "kind") for kind in get_args(Effect)
}
DOWN = (OperationalError, InterfaceError, PoolTimeoutError)  # locked, gone, or no connection free: try again
_REFUSED = (DataError, IntegrityError)  # too long, out of range, or another process wrote the row first


def values_of(effect: Effect) -> dict[str, Any]:
    """The effect's own fields: `dataclasses.asdict` without its deep copies, and without `kind`."""
    return {name: getattr(effect, name) for name in _NAMES[type(effect)]}


class BatchPerformer(ABC):
    """A Performer with `perform_many`. A second perform of an order's key writes nothing and says `repeated`.

    executor: where its transactions run, asyncio's own threads by default. clock: the time written into rows.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[str]]

    def __init__(
        self, engine: Engine, *, executor: Executor | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._reads = engine
        self._writes = engine.execution_options(immediate=True)
        self._executor, self._clock = executor, clock

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError: permanent for what this twin cannot do or store, passing for a database that is away."""
        (outcome,) = await self.perform_many((order,))
        if isinstance(outcome, VendorError):
            raise outcome
        return outcome

    async def perform_many(self, orders: Sequence[Order]) -> list[Outcome]:
        """One outcome for each order, in order; all that succeed are written in one transaction."""
        if not orders:
            return []
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._perform_all, orders)

    @abstractmethod
    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        """Write what `orders` (all of `kinds`) ask for. An order that cannot be met has its VendorError as outcome and
        writes nothing; a database error fails them all."""

    def perform_within(self, connection: Connection, orders: Sequence[Order]) -> list[Outcome]:
        """The same in a transaction of the caller's; raises what the database raises, and then none is performed."""
        return self._sorted(orders, lambda known: self.apply(connection, known, self._clock()))

    def _perform_all(self, orders: Sequence[Order]) -> list[Outcome]:
        return self._sorted(orders, self._write)

    def _sorted(self, orders: Sequence[Order], perform: Callable[[Sequence[Order]], list[Outcome]]) -> list[Outcome]:
        known = [order for order in orders if order.effect.kind in self.kinds]
        outcomes = iter(perform(known) if known else [])
        return [next(outcomes) if order.effect.kind in self.kinds else self._foreign(order) for order in orders]

    def _foreign(self, order: Order) -> VendorError:
        return VendorError("unsupported_effect", f"{self.name} performs no {order.effect.kind}", permanent=True)

    def _write(self, orders: Sequence[Order]) -> list[Outcome]:
        try:
            with self._writes.begin() as connection:
                return self.apply(connection, orders, self._clock())
        except DOWN as error:
            return [VendorError("database_unavailable", type(error).__name__) for _ in orders]
        except _REFUSED:  # one of them: each gets a transaction of its own
            return [self._write_one(order) for order in orders]

    def _write_one(self, order: Order) -> Outcome:
        """This second try also finds the row that another process may have inserted between our read and our write."""
        try:
            with self._writes.begin() as connection:
                return self.apply(connection, (order,), self._clock())[0]
        except DOWN as error:
            return VendorError("database_unavailable", type(error).__name__)
        except _REFUSED:  # the database's own words would quote the row
            return VendorError("refused", f"{self.name} could not store {order.effect.kind}", permanent=True)
