"""/inbox/forms: paste what a form sent, correct what each value is, see the lead that would result, save. Works without a script:
the payload travels in the page from step to step, and nothing of it is stored before it is saved as a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from tools.store import form_mappings as store
from tools.web.answers import Refused
from tools.web.forms.flattening import Flat
from tools.web.forms.mapping.admin import FormName, RejectedId, taken_again
from tools.web.forms.mapping.choosing import from_choices, over
from tools.web.forms.mapping.desk import Desk, NotPossible, Preview
from tools.web.forms.mapping.endpoint import OwnForms
from tools.web.forms.mapping.payloads import PASTED, flat_payload
from tools.web.forms.mapping.proposing import Proposal, propose
from tools.web.forms.mapping.spec import FIELDS, FORM_NAME, BadMapping, read_mapping
from tools.web.forms.mapping.spec import Mapping as FormMapping
from tools.web.inbox_acts import FLASH_S, same_origin
from tools.web.inbox_acts import SAID as LONGEST_SAID
from tools.web.pages import Pages

PAGES: Final = "/inbox/forms"
FLASH: Final = "forms_said"
PERSON: Final = "a person, on the page Forms"
KEEP, LEAVE_OUT, OPEN = "keep", "ignore", ""
"""Beside a field: the value stays under its own name, or is left out, or nobody has chosen yet."""
LONGEST: Final = 256 * 1024
EXAMPLE: Final = """{"fields": [
  {"label": "Vorname", "value": "Maya"},
  {"label": "Nachname", "value": "Ortiz"},
  {"label": "E-Mail-Adresse", "value": "maya@example.com"},
  {"label": "Anzahl der Mitarbeiter", "value": "51-200"},
  {"label": "Einwilligung", "value": "Ja"}
]}"""


@dataclass(slots=True)
class Work:
    """What stands on the page between two steps. chosen: name of the payload -> field, `keep`, `ignore` or open."""

    payload: str = ""
    content_type: str = PASTED
    name: str = ""
    source: str = ""
    base: int | None = None
    by: str = ""
    note: str = ""
    flat: Flat = field(default_factory=dict)
    rows: list[Proposal] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    mapping: FormMapping | None = None
    before: FormMapping | None = None
    shown: Preview | None = None
    problem: str = ""

    @property
    def mapping_json(self) -> str:
        if self.mapping is None:
            return ""
        return orjson.dumps(self.mapping.as_json(), option=orjson.OPT_INDENT_2).decode()


def mapping_pages(desk: Desk, own: OwnForms, require_login: Callable[..., Any]) -> APIRouter:
    router = APIRouter(prefix=PAGES, dependencies=[Depends(require_login)], include_in_schema=False)
    pages = Pages(fields=FIELDS)
    _making(router, pages, desk)
    _looking(router, pages, desk)
    _acting(router, pages, desk)
    _refused_ones(router, pages, desk, own)
    return router


def _making(router: APIRouter, pages: Pages, desk: Desk) -> None:
    @router.post("/propose", dependencies=[Depends(same_origin)])
    async def proposal(request: Request) -> Response:
        work = await _work(request)
        await run_in_threadpool(_read_example, work, desk)
        return pages.answer("form_mapping.html", work=work, saved=None)

    @router.post("/preview", dependencies=[Depends(same_origin)])
    async def previewed(request: Request) -> Response:
        work = await _work(request)
        await run_in_threadpool(_try, work, desk)
        return pages.answer("form_mapping.html", work=work, saved=None)

    @router.post("/save", dependencies=[Depends(same_origin)])
    async def save(request: Request) -> Response:
        work = await _work(request)
        saved = await run_in_threadpool(_save, work, desk)
        if saved is not None and saved.secret is None:
            return _back(f"Version {saved.version} is in use.", saved.name)
        return pages.answer("form_mapping.html", work=work, saved=saved)


def _looking(router: APIRouter, pages: Pages, desk: Desk) -> None:
    @router.get("")
    def forms(request: Request) -> Response:
        return _said(pages, request, "forms.html", forms=desk.listing(), example=EXAMPLE, payload="")

    @router.get("/{name}")
    def form(request: Request, name: FormName) -> Response:
        try:
            found = desk.of(name)
        except KeyError:
            raise HTTPException(404, "There is no form of that name.") from None
        refused = store.rejected(desk.engine, name)
        text = orjson.dumps(found["mapping"], option=orjson.OPT_INDENT_2).decode() if found["mapping"] else ""
        return _said(pages, request, "form.html", form=found, refused=refused, mapping_json=text)


def _acting(router: APIRouter, pages: Pages, desk: Desk) -> None:
    @router.post("/{name}/undo", dependencies=[Depends(same_origin)])
    def undo(name: FormName) -> Response:
        try:
            number = desk.undo(name, by=PERSON)
        except (store.Stale, NotPossible) as error:
            return _back(f"Not done: {error}", name)
        return _back(f"Version {number} is what was in use before.", name)

    @router.post("/{name}/retire", dependencies=[Depends(same_origin)])
    def retire(name: FormName) -> Response:
        if not store.versions(desk.engine, name, 1):
            raise HTTPException(404, "There is no form of that name.")
        desk.save(name, None, by=PERSON, note="retired")
        return _back("No mapping is in use any more; Undo takes that back.", name)

    @router.post("/{name}/secret", dependencies=[Depends(same_origin)])
    def secret(name: FormName) -> Response:
        try:
            saved = desk.another_secret(name, by=PERSON)
        except NotPossible as error:
            return _back(f"Not done: {error}", name)
        return pages.answer("form_mapping.html", work=Work(name=name), saved=saved)


def _refused_ones(router: APIRouter, pages: Pages, desk: Desk, own: OwnForms) -> None:
    @router.post("/{name}/rejected/{rejected_id}/example", dependencies=[Depends(same_origin)])
    def example(name: FormName, rejected_id: RejectedId) -> Response:
        found = store.rejected_payload(desk.engine, name, rejected_id)
        if found is None:
            return _back("It is not kept any more.", name)
        work = Work(found[0].decode("utf-8", "replace"), found[1], name)
        _read_example(work, desk)
        return pages.answer("form_mapping.html", work=work, saved=None)

    @router.post("/{name}/rejected/{rejected_id}/again", dependencies=[Depends(same_origin)])
    async def again(name: FormName, rejected_id: RejectedId) -> Response:
        answer = await taken_again(desk, own, name, rejected_id)
        if answer is None:
            return _back("It is not kept any more.", name)
        status, body = answer
        said = f"It is a lead now: {body.get('lead_id')}." if status < 300 else f"Still refused: {body.get('message')}"
        return _back(said, name)

    @router.post("/{name}/rejected/{rejected_id}/forget", dependencies=[Depends(same_origin)])
    def forget(name: FormName, rejected_id: RejectedId) -> Response:
        gone = store.forget_rejected(desk.engine, name, rejected_id)
        return _back("Deleted for good." if gone else "It is not kept any more.", name)


async def _work(request: Request) -> Work:
    """The page's fields as text. 422 for what no page of ours sends."""
    form = await request.form()
    held = {name: value for name, value in form.items() if isinstance(value, str)}
    if len(held.get("payload", "")) > LONGEST:
        raise HTTPException(422, f"payload: paste at most {LONGEST:,} characters.")
    base = held.get("base", "")
    work = Work(
        payload=held.get("payload", ""),
        content_type=held.get("content_type", PASTED)[:200],
        name=held.get("name", "").strip().lower()[:60],
        source=held.get("source", "").strip()[:100],
        base=int(base) if base.isdecimal() and len(base) < 10 else None,
        by=held.get("by", "").strip()[:320],
        note=held.get("note", "").strip()[:500],
    )
    work.chosen = {str(n): held[f"choice.{n}"] for n in range(300) if f"choice.{n}" in held}
    if "rows" in held:
        work.before = _readable(held["before"]) if held.get("before", "").strip() else None
    elif held.get("mapping", "").strip():
        try:
            work.mapping = read_mapping(held["mapping"])
        except BadMapping as error:
            work.problem = f"The mapping cannot be used: {error}."
    return work


def _read_example(work: Work, desk: Desk) -> None:
    """The payload's values with their proposals; where the form has a mapping, that stands before every proposal."""
    try:
        work.flat = flat_payload(work.payload.encode("utf-8", "replace"), work.content_type)
    except Refused as refused:
        work.problem = work.problem or refused.message
        return
    work.rows = propose(work.flat)
    numbered = {str(n): row.name for n, row in enumerate(work.rows)}
    said = {numbered[n]: choice for n, choice in work.chosen.items() if n in numbered}
    held = store.versions(desk.engine, work.name, 1) if work.name else []
    if work.base is None:  # the first step: what the page shows from here on is this version
        work.base = held[0].version if held else 0
    saved = held[0].body if held and held[0].body and work.mapping is None else None
    if saved is not None and work.before is None and not said:
        work.mapping = _readable(saved)
    work.chosen = {row.name: said.get(row.name, _proposed(row)) for row in work.rows}
    if work.mapping is not None:
        work.source = work.source or work.mapping.source or ""
        work.chosen |= _chosen_by(work.mapping, work.flat)


def _proposed(row: Proposal) -> str:
    return row.field or (OPEN if row.state == "unsure" else KEEP)


def _readable(body: Mapping[str, Any] | str) -> FormMapping | None:
    try:
        return read_mapping(body)
    except BadMapping:
        return None


def _chosen_by(mapping: FormMapping, flat: Flat) -> dict[str, str]:
    by_field = {name: field for field, rule in mapping.fields.items() for name in rule.names if name in flat}
    return by_field | {name: LEAVE_OUT for name in mapping.ignore if name in flat}


def _try(work: Work, desk: Desk) -> None:
    """The mapping of what was chosen, or of the text that was edited, and the lead that it makes."""
    edited = work.mapping
    _read_example(work, desk)
    if work.problem or not work.flat:
        return
    undecided = [name for name, choice in work.chosen.items() if choice == OPEN]
    try:
        if edited is None:
            chosen = {name: choice for name, choice in work.chosen.items() if choice in FIELDS}
            ignored = tuple(name for name, choice in work.chosen.items() if choice == LEAVE_OUT)
            made = from_choices(work.flat, chosen, work.source, ignored)
            work.mapping = made if work.before is None else over(work.before, made, work.flat)
        if work.mapping is not None:
            work.shown = desk.preview(work.mapping, work.flat)
    except (BadMapping, Refused) as error:
        work.problem = str(error)
        return
    if undecided and edited is None:
        work.problem = f"Not chosen yet, so kept under its name: {', '.join(undecided[:10])}."


def _save(work: Work, desk: Desk) -> Any:
    """What was saved; None with the reason in `problem`."""
    edited = work.mapping
    _try(work, desk)
    work.mapping = edited or work.mapping
    if work.mapping is None:
        return None
    if re.fullmatch(FORM_NAME, work.name) is None:
        work.problem = "Give the form a name of small letters, digits, - and _: it stands in its address."
        return None
    if not work.by:
        work.problem = "Say who saves this: your e-mail address or name."
        return None
    try:
        return desk.save(work.name, work.mapping, by=work.by, note=work.note, base=work.base)
    except (store.Stale, NotPossible) as error:
        work.problem = str(error)
        return None


def _said(pages: Pages, request: Request, template: str, **facts: Any) -> Response:
    said = unquote(request.cookies.get(FLASH, ""))[:LONGEST_SAID]
    page = pages.answer(template, said=said, **facts)
    if said:
        page.delete_cookie(FLASH, path=PAGES)
    return page


def _back(said: str, name: str) -> Response:
    answer = RedirectResponse(f"{PAGES}/{name}", status_code=303)
    answer.set_cookie(FLASH, quote(said[:LONGEST_SAID]), max_age=FLASH_S, path=PAGES, httponly=True, samesite="strict")
    return answer
