"""Performs `RememberAccount`: the account of a lead is kept in the store, for the day it closes. Off the event loop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection

from graph.domain.effects import RememberAccount
from graph.ports import AccountQuery, Order, Receipt
from tools.embedded.performing import BatchPerformer, Outcome
from tools.store.past_accounts import Remembered, remember


class RememberedAccounts(BatchPerformer):
    """Implements Performer for the effects of the vendor "similar". A receipt's id is the account's key.

    An order of a lead that is not newer than the last one performed for it is said to be repeated, and writes nothing.
    """

    name: ClassVar[str] = "the memory of accounts"
    kinds: ClassVar[frozenset[str]] = frozenset({"remember_account"})

    def apply(self, connection: Connection, orders: Sequence[Order], now: datetime) -> list[Outcome]:
        told = [_told(order) for order in orders]
        repeated = remember(connection, told, now)
        return [Receipt(one.key, repeated=again) for one, again in zip(told, repeated, strict=True)]


def _told(order: Order) -> Remembered:
    effect = order.effect
    if not isinstance(effect, RememberAccount):
        raise TypeError(f"{effect.kind} came past the check of kinds")
    account = AccountQuery(
        effect.domain,
        effect.name,
        effect.industry,
        effect.country,
        effect.employees,
        effect.revenue_usd,
        effect.technologies,
    )
    return Remembered(effect.domain.casefold(), account, order.lead_id, order.revision)
