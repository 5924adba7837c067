"""Company facts from ordered sources: asks the next one only for what is still missing, stops at the first good value.

The profile says of each field where it is from and since when it is known, who contradicts, and who was asked with what
outcome. It never raises for a source that fails, and makes no company known by what its own lead typed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from graph.domain.account import CompanyProfile
from graph.domain.evidence import Tried
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.domain.values import evolve
from graph.ports import CompanyAsk
from graph.rules.domains import host_of
from tools.enrichment import form
from tools.enrichment.fields import bits
from tools.enrichment.merging import merged
from tools.enrichment.planning import UNASKED, Goods, Planner
from tools.enrichment.source import Answer, Free, Source
from tools.observe import metrics
from tools.provider_order import NEEDED, Order

_MOST_KNOWN = 10_000


class _Run:
    """One lead's way through the sources. goods, answers: by source; tried: (source, outcome) as they were asked."""

    __slots__ = ("answers", "ask", "goods", "spent", "tried")

    def __init__(self, ask: CompanyAsk, unasked: list[int]) -> None:
        self.ask = ask
        self.goods = unasked
        self.answers: dict[int, Answer] = {}
        self.tried: list[tuple[int, str]] = []
        self.spent = 0.0


class Waterfall:
    """Implements `Enrichment`.

    sources: each once, in any order; order: who goes before whom; needed: the fields (`tools.enrichment.fields`) for
    which another source is asked; lead_cents: US cents that one lead may cost in one run, None for no ceiling.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        order: Order,
        needed: Sequence[str] = NEEDED,
        *,
        lead_cents: float | None = None,
    ) -> None:
        place = {name: number for number, name in enumerate(order.sources)}
        self.sources = tuple(sorted((s for s in sources if s.name in place), key=lambda source: place[source.name]))
        self._names = tuple(source.name for source in self.sources)
        self._planner = Planner(self._names, [source.fills for source in self.sources], order, bits(needed))
        self._lead_cents = float("inf") if lead_cents is None else lead_cents
        outside = [name for name in self._names if name != form.NAME]
        self.source = outside[0] if len(outside) == 1 else "enrichment"
        self._unasked = [UNASKED] * len(self._names)
        self._free = tuple(isinstance(source, Free) for source in self.sources)
        self._all_free = all(self._free)
        self._form = self._names.index(form.NAME) if form.NAME in self._names else None
        self._tried: dict[tuple[tuple[int, str], ...], tuple[Tried, ...]] = {}

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order."""
        runs = [_Run(ask, self._unasked.copy()) for ask in asks]
        open_ = runs
        while open_:
            wanted: dict[int, list[_Run]] = {}
            still: list[_Run] = []
            for run in open_:
                sources = self._planner.next(tuple(run.goods))
                if sources:
                    still.append(run)
                    for source in sources:
                        wanted.setdefault(source, []).append(run)
            await self._ask(wanted, now)
            open_ = still
        self._count(runs)
        return [self._fact(run, now) for run in runs]

    async def aclose(self) -> None:
        for source in self.sources:
            await source.aclose()

    async def _ask(self, wanted: dict[int, list[_Run]], now: datetime) -> None:
        paid: list[tuple[int, list[_Run], list[float]]] = []
        reserved: Counter[int] = Counter()
        for number in sorted(wanted):
            runs = wanted[number]
            if number == self._form and self._all_free:
                runs = self._worth_the_form(runs)
            if self._free[number]:
                await self._one(number, runs, now, ())
                continue
            left = [self._lead_cents - run.spent - reserved[id(run)] for run in runs]
            reserved.update(dict.fromkeys(map(id, runs), getattr(self.sources[number], "price_cents", 0)))
            paid.append((number, runs, left))
        if len(paid) == 1:
            await self._one(*paid[0][:2], now, paid[0][2])
        elif paid:
            await asyncio.gather(*(self._one(number, runs, now, left) for number, runs, left in paid))

    async def _one(self, number: int, runs: list[_Run], now: datetime, allowance: Sequence[float]) -> None:
        found = await self.sources[number].answers([run.ask for run in runs], now, allowance)
        for run, (answer, cents) in zip(runs, found, strict=True):
            run.goods[number] = answer.good
            run.answers[number] = answer
            run.tried.append((number, answer.outcome))
            run.spent += cents
            if answer.good and run.ask.domain is None and not self._all_free and number != self._form:
                self._learn_domain(run, answer)

    def _worth_the_form(self, runs: list[_Run]) -> list[_Run]:
        """The form alone makes no company known, and where nobody costs money it spares no question either."""
        found = [run for run in runs if any(answer.good for answer in run.answers.values())]
        if len(found) < len(runs):
            kept = set(map(id, found))
            for run in runs:
                if id(run) not in kept:
                    run.goods[self._form or 0] = 0
        return found

    def _learn_domain(self, run: _Run, answer: Answer) -> None:
        """Who knows the company by its name tells the others where to look, unless a stranger only claimed the name."""
        if answer.profile is not None and not run.ask.claimed and (domain := host_of(answer.profile.domain)):
            run.ask = evolve(run.ask, domain=domain)

    def _fact(self, run: _Run, now: datetime) -> Fact[CompanyProfile]:
        goods: Goods = tuple(run.goods)
        tried = self._told(run)
        if any(held > 0 for number, held in enumerate(goods) if number != self._form):
            choice = self._planner.choice(goods)
            main = next((number for number, _ in choice.won if number != self._form), None)
            if main is not None:
                answers = [run.answers.get(number) for number in range(len(goods))]
                return Found(merged(self._names, answers, choice, main, tried), self._names[main], now)
        for number, answer in run.answers.items():
            if not answer.known:
                return Unavailable(self._names[number], now, answer.outcome, tried=tried)
        return Absent(self.source, now, tried=tried)

    def _told(self, run: _Run) -> tuple[Tried, ...]:
        """Leads share these: there are few different ones."""
        key = tuple(run.tried)
        found = self._tried.get(key)
        if found is None:
            rest = [name for number, name in enumerate(self._names) if run.goods[number] == UNASKED]
            found = (
                *(Tried(self._names[number], outcome) for number, outcome in run.tried),
                *(Tried(name, "not needed") for name in rest),
            )
            if len(self._tried) >= _MOST_KNOWN:
                self._tried.clear()
            self._tried[key] = found
        return found

    def _count(self, runs: Sequence[_Run]) -> None:
        tally = Counter(pair for run in runs for pair in run.tried)
        for (number, outcome), count in tally.items():
            metrics.enrichment_answers.labels(self._names[number], outcome).inc(count)
