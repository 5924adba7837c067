"""Asks the language model what a decision did not wait for, and does what follows from its answer.

    ask_judgement   kept by content, then: another tier, or out of a sequence of mails -> the lead is decided again, once;
                    else a note in the owner's thread
    write_note      the note in the owner's thread, if it says no more than the facts it was given

An answer about a decision that stands no longer is kept, and nothing else happens. Performed twice, after a crash, these
write the same keys again and pay nothing, since the answer is known (see `tools.stream.late`). Outages, limits and
nonsense are the dispatcher's: it tries again, and what it gives up is a dead letter; the decision stands as it was made.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
from sqlalchemy import Engine

from graph.domain.effects import AskJudgement, WriteNote
from graph.domain.lead import Path
from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Judgement, Score
from graph.domain.table import RoutingTable
from graph.domain.values import value
from graph.ports import JudgeAsk, NoteAsk, Order, Receipt, VendorError
from graph.rules.bots import TRIES
from graph.rules.brief import NOTE
from graph.rules.bullets import cut
from graph.rules.judged import late, late_note
from graph.rules.note import says_no_more
from tools.clock import utc_now
from tools.routing_file import parse
from tools.settings import Settings
from tools.shape import Shape
from tools.store.queries import record_json
from tools.store.read_cache import StoreCache
from tools.store.routing_versions import version_texts
from tools.stream.inbox import Inbox
from tools.stream.late import STALE, Late
from tools.wiring import Store, chat_of


class AsksJudgement(Protocol):
    async def ask(self, ask: JudgeAsk) -> Judgement | None:
        """Raises VendorError; what was answered once is not asked again."""
        ...


class AsksNote(Protocol):
    async def ask(self, ask: NoteAsk) -> str: ...


@value(frozen=True)
class Decision:
    """What a late judgement needs of a decision record."""

    scoring: Score
    routing_facts: RoutingFacts
    path: Path
    tier: str


DECISION: Shape[Decision] = Shape(Decision)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A decision that still stands, with what the model is shown of its lead; ask is None where it is shown nothing."""

    decision: Decision
    table: RoutingTable
    ask: JudgeAsk | None


class LateAnswers:
    """The performer of the vendor `openai`."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        inbox: Inbox,
        judge: AsksJudgement,
        writer: AsksNote,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._late = Late(engine, executor, inbox, clock)
        self._judge, self._writer = judge, writer
        self._tables: dict[str, RoutingTable] = {}

    async def perform(self, order: Order) -> Receipt:
        """Raises VendorError for the model's failures and a stream that is away, and what the database raises."""
        match order.effect:
            case AskJudgement() as effect:
                return await self._ask_judgement(order, effect)
            case WriteNote() as effect:
                return await self._write_note(order, effect)
            case other:
                raise VendorError("unsupported_effect", f"no model is asked to {other.kind}", permanent=True)

    async def aclose(self) -> None:
        for asking in (self._judge, self._writer):
            close = getattr(asking, "aclose", None)
            if close is not None:
                await close()

    async def _ask_judgement(self, order: Order, effect: AskJudgement) -> Receipt:
        asked = await self._late.thread(self._asked, order, effect.assignment)
        judgement = await self._judge.ask(asked.ask) if asked is not None and asked.ask is not None else None
        if asked is None or judgement is None:
            return self._late.counted(order, "stale", STALE)
        of = asked.decision
        found = late(judgement, of.scoring, of.routing_facts, of.path, asked.table)
        note = late_note(judgement, effect.model, found, of.tier)
        if found.anew:
            return await self._late.anew(order, "judged", note)
        return self._late.counted(order, await self._noted(order, effect, "judged", note))

    async def _write_note(self, order: Order, effect: WriteNote) -> Receipt:
        if await self._late.thread(self._late.standing, order, effect.assignment) is None:
            return self._late.counted(order, "stale", STALE)
        text = " ".join((await self._writer.ask(NoteAsk(order.lead_id, effect.facts))).split())
        if not says_no_more(text, " ".join(effect.facts.values())):
            return self._late.counted(order, "refused", Receipt("said more than the facts"))
        note = f"Note by {effect.model}: {cut(text, NOTE)}"
        return self._late.counted(order, await self._noted(order, effect, "written", note))

    async def _noted(self, order: Order, effect: AskJudgement | WriteNote, name: str, note: str) -> str:
        return await self._late.thread(self._late.noted, order, effect.assignment, name, note)

    def _asked(self, order: Order, number: int) -> _Asked | None:
        """None for a decision that stands no longer."""
        if self._late.standing(order, number) is None:
            return None
        raw = record_json(self._late.engine, order.lead_id, order.revision)
        if raw is None:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True)
        record = orjson.loads(raw)
        lead = record["lead"]
        tries = any(flag["code"] in TRIES for flag in lead["flags"])
        ask = JudgeAsk(lead["message"], lead["title"], lead["company"], lead["industry"], lead["source"])
        return _Asked(DECISION.validate_json(raw), self._table(record["versions"]["routing"]), None if tries else ask)

    def _table(self, digest: str) -> RoutingTable:
        """The file that decided. The last few are kept."""
        if digest not in self._tables:
            kept = version_texts(self._late.engine, digest)
            if kept is None:
                raise VendorError(
                    "unknown_version", f"the routing file {digest[:12]} is not in the store", permanent=True
                )
            if len(self._tables) >= 8:
                self._tables.pop(next(iter(self._tables)))
            self._tables[digest] = parse(kept[0], files=kept[1])
        return self._tables[digest]


def late_answers(settings: Settings, store: Store, inbox: Inbox) -> LateAnswers:
    """With the language model of the settings, and with what it answered kept in the store."""
    from tools.llm import OpenAiJudge, OpenAiWriter  # noqa: PLC0415 - its SDK is heavy, and most installations have none

    chat, cache = chat_of(settings), StoreCache(store.engine, store.executor)
    judge, writer = OpenAiJudge(chat, cache=cache), OpenAiWriter(chat, cache=cache)
    return LateAnswers(store.engine, store.executor, inbox, judge, writer)
