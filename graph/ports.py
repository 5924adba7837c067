"""What the graph asks of the world, and what the dispatcher does to it. Typed protocols only.

Reads take a batch and answer in the same order, one fact for each question; an adapter never raises for a vendor that is
down: it answers `Unavailable`. `now` comes from the caller, so that a fact's time is the run's time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import CompanyProfile, CrmAccount, Family, Prior, SimilarAccount
from graph.domain.activity import Did, Wanted
from graph.domain.effects import Effect
from graph.domain.facts import Fact
from graph.domain.lead import Lead
from graph.domain.person import KnownPerson, Who
from graph.domain.routing import PoolState
from graph.domain.scoring import Judgement, ModelOutput
from graph.domain.values import value


@value(frozen=True)
class CompanyAsk:
    """What a lead says of its company. domain: registrable company domain, None for free mail; name: as typed; host: full
    host of the e-mail or website; phone: E.164; country, state: ISO codes; postal, city, street: as typed.

    claimed: the name was typed above a free-mail address. It proves nothing: it may be shown, and counts only together
    with evidence that a stranger does not choose. employees, industry: as the form says, in our vocabulary.
    """

    domain: str | None
    name: str | None
    host: str | None = None
    phone: str | None = None
    country: str | None = None
    state: str | None = None
    postal: str | None = None
    city: str | None = None
    claimed: bool = False
    street: str | None = None
    employees: int | None = None
    industry: str | None = None


@value(frozen=True)
class CrmAsk:
    email: str | None
    phone: str | None
    domain: str | None
    parent_domain: str | None
    also: tuple[str, ...] = ()
    """Other addresses of the same person: their leads are not other people's."""


@value(frozen=True)
class AccountQuery:
    """The account to find neighbours of. Blank fields are None."""

    domain: str | None
    name: str | None
    industry: str | None
    country: str | None
    employees: int | None
    revenue_usd: int | None
    technologies: tuple[str, ...] = ()


@value(frozen=True)
class JudgeAsk:
    """What the language model may see: the message and plain facts. All of it is a stranger's text."""

    message: str | None
    title: str | None
    company: str | None
    industry: str | None
    source: str | None


def judge_ask(lead: Lead) -> JudgeAsk:
    """All that a language model is shown of a lead."""
    return JudgeAsk(lead.message, lead.title, lead.company, lead.industry, lead.source)


@value(frozen=True)
class NoteAsk:
    """Facts for the writer's note. `facts` are label -> text, already safe to show."""

    lead_id: str
    facts: Mapping[str, str]


class Enrichment(Protocol):
    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]: ...


class CrmReader(Protocol):
    async def accounts(self, asks: Sequence[CrmAsk], now: datetime) -> Sequence[Fact[CrmAccount]]: ...


class SimilarAccounts(Protocol):
    async def nearest(
        self, queries: Sequence[AccountQuery], k: int, now: datetime
    ) -> Sequence[Fact[tuple[SimilarAccount, ...]]]: ...


class Judge(Protocol):
    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]: ...


class Writer(Protocol):
    async def write(self, asks: Sequence[NoteAsk], now: datetime) -> Sequence[Fact[str]]: ...


class Scorer(Protocol):
    """A pure function of its model: the same rows give the same bits, in any batch size."""

    @property
    def digest(self) -> str: ...

    @property
    def name(self) -> str: ...

    def score(self, rows: NDArray[np.float32]) -> Sequence[ModelOutput]: ...


@value(frozen=True)
class Challenge:
    """A second model that scores a share (0..1) of the accounts, drawn by `graph.rules.challenge` with this salt."""

    scorer: Scorer
    share: float
    salt: str


class History(Protocol):
    """What we decided before. Read at the start of a run; the commit checks that it still holds."""

    async def priors(self, lead_ids: Sequence[str], now: datetime) -> Sequence[Fact[Prior]]: ...

    async def people(self, asks: Sequence[Who], now: datetime) -> Sequence[Fact[KnownPerson]]:
        """Who wrote before under another key; absent for nobody."""
        ...

    async def activities(self, asked: Sequence[Wanted], now: datetime) -> Sequence[tuple[Did, ...]]:
        """What each of them did up to now, as far as it counts, oldest first, at most the newest few hundred."""
        ...

    async def families(self, parent_domains: Sequence[str], now: datetime) -> Mapping[str, Family]: ...

    async def pools(self, names: Sequence[str]) -> Mapping[str, PoolState]: ...

    async def open_leads(self, emails: Sequence[str]) -> Mapping[str, int]:
        """Leads that each of them has now and has not passed on; nobody without one is in the answer."""
        ...


@value(frozen=True)
class Ports:
    """Everything a run reads from. language_model: who may be asked after the decision, as `openai:gpt-4o-mini`; empty
    where there is none."""

    enrichment: Enrichment
    crm: CrmReader
    similar: SimilarAccounts
    judge: Judge
    writer: Writer
    scorer: Scorer
    history: History
    language_model: str = ""
    challenge: Challenge | None = None


@value(frozen=True)
class Order:
    """One effect to perform: claimed under a lease, `attempt` counts from 1; an attempt above 1 may follow one whose
    outcome is unknown, so the adapter must look before it writes what its vendor would repeat. until: no such write begins
    after it, because the lease may be another's before it is through (a process can stand still between two of its
    steps); None where no other process can have it."""

    key: str
    lead_id: str
    revision: int
    attempt: int
    effect: Effect
    until: datetime | None = None

    def late(self, now: datetime) -> bool:
        return self.until is not None and now >= self.until


@value(frozen=True)
class Receipt:
    """What the vendor said: its id for the thing written, and whether this attempt wrote it or found it written."""

    external_id: str
    repeated: bool = False
    detail: dict[str, Any] | None = None


class VendorError(Exception):
    """An expected failure of a vendor. `retry_after_s` is the vendor's own wish; `permanent` ends the retries at once."""

    def __init__(
        self, code: str, detail: str = "", *, retry_after_s: float | None = None, permanent: bool = False
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail, self.retry_after_s, self.permanent = code, detail, retry_after_s, permanent


class Untried(Exception):
    """The order was not begun: it waits for an earlier one of its lead, or the round had no time or room for it. No attempt.
    after_s: seconds until there may be room; None for at once."""

    def __init__(self, after_s: float | None = None) -> None:
        super().__init__("not begun")
        self.after_s = after_s


class Performer(Protocol):
    """Performs the effects of one vendor. Raises VendorError; anything else is a bug and is retried like one."""

    async def perform(self, order: Order) -> Receipt: ...
