"""A person wants no more mails: kept for ever, for all their addresses, and every sequence they are in ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, Engine

from tools.store.nurture_mails import find, keep_unsubscribed, note_event
from tools.store.nurture_person import person_of
from tools.store.nurture_places import cancel_all

How: TypeAlias = Literal["one_click", "page", "operator"]
REASON = "The person wants no more mails."


def leave(engine: Engine, mail_id: str, how: How, now: datetime) -> bool:
    """By the link of a mail. False for a mail that is not known, or no longer. The second time changes nothing."""
    with engine.execution_options(immediate=True).begin() as connection:
        mail = find(connection, mail_id)
        if mail is None:
            return False
        ids, addresses = person_of(connection, mail.lead_id, mail.address.lower())
        _stop(connection, ids, addresses, mail.address.lower(), how, now, mail_id)
        note_event(connection, mail, "unsubscribe", mail_id, now)
        return True


def leave_address(engine: Engine, address: str, now: datetime) -> int:
    """By an operator. Returns how many running enrolments ended."""
    with engine.execution_options(immediate=True).begin() as connection:
        ids, addresses = person_of(connection, None, address.lower())
        return _stop(connection, ids, addresses, address.lower(), "operator", now, None)


def _stop(
    connection: Connection,
    ids: Sequence[str],
    addresses: Sequence[str],
    address: str,
    how: How,
    now: datetime,
    mail_id: str | None,
) -> int:
    hows = dict.fromkeys(addresses, "linked") | {address: how}
    keep_unsubscribed(connection, hows, now, mail_id)
    return cancel_all(connection, ids, REASON, now) if ids else 0
