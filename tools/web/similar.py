"""Past accounts like one, over HTTP: the same question as `app.py accounts similar`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import Engine

from graph.domain.account import SimilarAccount
from graph.domain.facts import Found, Unavailable
from graph.ports import AccountQuery, Enrichment
from tools.account_metadata import Wanted
from tools.similar.conditions import ConditionError, described, wanted_of
from tools.similar.describing import who

NO_NULL = r"^[^\x00]*$"
Text = Annotated[str, Query(max_length=200, pattern=NO_NULL)]
Count = Annotated[int | None, Query(ge=0, le=2**53)]


def similar_router(engine: Engine, memory: Any, facts: Enrichment | None, clock: Callable[[], datetime]) -> APIRouter:
    """memory: SimilarAccounts that takes conditions. facts: who tells of a company that nobody here has seen."""
    router = APIRouter(prefix="/admin/accounts", tags=["admin"])

    @router.get("/similar", responses={404: {"description": "Nobody, or more than one, has this name."}})
    async def similar(
        name: Text = "",
        k: Annotated[int, Query(ge=1, le=100)] = 10,
        outcome: Text = "",
        industry: Text = "",
        country: Text = "",
        size: Text = "",
        min_deal: Count = None,
        max_deal: Count = None,
        since: Text = "",
        employees: Count = None,
        revenue: Count = None,
        technologies: Text = "",
    ) -> dict[str, AccountQuery | str | list[SimilarAccount]]:
        """Past accounts like `name` (a domain, a name, an account's or a lead's id), nearest first, with outcome, reason,
        deal size, days to close, and what they share. With a name, industry, country, size (a band, or 200-2000), outcome,
        min_deal, max_deal and since are conditions. Without one, industry, country, employees, revenue and technologies
        (with commas) describe the account."""
        conditions = {"outcome": outcome, "size": size, "since": since, "min_deal": min_deal, "max_deal": max_deal}
        place = {"industry": industry, "country": country}
        try:
            if name:
                wanted, account, found_in = wanted_of(**place, **conditions), None, ""  # type: ignore[arg-type]
            else:
                wanted = wanted_of(**conditions)  # type: ignore[arg-type]
                told = {"employees": employees, "revenue": revenue, "technologies": technologies}
                account, found_in = described(**place, **told), "the question"  # type: ignore[arg-type]
        except ConditionError as error:
            found = {"loc": ["query"], "msg": str(error), "type": "value_error"}  # as FastAPI writes its own
            raise HTTPException(422, [found]) from None
        now = clock()
        if account is None:
            meant = await who(engine, facts, name, now)
            if meant.account is None:
                raise HTTPException(404, _nobody(meant.rivals))
            account, found_in = meant.account, meant.found_in
        return {"account": account, "found_in": found_in, "similar": await _near(memory, account, k, now, wanted)}

    return router


async def _near(memory: Any, account: AccountQuery, k: int, now: datetime, wanted: Wanted) -> list[SimilarAccount]:
    (fact,) = await memory.nearest([account], k, now, wanted)
    if isinstance(fact, Unavailable):
        raise HTTPException(503, f"{fact.source} did not answer: {fact.reason}.", {"Retry-After": "1"})
    return list(fact.value) if isinstance(fact, Found) else []


def _nobody(rivals: tuple[str, ...]) -> str:
    if rivals:
        return f"It may be any of {', '.join(rivals)}: say which by domain or id."
    return "Nobody here knows this name: give a domain, or describe the account without a name."
