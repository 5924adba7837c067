"""The routing file over HTTP, for the console: read it, try an edit, make it live, look back.

Two editors never lose an edit: `GET /admin/rules` gives the file with its ETag, and an apply names it in `If-Match`. If the
file has moved on meanwhile, 412 answers with the edit on top of it, or with the conflicts by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi import Path as InPath
from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.editing.checks import faults, fit, readable
from tools.editing.editor import Editor
from tools.editing.results import Edit, Refused, Result
from tools.editing.results import as_json as result_json
from tools.editing.versions import find_version
from tools.planning.guards import stops
from tools.planning.period import last
from tools.planning.plan import plan_of
from tools.planning.showing import as_json as plan_json
from tools.routing_file import RoutingFileError, parse
from tools.routing_file.changes import diff
from tools.routing_file.explained import as_json as explanation_json
from tools.routing_file.explained import sentences
from tools.routing_file.merge import merge
from tools.store.past import Chosen, past_decisions
from tools.store.routing_changes import as_json, changes_in, live_changes
from tools.store.routing_versions import version_text
from tools.web.bodies import Busy, Few, SmallRoute, answer
from tools.web.rules_bodies import Cancel, Compare, Draft, Merge, Rollback, Text, Told, told_time
from tools.why import NotKept, recorded

LEADS: Final = 50_000
SHOWN: Final = 500
BIGGEST: Final = 2**31 - 1
LEAD: Final = r"^[A-Za-z0-9_-]{1,40}(@[0-9]{1,9})?$"
VERSION: Final = r"^(live|[0-9a-fA-F]{1,64})$"
STATUS: Final = {
    "applied": 200, "unchanged": 200, "cancelled": 200, "scheduled": 202, "proposed": 202, "invalid": 422, "stopped": 409,
}  # fmt: skip
_BODY: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "The body cannot be read."},
    413: {"description": "The body is too large."},
    422: {"description": "The draft, or a field of the request, is not good: the answer says what."},
    503: {"description": "Too many plans are being made; ask again."},
}
_EDIT: Final = _BODY | {
    202: {"description": "It waits for approvals, or for its time."},
    404: {"description": "No such change or version."},
    409: {"description": "A guard, a test or the proof stops it; nothing was written."},
    412: {"description": "The live file has moved on: the edit on top of it, or the conflicts."},
    428: {"description": "If-Match is missing."},
}


class Rules:
    """What the routes do, in threads of their own: a plan takes seconds, and at most a few are made at once."""

    def __init__(self, editor: Editor, engine: Engine, path: Path) -> None:
        self.editor, self.engine, self.path = editor, engine, path
        self.few = Few(threads=2, waiting=8)

    def close(self) -> None:
        self.few.close()

    def live(self) -> dict[str, Any]:
        """The file as it stands on disk; an unusable one with the last good text beside it."""
        try:
            table = self.editor.reconcile()
        except Refused as refused:
            newest = next(iter(live_changes(self.engine, 1)), None)
            text = None if newest is None else version_text(self.engine, newest.digest)
            if newest is None or text is None:
                raise
            return {"text": text, "digest": newest.digest, "version": newest.version, "fault": refused.result.findings}
        return {"text": table.text, "digest": table.digest, "version": table.version, "fault": []}

    def check(self, text: str) -> dict[str, Any]:
        try:
            table = fit(text, self.path.parent)
        except Refused as refused:
            told = refused.result
            return {"valid": False, "message": told.message, "findings": list(told.findings)}
        return {"valid": True, "message": "", "findings": [], "digest": table.digest, "tests": len(table.tests)}

    def plan(self, draft: Draft) -> dict[str, Any]:
        live, table = self.editor.reconcile(), readable(draft.text, self.path.parent)
        since = self.editor.now() - last(draft.last)
        plan = plan_of(list(past_decisions(self.engine, Chosen(since, limit=LEADS))), live, table)
        return plan_json(plan, [*faults(table), *stops(plan, live.guards)], most=SHOWN)

    def apply(self, told: Told, if_match: str) -> Result:
        base = None if if_match.strip() == "*" else if_match.strip().removeprefix("W/").strip('"')
        live = self.editor.reconcile()
        edit = Edit(told.text, told.by, told.reason, base or live.digest, told_time(told.at), told.override, exact=True)
        return self.editor.apply(edit)

    def rollback(self, told: Rollback) -> Result:
        try:
            self.editor.note_disk()
            return self.editor.rollback(find_version(self.engine, told.version), told.by, told.reason)
        except Refused as refused:
            return refused.result

    def history(self, limit: int, before: int | None) -> dict[str, Any]:
        self.editor.note_disk()
        waiting = [] if before is not None else changes_in(self.engine, ["proposed", "scheduled", "writing", "refused"])
        live = live_changes(self.engine, limit, before)
        return {"waiting": [as_json(each) for each in waiting[:limit]], "live": [as_json(each) for each in live]}

    def version(self, named: str) -> dict[str, Any]:
        self.editor.note_disk()
        try:
            found = find_version(self.engine, named)
        except Refused as refused:
            raise HTTPException(404, refused.result.message) from None
        return as_json(found) | {"text": version_text(self.engine, found.digest)}

    def explain(self, lead: str) -> dict[str, Any]:
        try:
            asked = recorded(self.engine, lead)
        except NotKept as error:
            raise HTTPException(404, str(error)) from None
        found = asked.explained()
        return {
            "sentences": list(sentences(found, ZoneInfo(asked.table.timezone))),
            "explanation": explanation_json(found),
        }

    def merge(self, told: Merge) -> dict[str, Any]:
        def check(text: str) -> RoutingTable:
            return parse(text, self.path.parent)

        made = merge(told.base, told.ours, told.theirs, check)
        return {"text": None if made.conflicts else made.text, "conflicts": [str(each) for each in made.conflicts]}

    def diff(self, told: Compare) -> dict[str, Any]:
        return {
            "changes": [
                {
                    "path": each.path,
                    "kind": each.kind,
                    "section": each.section,
                    "sentence": each.sentence,
                    "before_line": each.line_a,
                    "after_line": each.line_b,
                }
                for each in diff(told.before, told.after)
            ]
        }

    async def asked(self, function: Any, *arguments: Any) -> Any:
        """Its answer as a response: 422 for what is no routing file, 503 while too many are asking."""
        try:
            found = await self.few.run(function, *arguments)
        except Refused as refused:
            return answer(422, result_json(refused.result))
        except RoutingFileError as error:
            return answer(
                422,
                {"message": "This is not JSON as a routing file has it.", "findings": list(map(str, error.findings))},
            )
        except Busy:
            raise HTTPException(503, "Too many plans are being made; ask again.", {"Retry-After": "2"}) from None
        if isinstance(found, Result):
            return answer(STATUS.get(found.outcome, 412), result_json(found, most=SHOWN), etag=found.digest)
        return answer(200, found, etag=found.get("digest"))


def rules_router(rules: Rules) -> APIRouter:
    router = APIRouter(prefix="/admin/rules", tags=["rules"], route_class=SmallRoute)
    _reading(router, rules)
    _trying(router, rules)
    _editing(router, rules)
    return router


def _reading(router: APIRouter, rules: Rules) -> None:
    @router.get("", responses=_BODY)
    async def live() -> Any:
        """The live file with its ETag, and what is wrong with the one on disk if it cannot be used."""
        return await rules.asked(rules.live)

    @router.get("/history", responses=_BODY)
    async def history(
        limit: Annotated[int, Query(ge=1, le=200)] = 50, before: Annotated[int | None, Query(ge=1, le=BIGGEST)] = None
    ) -> Any:
        """What was live, newest first, and what waits; page on with `before` = the last row's position."""
        return await rules.asked(rules.history, limit, before)

    @router.get("/versions/{version}", responses=_BODY | {404: {"description": "No such version."}})
    async def version(version: Annotated[str, InPath(pattern=VERSION)]) -> Any:
        """An old version with its text: by number, by the beginning of its digest, or `live`."""
        return await rules.asked(rules.version, version)

    @router.get("/explain/{lead}", responses=_BODY | {404: {"description": "No decision of this lead is recorded."}})
    async def explain(lead: Annotated[str, InPath(pattern=LEAD)]) -> Any:
        """Why a lead is whose it is, and the smallest changes that would make it somebody else's."""
        return await rules.asked(rules.explain, lead)


def _trying(router: APIRouter, rules: Rules) -> None:
    @router.post("/check", responses=_BODY)
    async def check(draft: Text) -> Any:
        """Is this text fit to be live?"""
        return await rules.asked(rules.check, draft.text)

    @router.post("/plan", responses=_BODY)
    async def plan(draft: Draft) -> Any:
        """Who would move, and does a guard stop it."""
        return await rules.asked(rules.plan, draft)

    @router.post("/diff", responses=_BODY)
    async def compare(texts: Compare) -> Any:
        """What differs in what two texts say."""
        return await rules.asked(rules.diff, texts)

    @router.post("/merge", responses=_BODY)
    async def join(texts: Merge) -> Any:
        """Two edits of one text as one, or the conflicts by name."""
        return await rules.asked(rules.merge, texts)


def _editing(router: APIRouter, rules: Rules) -> None:
    @router.post("/apply", responses=_EDIT)
    async def apply(told: Told, if_match: Annotated[str | None, Header(max_length=200)] = None) -> Any:
        """Make a draft live, now or at a time. `If-Match` is the ETag of the file that it was made from."""
        if not (if_match or "").strip():
            raise HTTPException(
                428, "Send If-Match with the ETag of the file the draft was made from (GET /admin/rules)."
            )
        return await rules.asked(rules.apply, told, if_match)

    @router.post("/rollback", responses=_EDIT)
    async def rollback(told: Rollback) -> Any:
        """A new version with the text of an old one."""
        return await rules.asked(rules.rollback, told)

    @router.post("/changes/{change}/approve", responses=_EDIT)
    async def approve(change: Annotated[int, InPath(ge=1, le=BIGGEST)], told: Cancel) -> Any:
        """Somebody else's word for a change that waits for it."""
        return await rules.asked(rules.editor.approve, change, told.by)

    @router.post("/changes/{change}/cancel", responses=_EDIT)
    async def cancel(change: Annotated[int, InPath(ge=1, le=BIGGEST)], told: Cancel) -> Any:
        """A change that is not live yet."""
        return await rules.asked(rules.editor.cancel, change, told.by)
