"""The mails of sequences, from the intent to send one on. A mail's row is there before the mail is.

    intended --take--> handing_over --settle--> sent | refused | unknown      (SMTP)
    intended <-give back- handing_over          the server said: not now
    kept                                        mails stay in the store: nothing is sent
    withdrawn                                   intended, and then the sequence was over

Before its content is given to a server a mail is taken, by one sender only. One that is found taken by nobody any more was
perhaps delivered: it is settled as unknown and never sent again (infra/docs/adr/0027).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, Row, bindparam, func, select, text, true, update

from tools.store.tables import lead_events, nurture_mails, nurture_unsubscribes
from tools.store.upsert import insert_new, upsert

Settled: TypeAlias = Literal["sent", "refused", "unknown", "kept", "withdrawn"]
COUNTED: Final = ("intended", "handing_over", "sent", "unknown", "kept")
"""States that count against the daily limit."""
_M = nurture_mails.c

_HANDED = select(_M.mail_id).where(
    _M.mail_id.in_(bindparam("names", expanding=True)), _M.state == text("'handing_over'")
)


@dataclass(frozen=True, slots=True)
class Draft:
    """One mail, ready to be sent. links: the addresses that it links to, in order."""

    mail_id: str
    lead_id: str
    contact_key: str
    sequence: str
    visit: int
    step: str
    template: str
    address: str
    sender: str
    reply_to: str
    message_id: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str
    links: tuple[str, ...]


def mail_id_of(contact_key: str, sequence: str, visit: int) -> str:
    """32 hexadecimal digits, the same in every attempt."""
    return hashlib.sha256(f"{sequence}\n{visit}\n{contact_key}".encode()).hexdigest()[:32]


def intend(connection: Connection, draft: Draft, now: datetime) -> None:
    """Keep it before anything is sent. One that is intended already is written anew: nothing of it has left."""
    row = {name: getattr(draft, name) for name in draft.__slots__} | {"links": json.dumps(draft.links)}
    row |= {"state": "intended", "error": None, "intended_at": now, "handed_at": None, "settled_at": None}
    upsert(connection, nurture_mails, [row], ["mail_id"])


def find(connection: Connection, mail_id: str) -> Row[Any] | None:
    return connection.execute(select(nurture_mails).where(_M.mail_id == mail_id)).first()


def handed_over(connection: Connection, mail_ids: Collection[str]) -> set[str]:
    """Those of these mails that were given to a server by somebody who did not say what came of it."""
    return set(connection.scalars(_HANDED, {"names": sorted(mail_ids)}))


def take(engine: Engine, mail_id: str, now: datetime) -> bool:
    """Just before its content is given to the server. False: another has it, or it is intended no more."""
    with engine.execution_options(immediate=True).begin() as connection:
        return _change(connection, mail_id, "intended", {"state": "handing_over", "handed_at": now})


def give_back(engine: Engine, mail_id: str, error: str) -> None:
    """The server said that it did not take it."""
    with engine.execution_options(immediate=True).begin() as connection:
        _change(connection, mail_id, "handing_over", {"state": "intended", "handed_at": None, "error": error[:500]})


def settle(connection: Connection, mail_id: str, state: Settled, now: datetime, error: str | None = None) -> bool:
    """The end of a mail; False where it had ended before. What was unknown may turn out to be sent."""
    said = None if error is None else error[:500]
    before = ("intended", "handing_over", *(("unknown",) if state == "sent" else ()))
    open_ = nurture_mails.update().where(_M.mail_id == mail_id, _M.state.in_(before))
    return connection.execute(open_.values(state=state, settled_at=now, error=said)).rowcount == 1


def _change(connection: Connection, mail_id: str, state: str, values: Mapping[str, Any]) -> bool:
    held = update(nurture_mails).where(_M.mail_id == mail_id, _M.state == state)
    return connection.execute(held.values(**values)).rowcount == 1


def room(connection: Connection, now: datetime, per_day: int, per_minute: int, mail_id: str) -> datetime:
    """When one more mail is within the limits: now, or when to look again. mail_id: does not count itself."""
    for span, limit in ((timedelta(days=1), per_day), (timedelta(minutes=1), per_minute)):
        wanted = select(func.count(), func.min(_M.intended_at)).where(
            _M.intended_at > now - span, _M.state.in_(COUNTED), _M.mail_id != mail_id
        )
        count, oldest = connection.execute(wanted).one()
        if count >= limit:
            until: datetime = oldest + span
            return max(until, now + timedelta(seconds=1))
    return now


def note_event(connection: Connection, mail: Row[Any], kind: str, key: str, now: datetime, **changes: Any) -> None:
    """What we know of the mail ourselves, among the events of the lead; once for each key."""
    row = {
        "event_key": f"nurture/{kind}/{key}",
        "lead_id": mail.lead_id,
        "email": mail.address.lower(),
        "type": kind,
        "at": now,
        "received_at": now,
        "source": "nurture",
        "counts": True,
        "reason": None,
        "properties": json.dumps({"sequence": mail.sequence, "step": mail.step, "mail": mail.mail_id}),
    }
    insert_new(connection, lead_events, [row | changes], ["event_key"])


def keep_unsubscribed(
    connection: Connection, addresses: Mapping[str, str], now: datetime, mail_id: str | None = None
) -> None:
    """addresses: address -> how (one_click, page, operator, linked). For ever; what was said first stays."""
    rows = [{"address": a, "at": now, "how": how, "mail_id": mail_id} for a, how in sorted(addresses.items())]
    insert_new(connection, nurture_unsubscribes, rows, ["address"])


def mail_page(engine: Engine, *, limit: int, page: int = 1, lead_id: str | None = None) -> tuple[list[Row[Any]], int]:
    """The newest first, and how many there are."""
    mine = true() if lead_id is None else _M.lead_id == lead_id
    order = (_M.intended_at.desc(), _M.mail_id)
    with engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(nurture_mails).where(mine)) or 0
        rows = connection.execute(
            select(nurture_mails).where(mine).order_by(*order).limit(limit).offset((page - 1) * limit)
        )
        return list(rows), total
