"""Accounts over HTTP: the ranking and one account, as pages of the inbox and as JSON for operators.

The same view behind both. Reads only; whoever mounts the routers asks for the login.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as PathPart
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine

from graph.rules.wording import money
from tools.store.account_page import parent_of_company, seen_of
from tools.store.accounts import LARGEST_PAGE, Currency, RankedAccount, how_many, rank_of, ranked
from tools.web.account_view import AccountView, Listed, view_of
from tools.web.accounts_listed import listed_account
from tools.web.pages import Pages
from tools.web.score_line import score_line

ACCOUNTS: Final = 50
LEADS: Final = 50
MEMBERS: Final = 100
UNKNOWN: Final = (
    "No lead came from a company of this account, and the list of known accounts does not have it. GET /admin/accounts "
    "lists those that have leads."
)

ListOf: TypeAlias = Callable[[str, int, int], Listed | None]
"""(parent domain or key, page of its members, how many a page) -> what the list of known accounts says; None: not on it."""
Find: TypeAlias = Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
PageNumber: TypeAlias = Annotated[int, Query(ge=1, le=100_000)]
Key: TypeAlias = Annotated[str, PathPart(max_length=300, pattern=r"^[^\x00-\x1f]+$")]


class OfAnother(Exception):
    """The company belongs to the account that is named."""


def account_pages(
    router: APIRouter, engine: Engine, pages: Pages, currency: Currency, listed: ListOf | None = None
) -> None:
    """The ranking and a page for each account, below the router's prefix."""

    @router.get("/accounts")
    def accounts(page: PageNumber = 1, find: Find = "") -> Response:
        rows = ranked(engine, currency, limit=ACCOUNTS, page=page, find=find)
        total = how_many(engine, currency, find)
        facts = {"rows": rows, "total": total, "page": page, "find": find, "currency": currency.code}
        return pages.answer("accounts.html", more=total > page * ACCOUNTS, **facts)

    @router.get("/accounts/{parent_domain:path}")
    def account(parent_domain: Key, page: PageNumber = 1, members: PageNumber = 1) -> Response:
        try:
            view = account_view(engine, currency, parent_domain, listed, page=page, members=members)
        except OfAnother as other:
            return RedirectResponse(f"/inbox/accounts/{quote(str(other), safe='')}", status_code=303)
        line = score_line(view.history)
        shown = {"view": view, "line": line, "currency": currency.code, "members_page": members, "money": money}
        return pages.answer(
            "account.html",
            more=view.leads_total > page * LEADS,
            more_members=view.members_total > members * MEMBERS,
            **shown,
        )


def account_answers(router: APIRouter, engine: Engine, currency: Currency, listed: ListOf | None = None) -> None:
    """The same as JSON."""

    @router.get("/accounts")
    def accounts(
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        page: PageNumber = 1,
        find: Annotated[str, Query(max_length=80, pattern=r"^[^\x00]*$")] = "",
        least: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0,
    ) -> dict[str, int | str | list[RankedAccount]]:
        """Ultimate parents by chance x contract value, best first. find: part of a name or domain; least: of the priority."""
        rows = ranked(engine, currency, limit=limit, page=page, find=find, least=least)
        return {"currency": currency.code, "total": how_many(engine, currency, find, least), "accounts": rows}

    @router.get("/accounts/{parent_domain:path}", responses={404: {"description": "No such account."}})
    def account(parent_domain: Key, page: PageNumber = 1, members: PageNumber = 1) -> AccountView:
        """One account: who says what of it, its owner, its family, its leads and deals, its scores over time. page: of
        leads, 50 a page; members: of its companies, 100 a page."""
        try:
            return account_view(engine, currency, parent_domain, listed, page=page, members=members)
        except OfAnother as other:
            raise HTTPException(
                404, f"{parent_domain} belongs to {other}: ask for /admin/accounts/{quote(str(other), safe='')}."
            ) from None


def account_view(
    engine: Engine, currency: Currency, parent_domain: str, listed: ListOf | None, *, page: int, members: int
) -> AccountView:
    """Raises OfAnother for a daughter, 404 for one that nobody knows."""
    key = parent_domain.strip().lower()
    seen = seen_of(engine, key, limit=LEADS, page=page)
    told = (listed or partial(listed_account, engine))(key, members, MEMBERS)
    if told is not None and told.head is not None:
        if not seen.total:
            raise OfAnother(told.head)
        told = None  # it sent leads when nobody knew whose it is: they stand under its own name
    view = view_of(
        key, seen, rank_of(engine, currency, key), told, page=page, members_page=members, most_members=MEMBERS
    )
    if view is not None:
        return view
    above = parent_of_company(engine, key)
    if above is not None:
        raise OfAnother(above)
    raise HTTPException(404, UNKNOWN)
