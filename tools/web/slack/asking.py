"""Questions about leads, answered from the record: why somebody has one, why somebody else has not, what is open, whose turn.

Reads only. What has to be decided again (why not) runs in a few threads of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

import orjson
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from graph.domain.lead import Form
from graph.domain.table import RoutingTable
from graph.rules.blocks import Message, one_line
from graph.rules.wording import first_name
from tools.idempotency import Identifier
from tools.store import inbox
from tools.store.ledgers import ledgers
from tools.store.queries import record_json
from tools.store.reasons import Reasons, reasons_of
from tools.web.bodies import Busy, Few
from tools.web.slack import answers
from tools.why import NotKept
from tools.why_not import not_they

Sentences: TypeAlias = Sequence[tuple[str, Sequence[str]]]
NO_DECISION: Final = "No decision about this lead is recorded."
BUSY: Final = "Too many questions are being answered: ask again in a moment."


class Asking:
    """identifier: makes a lead's id of an address; base_url: of this service, for links; few: threads for what is slow."""

    def __init__(
        self,
        engine: Engine,
        identifier: Identifier,
        few: Few,
        clock: Callable[[], datetime],
        routing: Callable[[], RoutingTable],
        base_url: str,
    ) -> None:
        self._engine, self._identifier, self._few = engine, identifier, few
        self._clock, self._routing, self._base_url = clock, routing, base_url

    def lead_of(self, words: str) -> str | None:
        """The id of a lead named by an address or by its id; None for words that are neither."""
        if "@" in words:
            return self._identifier.lead_id(Form(email=words))
        return words if words.startswith("ld_") and len(words) <= 40 and words.isascii() else None

    async def title(self, lead_id: str) -> str:
        """The company or the person, on one line."""
        return await run_in_threadpool(_title, self._engine, lead_id)

    async def why(self, lead_id: str, number: int | None, by: str, other: str | None = None) -> Message:
        """Why its owner has it; why not the asker, `other`, or those whose turn it was not."""
        reasons = await run_in_threadpool(reasons_of, self._engine, lead_id, number)
        if reasons is None:
            return answers.note(NO_DECISION)
        wanted = [each for each in dict.fromkeys([other, by]) if each is not None and each != reasons.owner]
        said, gone = await self._not_they(reasons, wanted, others=other is None)
        url = (
            f"{self._base_url}/inbox/why/{lead_id}?number={number}"
            if number
            else f"{self._base_url}/admin/leads/{lead_id}"
        )
        return answers.why(reasons, said, url, number, gone)

    async def why_not(self, lead_id: str, number: int | None, other: str) -> Message:
        """Why `other` has not."""
        reasons = await run_in_threadpool(reasons_of, self._engine, lead_id, number)
        if reasons is None:
            return answers.note(NO_DECISION)
        if other == reasons.owner:
            return answers.note(f"{first_name(other)} has this lead.")
        said, gone = await self._not_they(reasons, [other], others=False)
        return answers.not_they(said, gone)

    async def _not_they(self, reasons: Reasons, wanted: list[str], *, others: bool) -> tuple[Sentences, str]:
        try:
            asked = partial(
                not_they, self._engine, reasons.lead_id, reasons.revision, reasons.owner, wanted, others=others
            )
            return await self._few.run(asked), ""
        except Busy:
            return (), BUSY
        except NotKept as error:
            return (), f"Why not somebody else cannot be said: {error}."

    async def mine(self, by: str) -> Message:
        found, total = await run_in_threadpool(inbox.open_leads, self._engine, by, answers.MOST_LEADS)
        return answers.mine(found, total, self._clock(), self._base_url)

    async def board(self, by: str, pool: str) -> Message:
        """The pools of the asker, of those whom they manage where they are in none; or the one that is named."""
        table = self._routing()
        if pool and pool not in table.pools:
            return answers.note(
                f"The routing file has no pool {one_line(pool, 60)}. Its pools: {', '.join(table.pools) or 'none'}."
            )
        names = [pool] if pool else _pools_of(by, table)
        found = await run_in_threadpool(ledgers, self._engine, table, names, self._clock())
        return answers.board(found)


def _title(engine: Engine, lead_id: str) -> str:
    raw = record_json(engine, lead_id)
    lead = {} if raw is None else orjson.loads(raw)["lead"]
    said = [lead.get("company"), lead.get("full_name") or lead.get("email")]
    return one_line(", ".join(word for word in said if word) or "This lead", 150)


def _pools_of(email: str, table: RoutingTable) -> list[str]:
    teams = [{member.email for member in pool.members} for pool in table.pools.values()]
    own = [name for name, team in zip(table.pools, teams, strict=True) if email in team]
    if own:
        return own
    managed = {person.email for person in table.people.values() if person.manager == email}
    return [name for name, team in zip(table.pools, teams, strict=True) if team & managed]
