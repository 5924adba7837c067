"""Everybody who performs effects in the dispatcher: the adapters of the settings, and those that need the stream besides."""

from __future__ import annotations

from collections.abc import Mapping

from graph.ports import Performer
from tools.settings import Settings
from tools.stream.activity import activity_weighing
from tools.stream.crm_changes import crm_changes
from tools.stream.inbox import Inbox
from tools.stream.late_answers import late_answers
from tools.stream.late_facts import Lazily, late_facts
from tools.stream.nurture_steps import nurture_steps
from tools.stream.sla_timers import SlaTimers
from tools.stream.zones import zones_of
from tools.wiring import Store, build_performers, live_routing, live_sequences


class Performers:
    """by_vendor: one a queue of the outbox, but for the queues of single webhooks."""

    def __init__(self, settings: Settings, store: Store, back: Inbox) -> None:
        """back: the way of a lead into the stream again."""
        deciding, sequences = Lazily(settings, store), live_sequences(settings, store)
        self._answers = late_answers(settings, store, back) if settings.llm == "live" else None
        self._facts = late_facts(settings, store, back, deciding)
        self.by_vendor: Mapping[str, Performer] = {
            **build_performers(settings, store, sequences),
            "steps": nurture_steps(settings, store, back, sequences),
            "sla": SlaTimers(store.engine, store.executor, back, zones=zones_of(lambda: live_routing(settings, store))),
            "facts": self._facts,
            "activity": activity_weighing(settings, store, back, deciding),
            **({"openai": self._answers} if self._answers else {}),
            **({"changes": crm_changes(settings, store, back)} if settings.crm == "live" else {}),
        }

    async def aclose(self) -> None:
        if self._answers is not None:
            await self._answers.aclose()
        await self._facts.aclose()
