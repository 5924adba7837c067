"""The endpoints of outgoing webhooks: who is told of what, and how each stands. What came of what was sent to them is in
`webhook_deliveries`. Sends nothing, opens no secret: secrets come and go sealed (`tools.outgoing.sealing`). Blocking: call
it from a thread.

    active  --a person--> paused --a person--> active          what happens meanwhile waits in the endpoint's queue
    active  --410, or it failed for days--> off --a person--> active                     (WEBHOOKS_WAIT_D at the most)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Engine, Row, delete, insert, select, text, update

from tools.store.announcing import QUEUE, forget
from tools.store.tables import outbox, webhook_deliveries, webhook_endpoints

State: TypeAlias = Literal["active", "paused", "off"]
MOST_ENDPOINTS: Final = 50
"""Each has a queue that is looked at twice a second."""
PENDING: Final = text("state = 'pending'")  # as the outbox's partial indexes say it


class CannotKeep(Exception):
    """The sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """secrets: sealed, the present one first; failing_since: of failures that no success has ended."""

    endpoint: str
    url: str
    events: tuple[str, ...]
    personal: bool
    state: State
    why: str | None
    secrets: tuple[str, ...]
    old_until: datetime | None
    failing_since: datetime | None
    ok_at: datetime | None
    created_at: datetime

    @property
    def queue(self) -> str:
        return QUEUE + self.endpoint


def add_endpoint(engine: Engine, endpoint: str, url: str, events: Sequence[str], secret: str, **other: Any) -> Endpoint:
    """other: personal, and now. Raises CannotKeep for a URL that is there already with the same events, and for one too many."""
    row = {"endpoint": endpoint, "url": url, "events": orjson.dumps(sorted(events)).decode(), "secret": secret}
    row |= {"personal": other["personal"], "state": "active", "created_at": other["now"]}
    with engine.execution_options(immediate=True).begin() as connection:
        held = connection.execute(select(webhook_endpoints.c.endpoint, webhook_endpoints.c.url)).all()
        if twin := next((one.endpoint for one in held if one.url == url), None):
            raise CannotKeep(f"{twin} has this URL already: remove it, or pause it, first")
        if len(held) >= MOST_ENDPOINTS:
            raise CannotKeep(f"there are {MOST_ENDPOINTS} endpoints already, which is as many as there may be")
        connection.execute(insert(webhook_endpoints), [row])
    forget(engine)
    return found_endpoint(engine, endpoint)


def endpoints(engine: Engine) -> list[Endpoint]:
    """All, the oldest first."""
    with engine.connect() as connection:
        wanted = select(webhook_endpoints).order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.endpoint)
        return [endpoint_of(row) for row in connection.execute(wanted)]


def found_endpoint(engine: Engine, endpoint: str) -> Endpoint:
    """Raises CannotKeep for one that there is not."""
    with engine.connect() as connection:
        row = connection.execute(select(webhook_endpoints).where(named(endpoint))).first()
    if row is None:
        raise CannotKeep(f"there is no endpoint {endpoint!r}: see the list")
    return endpoint_of(row)


def named(endpoint: str) -> Any:
    return webhook_endpoints.c.endpoint == endpoint


def endpoint_of(row: Row[Any]) -> Endpoint:
    return Endpoint(
        row.endpoint,
        row.url,
        tuple(orjson.loads(row.events)),
        row.personal,
        row.state,
        row.why,
        (row.secret, *([row.old_secret] if row.old_secret else [])),
        row.old_until,
        row.failing_since,
        row.ok_at,
        row.created_at,
    )


def set_state(engine: Engine, endpoint: str, state: State, why: str | None) -> Endpoint:
    """Raises CannotKeep for an endpoint that there is not. A start after a rest begins without a record of failures, and
    what waits is due at once."""
    changes: dict[str, Any] = {"state": state, "why": why}
    with engine.execution_options(immediate=True).begin() as connection:
        if state == "active":
            changes["failing_since"] = None
            waits = (outbox.c.vendor == QUEUE + endpoint, PENDING, outbox.c.lease_by.is_(None))
            connection.execute(update(outbox).where(*waits).values(due_at=outbox.c.accepted_at, attempts=0))
        connection.execute(update(webhook_endpoints).where(named(endpoint)).values(**changes))
    return found_endpoint(engine, endpoint)


def set_secret(engine: Engine, endpoint: str, secret: str, old: str, old_until: datetime) -> Endpoint:
    """Both sign until old_until. Raises CannotKeep for an endpoint that there is not."""
    changes = {"secret": secret, "old_secret": old, "old_until": old_until}
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(update(webhook_endpoints).where(named(endpoint)).values(**changes))
    return found_endpoint(engine, endpoint)


def remove_endpoint(engine: Engine, endpoint: str, now: datetime) -> int:
    """With its deliveries; what waits for it is not sent. Returns how many messages that were; raises CannotKeep."""
    found_endpoint(engine, endpoint)
    with engine.execution_options(immediate=True).begin() as connection:
        connection.execute(delete(webhook_endpoints).where(named(endpoint)))
        connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.endpoint == endpoint))
        mine = (outbox.c.vendor == QUEUE + endpoint, PENDING)
        dropped = connection.execute(update(outbox).where(*mine).values(**not_sent("endpoint removed", now))).rowcount
    forget(engine)
    return dropped


def not_sent(why: str, now: datetime) -> dict[str, Any]:
    return {"state": "done", "done_at": now, "lease_by": None, "error": f"not sent: {why}"}
